// One plot per mount: its state, its events, and the messages to Python.

const SETTLED = 150;

function createPlot(root) {
  const find = (selector) => root.querySelector(selector);
  const plot = {
    canvas: find("canvas"),
    frame: find(".heatmap"),
    buttons: [...root.querySelectorAll("[data-zoom]")],
    parts: {},
    serial: 0,
    run: 0,
    wanted: {},
  };
  for (const part of ["readout", "announcement", "label", "minimum", "maximum", "bar", "missing"]) {
    plot.parts[part] = find(`.${part}`);
  }
  plot.parts.note = find(".note");
  plot.observer = new ResizeObserver(() => arrange(plot));
  listen(plot);
  return plot;
}

function readTheme(plot) {
  const style = getComputedStyle(plot.frame);
  const panel = style.getPropertyValue("--st-secondary-background-color").trim();
  plot.theme = { text: style.color, panel: panel || "#888", font: `12px ${style.fontFamily}` };
}

function arrange(plot) {
  const width = plot.frame.clientWidth;
  if (!width || !plot.data) return;
  const ctx = plot.canvas.getContext("2d");
  ctx.font = plot.theme.font;
  plot.layout = layoutOf(plot.data, width, (text) => ctx.measureText(text).width);
  plot.frame.style.setProperty("--matrix-left", `${plot.layout.left}px`);
  plot.frame.style.setProperty("--matrix-side", `${plot.layout.side}px`);
  // Painted at once: a resized canvas is blank until then.
  paint(plot);
}

function paint(plot) {
  cancelAnimationFrame(plot.pending);
  plot.pending = null;
  if (!plot.layout) return;
  draw(plot);
  writeReadout(plot);
  writeNote(plot);
  const zoomed = plot.view.size < plot.data.n;
  plot.canvas.toggleAttribute("data-zoomed", zoomed);
  for (const button of plot.buttons) {
    const closest = plot.view.size <= Math.min(CLOSEST, plot.data.n);
    button.disabled = button.dataset.zoom === "in" ? closest : !zoomed;
  }
}

function load(plot, slot, uri, area = {}) {
  const place = `${area.row0}/${area.column0}`;
  plot.wanted[slot] = uri;
  if (!uri) plot[slot] = null;
  if (!uri || (plot[slot]?.uri === uri && plot[slot].place === place)) return;
  const image = new Image();
  image.onload = () => {
    if (plot.wanted[slot] !== uri) return;
    plot[slot] = { uri, image, place, ...area, size: image.naturalWidth };
    refresh(plot);
  };
  image.src = uri;
}

function update(plot, component) {
  const { data } = component;
  const identity = `${data.n}/${data.identity}`;
  plot.component = component;
  plot.data = data;
  if (plot.identity !== identity) {
    Object.assign(plot, { identity, view: wholeView(data.n), cell: data.cell });
    Object.assign(plot, { hover: null, cursor: null, keyboard: false, crop: null });
  }
  // Only a cell that was chosen elsewhere on the page moves the view.
  const moved = ![String(plot.cell), String(plot.received)].includes(String(data.cell));
  Object.assign(plot, { cell: data.cell, received: data.cell });
  if (moved && data.cell) plot.view = centred(plot.view, data.n, data.cell);
  plot.canvas.setAttribute("aria-label", data.description);
  load(plot, "overview", data.overview);
  load(plot, "crop", data.crop?.image, { row0: data.crop?.row0, column0: data.crop?.column0 });
  if (!data.crop) plot.requested = null;
  readTheme(plot);
  writeLegend(plot);
  arrange(plot);
  if (moved) settle(plot);
}

function show(plot, view) {
  plot.view = view;
  refresh(plot);
  settle(plot);
}

function settle(plot) {
  clearTimeout(plot.settling);
  plot.settling = setTimeout(() => requestCrop(plot), SETTLED);
}

function requestCrop(plot) {
  const { data, view, overview, requested } = plot;
  const wanted = !requested && data.crop ? windowOf(data.crop) : requested;
  const points = overview?.image.naturalWidth ?? 0;
  if (!data.crop_needed || points >= data.n || view.size > points) return;
  if (plot.drag || (wanted && covers(wanted, view))) return;
  plot.requested = windowAround(view, data.n);
  plot.component.setStateValue("view", plot.requested);
  writeNote(plot);
}

function pick(plot, cell) {
  if (plot.data.pair && cell[0] === cell[1]) {
    announce(plot, "A stimulus with itself is no pair");
    return;
  }
  plot.cell = cell;
  plot.cursor = cell;
  announce(plot, `Picked ${cellWords(plot, cell)}`);
  plot.component.setTriggerValue("picked", [...cell, ++plot.serial]);
  refresh(plot);
}

function pickBand(plot, band) {
  announce(plot, `Picked ${bandWords(plot.data.bands[band])}`);
  plot.component.setTriggerValue("band", [band, band, ++plot.serial]);
}

function moveCursor(plot, rows, columns) {
  const { data, view } = plot;
  const middle = centreOf(view);
  const from = plot.cursor ?? plot.cell ?? [Math.floor(middle.y), Math.floor(middle.x)];
  const to = (place, by) => clamp(place + by, 0, data.n - 1);
  plot.cursor = [to(from[0], rows), to(from[1], columns)];
  show(plot, revealed(view, data.n, plot.cursor));
  clearTimeout(plot.speaking);
  plot.speaking = setTimeout(() => announce(plot, cellWords(plot, plot.cursor)), 300);
}

function zoomTo(plot, kind) {
  const { data, view, cursor, keyboard } = plot;
  if (kind === "reset") return show(plot, wholeView(data.n));
  const at = keyboard && cursor ? { x: cursor[1] + 0.5, y: cursor[0] + 0.5 } : centreOf(view);
  show(plot, zoomView(view, data.n, kind === "in" ? 1 / 1.6 : 1.6, at));
}

const KEYS = {
  ArrowUp: (plot, step) => moveCursor(plot, -step, 0),
  ArrowDown: (plot, step) => moveCursor(plot, step, 0),
  ArrowLeft: (plot, step) => moveCursor(plot, 0, -step),
  ArrowRight: (plot, step) => moveCursor(plot, 0, step),
  Enter: (plot) => plot.cursor && pick(plot, plot.cursor),
  " ": (plot) => plot.cursor && pick(plot, plot.cursor),
  b: (plot) => {
    const band = plot.cursor ? bandAt(plot.data.bands, plot.cursor[0]) : -1;
    if (band >= 0) pickBand(plot, band);
  },
  "+": (plot) => zoomTo(plot, "in"),
  "=": (plot) => zoomTo(plot, "in"),
  "-": (plot) => zoomTo(plot, "out"),
  0: (plot) => zoomTo(plot, "reset"),
  Escape: (plot) => plot.canvas.blur(),
};

function onKey(plot, event) {
  const action = KEYS[event.key];
  if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  plot.keyboard = true;
  plot.hover = null;
  action(plot, event.shiftKey ? 10 : 1);
  refresh(plot);
}

function onMove(plot, event) {
  const [x, y] = position(plot, event);
  const { drag, layout, data } = plot;
  if (drag && !drag.moved) drag.moved = Math.hypot(x - drag.x, y - drag.y) > DRAG;
  if (drag?.moved && drag.inside && drag.view.size < data.n) {
    const scale = drag.view.size / layout.side;
    const { x0, y0 } = drag.view;
    plot.canvas.toggleAttribute("data-dragging", true);
    show(plot, moveView(drag.view, data.n, x0 - (x - drag.x) * scale, y0 - (y - drag.y) * scale));
  }
  plot.hover = targetAt(plot, x, y);
  plot.keyboard = false;
  const { cell, band } = plot.hover;
  plot.canvas.dataset.over = cell ? "cell" : band === undefined ? "none" : "band";
  refresh(plot);
}

function onDown(plot, event) {
  if (event.button !== 0) return;
  const [x, y] = position(plot, event);
  const inside = Boolean(targetAt(plot, x, y).cell);
  plot.drag = { x, y, view: plot.view, moved: false, inside };
  plot.dragged = false;
  plot.canvas.setPointerCapture(event.pointerId);
}

function onUp(plot, event) {
  plot.released = position(plot, event);
  plot.dragged = Boolean(plot.drag?.moved);
  plot.drag = null;
  plot.canvas.removeAttribute("data-dragging");
  settle(plot);
}

function onClick(plot, event) {
  if (plot.dragged || event.detail > 1 || !plot.released) return;
  // A click event has whole pixels only; the cell under the released pointer is the one shown.
  const { cell, band } = targetAt(plot, ...plot.released);
  plot.released = null;
  plot.armed = Boolean(cell);
  if (cell) pick(plot, cell);
  else if (band !== undefined) pickBand(plot, band);
}

// An unarmed wheel scrolls the page; a click into the matrix arms it until the pointer leaves.
function onWheel(plot, event) {
  const { data, view } = plot;
  const [x, y] = position(plot, event);
  const pinch = event.ctrlKey || event.metaKey;
  if (!(pinch || plot.armed) || !targetAt(plot, x, y).cell) return;
  if (!pinch && event.deltaY > 0 && view.size >= data.n) return;
  event.preventDefault();
  show(plot, zoomView(view, data.n, Math.exp(wheelOf(event) * 0.0022), pointIn(plot, x, y)));
}

function onLeave(plot) {
  plot.hover = null;
  plot.armed = false;
  refresh(plot);
}

function listen(plot) {
  const { canvas, buttons } = plot;
  canvas.onkeydown = (event) => onKey(plot, event);
  canvas.onpointermove = (event) => onMove(plot, event);
  canvas.onpointerdown = (event) => onDown(plot, event);
  canvas.onpointerup = canvas.onpointercancel = (event) => onUp(plot, event);
  canvas.onpointerleave = () => onLeave(plot);
  canvas.onclick = (event) => onClick(plot, event);
  canvas.ondblclick = () => zoomTo(plot, "reset");
  canvas.onfocus = () => {
    plot.keyboard = canvas.matches(":focus-visible");
    if (plot.keyboard) moveCursor(plot, 0, 0);
  };
  canvas.onblur = () => {
    Object.assign(plot, { keyboard: false, armed: false });
    refresh(plot);
  };
  // A wheel listener set as a property may be passive; this one has to stop the scroll.
  canvas.addEventListener("wheel", (event) => onWheel(plot, event), { passive: false });
  for (const button of buttons) button.onclick = () => zoomTo(plot, button.dataset.zoom);
}

function release(plot) {
  halt(plot, plot.settling, plot.speaking);
}

export default function heatmap(component) {
  return mount(component, (plot) => plot.frame);
}
