// What lies above the points: images, line, marks, the shape being drawn.

const TAU = 2 * Math.PI;
const BADGE = 9;

const tileSideOf = ({ data, view }) =>
  data.atlas ? clamp(28 * Math.sqrt(view.zoom), 28, Math.max(64, 2 * data.atlas.side)) : 0;

function drawOverlay(ctx, plot, passing) {
  const scale = scaleOf(plot);
  ctx.clearRect(0, 0, plot.width, plot.height);
  drawImages(ctx, plot, scale);
  if (plot.data.line) drawLine(ctx, plot, scale);
  drawMarks(ctx, plot, scale);
  if (!passing) return;
  if (plot.cursor >= 0 && plot.keyboard) ringAt(ctx, plot, scale, plot.cursor, [3, 3]);
  if (plot.hover >= 0) ringAt(ctx, plot, scale, plot.hover);
  drawGesture(ctx, plot);
}

function drawImages(ctx, plot, scale) {
  const { placed, tileSide, width, height, atlas, data, count } = plot;
  if (!placed.length) return;
  const { side, columns } = data.atlas;
  ctx.imageSmoothingQuality = "high";
  for (const { row, tile } of placed) {
    const [x, y] = onScreen(plot, scale, row);
    const [left, top] = [x - tileSide / 2, y - tileSide / 2];
    if (left > width || top > height || left < -tileSide || top < -tileSide) continue;
    const [across, down] = [(tile % columns) * side, Math.floor(tile / columns) * side];
    ctx.globalAlpha = isPale(plot, row) ? 0.12 : count && !plot.selected[row] ? 0.3 : 1;
    drawFrame(ctx, plot, row, left, top);
    ctx.drawImage(atlas.image, across, down, side, side, left, top, tileSide, tileSide);
  }
  ctx.globalAlpha = 1;
}

// Points of a faint colour are not to be seen first, and no more are their images.
const isPale = ({ palette, codes }, row) => (palette[codes[row]] ?? palette.at(-1))[3] < 60;

// The frame of an image has the colour of its point.
function drawFrame(ctx, plot, row, left, top) {
  const { tileSide, palette, codes, theme } = plot;
  const [red, green, blue] = palette[codes[row]] ?? palette.at(-1);
  const box = (inset) => [left - inset, top - inset, tileSide + 2 * inset, tileSide + 2 * inset];
  ctx.fillStyle = plot.selected[row] ? theme.text : theme.background;
  ctx.fillRect(...box(plot.selected[row] ? 4 : 2.5));
  ctx.fillStyle = `rgb(${red}, ${green}, ${blue})`;
  ctx.fillRect(...box(2));
}

function drawLine(ctx, plot, scale) {
  const { data, cloud, view, width, height, theme } = plot;
  const place = ([x, y]) => [
    width / 2 + ((x - cloud.middle.x) / cloud.half - view.x) * scale,
    height / 2 - ((y - cloud.middle.y) / cloud.half - view.y) * scale,
  ];
  const ends = [place(data.line.start), place(data.line.end)];
  for (const [colour, thickness] of [[theme.background, 5], [theme.text, 2]]) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = thickness;
    ctx.beginPath();
    ctx.moveTo(...ends[0]);
    ctx.lineTo(...ends[1]);
    ctx.stroke();
  }
  const seen = clipped(ends, width, height);
  if (seen && data.line.label) drawLineLabel(ctx, plot, seen);
}

// The part of a segment inside the canvas (Liang and Barsky).
function clipped([[x0, y0], [x1, y1]], width, height) {
  let [from, to] = [0, 1];
  const sides = [
    [x0 - x1, x0],
    [x1 - x0, width - x0],
    [y0 - y1, y0],
    [y1 - y0, height - y0],
  ];
  for (const [step, room] of sides) {
    if (step === 0 && room < 0) return null;
    if (step < 0) from = Math.max(from, room / step);
    if (step > 0) to = Math.min(to, room / step);
  }
  const at = (part) => [x0 + part * (x1 - x0), y0 + part * (y1 - y0)];
  return from < to ? [at(from), at(to)] : null;
}

// Near the upper end, where it hides the fewest points, and never upside down.
function drawLineLabel(ctx, plot, [start, end]) {
  const { data, theme } = plot;
  ctx.font = theme.font;
  const length = Math.hypot(end[0] - start[0], end[1] - start[1]);
  const words = ctx.measureText(data.line.label).width;
  if (words + 24 > length) return;
  const [upper, lower] = start[1] < end[1] ? [start, end] : [end, start];
  const part = (words / 2 + 14) / length;
  const [x, y] = [0, 1].map((axis) => upper[axis] + part * (lower[axis] - upper[axis]));
  const turn = Math.atan2(lower[1] - upper[1], lower[0] - upper[0]);
  ctx.save();
  ctx.translate(x, y);
  ctx.rotate(turn > Math.PI / 2 ? turn - Math.PI : turn);
  ctx.globalAlpha = 0.85;
  ctx.fillStyle = theme.background;
  ctx.fillRect(-words / 2 - 4, -19, words + 8, 16);
  ctx.globalAlpha = 1;
  ctx.fillStyle = theme.text;
  Object.assign(ctx, { textAlign: "center", textBaseline: "middle" });
  ctx.fillText(data.line.label, 0, -10.5);
  ctx.restore();
}

function ringAt(ctx, plot, scale, row, dash = []) {
  const [x, y] = onScreen(plot, scale, row);
  const radius = diameterOf(plot) / 2 + 4;
  const { background, primary } = plot.theme;
  for (const [colour, width, dashes] of [[background, 5, []], [primary, 2.5, dash]]) {
    ctx.setLineDash(dashes);
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, TAU);
    ctx.stroke();
  }
  ctx.setLineDash([]);
}

function drawMarks(ctx, plot, scale) {
  const { data, cloud } = plot;
  const seen = data.marks.filter((row) => isPlaced(cloud.place, row));
  for (const row of seen) ringAt(ctx, plot, scale, row);
  const starred = data.star !== null && isPlaced(cloud.place, data.star);
  const taken = (starred ? [...seen, data.star] : seen).map((row) => onScreen(plot, scale, row));
  seen.forEach((row) => {
    drawBadge(ctx, plot, onScreen(plot, scale, row), String(data.marks.indexOf(row) + 1), taken);
  });
  if (starred) drawStar(ctx, plot.theme, ...onScreen(plot, scale, data.star));
}

// A number stands beside its point, on the first side where it covers no other mark.
function drawBadge(ctx, { theme, width, height }, [x, y], text, taken) {
  if (x < 0 || y < 0 || x > width || y > height) return;
  const room = 2 * BADGE + 1;
  const places = [];
  for (const reach of [20, 36, 54, 74, 96]) {
    for (let turn = 0; turn < 8; turn += 1) {
      const angle = -Math.PI / 4 + (turn * TAU) / 8;
      places.push([x + reach * Math.cos(angle), y + reach * Math.sin(angle)]);
    }
  }
  const inside = ([left, top]) =>
    left > BADGE && top > BADGE && left < width - BADGE && top < height - BADGE;
  const isOpen = ([left, top]) =>
    inside([left, top]) && taken.every(([a, b]) => Math.hypot(a - left, b - top) > room);
  const [left, top] = places.find(isOpen) ?? places[0];
  taken.push([left, top]);
  ctx.strokeStyle = theme.primary;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(left, top);
  ctx.stroke();
  ctx.beginPath();
  ctx.arc(left, top, BADGE, 0, TAU);
  ctx.fillStyle = theme.primary;
  ctx.fill();
  ctx.strokeStyle = theme.background;
  ctx.stroke();
  Object.assign(ctx, { font: `600 ${theme.font}`, textAlign: "center", textBaseline: "middle" });
  ctx.fillStyle = theme.background;
  ctx.fillText(text, left, top + 0.5);
}

function drawStar(ctx, theme, x, y) {
  ctx.beginPath();
  for (let corner = 0; corner < 10; corner += 1) {
    const radius = corner % 2 ? 5 : 12;
    const angle = (corner * TAU) / 10 - TAU / 4;
    ctx.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  ctx.closePath();
  ctx.lineJoin = "round";
  ctx.strokeStyle = theme.background;
  ctx.lineWidth = 5;
  ctx.stroke();
  ctx.fillStyle = theme.primary;
  ctx.fill();
  ctx.strokeStyle = theme.text;
  ctx.lineWidth = 1.2;
  ctx.stroke();
}

// The corners of the box, or the path of the lasso.
const shapeOf = ({ kind, path }) => {
  if (kind === "lasso") return path;
  const [[left, top], [right, low]] = [path[0], path.at(-1)];
  return [[left, top], [right, top], [right, low], [left, low]];
};

function drawGesture(ctx, { gesture, theme }) {
  if (!gesture?.moved || !["box", "lasso"].includes(gesture.kind)) return;
  ctx.beginPath();
  for (const corner of shapeOf(gesture)) ctx.lineTo(...corner);
  ctx.closePath();
  ctx.globalAlpha = 0.12;
  ctx.fillStyle = theme.primary;
  ctx.fill();
  ctx.globalAlpha = 1;
  for (const [colour, width, dash] of [[theme.background, 3, []], [theme.primary, 1.5, [5, 4]]]) {
    Object.assign(ctx, { strokeStyle: colour, lineWidth: width });
    ctx.setLineDash(dash);
    ctx.stroke();
  }
  ctx.setLineDash([]);
}
