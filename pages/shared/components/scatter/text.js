// What is written around the map. Texts come from people's files: textContent only.

const HINTS = {
  move: "Drag moves, wheel zooms",
  box: "Drag a box; Shift adds, Alt removes",
  lasso: "Draw around points; Shift adds, Alt removes",
};
const TOUCH_HINTS = {
  move: "Two fingers zoom",
  box: "Drag a box",
  lasso: "Draw around points",
};

function writeTexts(plot) {
  const { parts, data, cloud, count, mode, painter } = plot;
  const drawn = cloud.order.length;
  const without = data.n - drawn;
  const words = count
    ? `${number(count)} of ${number(data.n)} points selected`
    : `${number(drawn)} ${drawn === 1 ? "point" : "points"}`;
  const status = without ? `${words}, ${number(without)} without coordinates` : words;
  if (parts.status.textContent !== status) parts.status.textContent = status;
  parts.hint.textContent = (touched() ? TOUCH_HINTS : HINTS)[mode];
  parts.note.textContent = painter.gl
    ? ""
    : "This browser has no WebGL: the map is drawn without it, more slowly.";
  parts.note.hidden = Boolean(painter.gl);
}

// What is known of a point, and whether Python is still to be asked.
function tipOf(plot, row) {
  const answer = plot.tips.get(row);
  const text = answer?.text ?? plot.labels?.[row] ?? "";
  const image = answer?.image ?? plot.thumbnails?.[row] ?? "";
  return { text, image, known: Boolean(answer) || !plot.data.asks || Boolean(text && image) };
}

function pointWords(plot, row) {
  const { text } = tipOf(plot, row);
  const chosen = plot.selected[row] ? ", selected" : "";
  return `Point ${number(row + 1)}${text ? `: ${text}` : ""}${chosen}`;
}

function tippedRow({ hover, keyboard, cursor }) {
  return hover >= 0 || !keyboard ? hover : cursor;
}

function writeTip(plot) {
  const { tooltip } = plot.parts;
  const row = tippedRow(plot);
  const tip = row >= 0 ? tipOf(plot, row) : null;
  tooltip.hidden = !tip || Boolean(plot.gesture?.moved) || !(tip.text || tip.image || !tip.known);
  if (tooltip.hidden) return;
  const [image, words] = tooltip.children;
  if (image.getAttribute("src") !== tip.image) image.setAttribute("src", tip.image);
  image.hidden = !tip.image;
  tooltip.toggleAttribute("data-imaged", Boolean(tip.image));
  tooltip.dataset.row = row;
  words.textContent = tip.text || (tip.known ? "" : "…");
  words.hidden = !words.textContent;
  placeTip(plot, tooltip, onScreen(plot, scaleOf(plot), row));
}

// Beside the point, on the side where there is room.
function placeTip({ width, height }, tooltip, [x, y]) {
  const [wide, high] = [tooltip.offsetWidth, tooltip.offsetHeight];
  const left = x + 14 + wide > width ? x - 14 - wide : x + 14;
  const top = y + 14 + high > height ? y - 14 - high : y + 14;
  const across = clamp(left, 2, Math.max(2, width - wide - 2));
  const down = clamp(top, 2, Math.max(2, height - high - 2));
  tooltip.style.transform = `translate(${across}px, ${down}px)`;
}
