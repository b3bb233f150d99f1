// One plot per mount: its state, its events, and the messages to Python.

const PATIENCE = 3000;
const RESTED = 120;
const TWICE = 400;
const MOST_WAITING = 50;

function createPlot(root) {
  const find = (selector) => root.querySelector(selector);
  const plot = {
    frame: find(".scatter"),
    stage: find(".stage"),
    overlay: find(".overlay"),
    canvas: find(".points"),
    modes: [...root.querySelectorAll("[data-mode]")].filter((part) => part.type === "button"),
    zooms: [...root.querySelectorAll("[data-zoom]")],
    saves: find(".export"),
    parts: {},
    pointers: new Map(),
    tips: new Map(),
    requested: new Map(),
    view: wholeView(),
    versions: { selected: 0 },
    placed: [],
    mode: "move",
    hover: -1,
    cursor: -1,
    serial: 0,
    waiting: [],
    chosen: 0,
    sent: 0,
    run: 0,
  };
  for (const part of ["status", "hint", "note", "announcement", "tooltip"]) {
    plot.parts[part] = find(`.${part}`);
  }
  plot.painter = painterOf(plot.canvas);
  plot.painter.restored = () => refresh(plot);
  plot.observer = new ResizeObserver(() => {
    if (plot.stage.clientWidth !== plot.width) arrange(plot);
  });
  listen(plot);
  return plot;
}

// Colours of the theme as the browser resolves them, for a canvas and for a shader.
function readTheme(plot) {
  const style = getComputedStyle(plot.frame);
  const named = (name, fallback) => style.getPropertyValue(`--st-${name}`).trim() || fallback;
  const theme = {
    text: style.color,
    background: named("background-color", "#fff"),
    primary: named("primary-color", "#0b6e99"),
    font: `12px ${style.fontFamily}`,
  };
  if (JSON.stringify(theme) === plot.themed) return;
  plot.themed = JSON.stringify(theme);
  const [textRgb, backgroundRgb, primaryRgb] = rgbOf([theme.text, theme.background, theme.primary]);
  plot.theme = { ...theme, textRgb, backgroundRgb, primaryRgb };
}

function rgbOf(colours) {
  const ctx = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  return colours.map((colour) => {
    ctx.fillStyle = colour;
    ctx.fillRect(0, 0, 1, 1);
    return [...ctx.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  });
}

function arrange(plot) {
  const width = plot.stage.clientWidth;
  if (!width || !plot.cloud) return;
  plot.width = width;
  plot.height = Math.min(plot.data.height, Math.max(260, width));
  plot.stage.style.height = `${plot.height + 2}px`;
  // Painted at once: a resized canvas is blank until then.
  paint(plot);
}

function paint(plot) {
  cancelAnimationFrame(plot.pending);
  plot.pending = null;
  if (!plot.cloud || !plot.width) return;
  const ratio = window.devicePixelRatio || 1;
  chooseImages(plot);
  plot.painter.paint(plot.painter, plot, ratio);
  fitCanvas(plot.overlay, plot, ratio);
  const ctx = plot.overlay.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawOverlay(ctx, plot, true);
  writeTexts(plot);
  writeTip(plot);
  mark(plot);
}

function chooseImages(plot) {
  const { data, versions } = plot;
  plot.tileSide = tileSideOf(plot);
  const ready = Boolean(plot.atlas?.image.naturalWidth);
  const about = [versions.points, data.atlas?.image.version, ready, data.images];
  const first = [data.marks, data.star, versions.selected];
  const thinning = [scaleOf(plot), ...about, ...first].join();
  if (plot.thinning !== thinning) plot.placed = thinned(plot);
  plot.thinning = thinning;
}

// States that are shown by the style sheet, and where the map lies, for whoever tests it.
function mark(plot) {
  const { stage, view, cloud, mode, gesture, hover, data } = plot;
  const whole = isWhole(view);
  stage.dataset.mode = mode;
  stage.toggleAttribute("data-captures", !whole || mode !== "move");
  stage.toggleAttribute("data-dragging", Boolean(gesture?.moved) && gesture.kind === "move");
  stage.toggleAttribute("data-over", hover >= 0 && data.clickable);
  const middle = [cloud.middle.x + view.x * cloud.half, cloud.middle.y + view.y * cloud.half];
  stage.dataset.view = JSON.stringify([...middle, scaleOf(plot) / cloud.half]);
  const { colours } = plot.versions;
  if (stage.dataset.colours !== colours) stage.dataset.colours = colours;
  stage.dataset.images = plot.placed.length;
  for (const button of plot.modes) {
    button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  }
  for (const button of plot.zooms) {
    const still = { in: view.zoom >= CLOSEST, out: view.zoom <= 1, reset: whole };
    button.disabled = still[button.dataset.zoom];
  }
}

function update(plot, component) {
  const { data } = component;
  plot.component = component;
  confirm(plot, data.serial);
  const content = contentOf(plot, data);
  if (!content) return;
  const identity = data.identity || data.points.version;
  const items = data.items || data.points.version;
  if (plot.identity !== identity) plot.view = wholeView();
  if (plot.items !== items) for (const kept of [plot.tips, plot.requested]) kept.clear();
  if (plot.versions.points !== data.points.version) Object.assign(plot, { hover: -1, cursor: -1 });
  Object.assign(plot, content, { data, identity, items });
  readTheme(plot);
  colour(plot, data);
  adopt(plot, data);
  plot.versions.points = data.points.version;
  plot.canvas.setAttribute("aria-label", data.description);
  plot.stage.setAttribute("aria-label", `Map: ${data.description}`);
  if (data.hovered) plot.tips.set(data.hovered.row, data.hovered);
  if (!data.selectable) plot.mode = "move";
  plot.frame.querySelector(".modes").hidden = !data.selectable;
  arrange(plot);
  wonder(plot, tippedRow(plot));
}

// The decoded content; null where a part is missing here, which is then asked for.
function contentOf(plot, data) {
  const wanted = {
    cloud: [data.points, cloudOf(data.points.box)],
    codes: [data.colours, codesOf(data.colours.wide)],
    labels: [data.labels, (content) => content],
    thumbnails: [data.thumbnails, (content) => content],
    atlas: [data.atlas?.image, imageOf],
  };
  const content = {};
  for (const [name, [packet, decode]] of Object.entries(wanted)) {
    content[name] = held(packet, decode);
    if (packet && !content[name]) return ask(plot);
  }
  content.atlas?.ready.then(() => refresh(plot), () => {});
  return content;
}

function ask(plot) {
  if (Date.now() - (plot.begged ?? 0) > PATIENCE) {
    plot.begged = Date.now();
    tell(plot, "missing", {});
  }
  return null;
}

// While a run is under way Streamlit keeps only the last message of a component, so each
// message carries everything that Python has not confirmed; known serials are ignored there.
function tell(plot, event, value) {
  plot.serial += 1;
  const before = plot.waiting.filter((message) => event !== "selected" || message.event !== event);
  plot.waiting = [...before, { event, ...value, serial: plot.serial }].slice(-MOST_WAITING);
  plot.component.setTriggerValue("messages", plot.waiting);
}

function confirm(plot, serial) {
  plot.serial = Math.max(plot.serial, serial);
  plot.waiting = plot.waiting.filter((message) => message.serial > serial);
}

function colour(plot, { colours, n }) {
  const own = plot.theme.primaryRgb;
  const alpha = alphaOf(n);
  plot.palette = colours.palette.map((hex) =>
    hex ? rgbaOf(hex, alpha) : [...own, Math.round(255 * alpha)],
  );
  plot.versions.colours = `${colours.version}/${plot.palette.join()}`;
}

// A rerun that began before the last change carries an older selection: keep what was chosen.
function adopt(plot, data) {
  const overtaken = data.serial < plot.chosen && Date.now() - plot.sent < PATIENCE;
  const fits = plot.selected?.length === data.n;
  if (overtaken && fits) return;
  const received = `${data.n}/${data.selected}`;
  if (plot.received === received && fits && !plot.touched) return;
  Object.assign(plot, { received, touched: false });
  setSelected(plot, maskOf(data.selected, data.n));
}

function setSelected(plot, mask) {
  plot.selected = mask;
  plot.count = mask.reduce((sum, bit) => sum + bit, 0);
  plot.versions.selected += 1;
}

// `how` is "add", "remove" or "replace".
function choose(plot, rows, how) {
  const mask = how === "replace" ? new Uint8Array(plot.data.n) : plot.selected.slice();
  for (const row of rows) mask[row] = how === "remove" ? 0 : 1;
  if (mask.every((bit, row) => bit === plot.selected[row])) return;
  setSelected(plot, mask);
  tell(plot, "selected", { rows: rowsOf(mask) });
  Object.assign(plot, { chosen: plot.serial, sent: Date.now(), touched: true });
  refresh(plot);
}

// The second click of a double click on a point says nothing new.
function pick(plot, row) {
  const { row: last, time } = plot.picked ?? {};
  plot.picked = { row, time: Date.now() };
  if (!plot.data.clickable || (row === last && Date.now() - time < TWICE)) return;
  tell(plot, "clicked", { row });
}

// Asked once a row when the pointer rests; an answer that a later run has overtaken, again.
function wonder(plot, row) {
  clearTimeout(plot.resting);
  if (row < 0 || tipOf(plot, row).known) return;
  plot.resting = setTimeout(() => {
    const last = plot.requested.get(row) ?? 0;
    if (plot.gesture || tipOf(plot, row).known || Date.now() - last < PATIENCE) return;
    plot.requested.set(row, Date.now());
    tell(plot, "hover", { row });
  }, RESTED);
}

function hoverAt(plot, at) {
  const row = at ? rowAt(plot, at) : -1;
  plot.keyboard = plot.keyboard && !at;
  if (row === plot.hover) return;
  plot.hover = row;
  wonder(plot, row);
  refresh(plot);
}

function show(plot, view) {
  plot.view = view;
  refresh(plot);
}

function setMode(plot, mode) {
  if (!plot.data.selectable) return;
  Object.assign(plot, { mode, gesture: null });
  refresh(plot);
}

// What is seen, at twice its size, on the background of the page.
function save(plot) {
  if (!plot.cloud) return;
  const image = document.createElement("canvas");
  const size = { width: plot.width * 2, height: plot.height * 2 };
  Object.assign(image, size);
  const ctx = image.getContext("2d");
  ctx.fillStyle = plot.theme.background;
  ctx.fillRect(0, 0, size.width, size.height);
  plot.painter.paint(plot.painter, plot, 2);
  ctx.drawImage(plot.canvas, 0, 0, size.width, size.height);
  const above = Object.assign(document.createElement("canvas"), size);
  const drawing = above.getContext("2d");
  drawing.scale(2, 2);
  drawOverlay(drawing, plot, false);
  ctx.drawImage(above, 0, 0);
  paint(plot);
  image.toBlob((blob) => download(blob, `${plot.data.name}.png`), "image/png");
}

function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob) });
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function release(plot) {
  halt(plot, plot.resting, plot.speaking);
  // A browser keeps few WebGL contexts; one that left the page gives its place at once.
  const { canvas, painter } = plot;
  setTimeout(() => {
    if (!canvas.isConnected) painter.gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }, 1000);
}

export default function scatter(component) {
  return mount(component, (plot) => plot.stage);
}
