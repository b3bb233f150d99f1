// Keyboard, pointer and wheel.

const focusOf = (plot) =>
  plot.keyboard && plot.cursor >= 0
    ? onScreen(plot, scaleOf(plot), plot.cursor)
    : [plot.width / 2, plot.height / 2];

function zoomTo(plot, kind) {
  if (kind === "reset") return show(plot, wholeView());
  show(plot, zoomed(plot, plot.view, kind === "in" ? 1.6 : 1 / 1.6, focusOf(plot)));
}

function step(plot, direction, panning) {
  if (panning) return show(plot, panned(plot, plot.view, -60 * direction[0], -60 * direction[1]));
  const from = plot.cursor >= 0 ? onScreen(plot, scaleOf(plot), plot.cursor) : null;
  const reach = Math.max(plot.width, plot.height) / scaleOf(plot);
  const { x, y } = plot.view;
  const next = from ? rowTowards(plot, from, direction) : nearestRow(plot.cloud, x, y, reach);
  if (next < 0) return;
  plot.cursor = next;
  show(plot, revealed(plot, next));
  wonder(plot, next);
  clearTimeout(plot.speaking);
  plot.speaking = setTimeout(() => announce(plot, pointWords(plot, next)), 300);
}

function toggleCursor(plot) {
  const { cursor, selected, data } = plot;
  if (cursor < 0 || !data.selectable) return;
  choose(plot, [cursor], selected[cursor] ? "remove" : "add");
}

function escape(plot) {
  if (plot.gesture) plot.gesture = null;
  else if (plot.count && plot.data.selectable) choose(plot, [], "replace");
  else plot.stage.blur();
}

const KEYS = {
  ArrowUp: (plot, shift) => step(plot, [0, -1], shift),
  ArrowDown: (plot, shift) => step(plot, [0, 1], shift),
  ArrowLeft: (plot, shift) => step(plot, [-1, 0], shift),
  ArrowRight: (plot, shift) => step(plot, [1, 0], shift),
  Enter: (plot) => plot.cursor >= 0 && pick(plot, plot.cursor),
  " ": toggleCursor,
  m: (plot) => setMode(plot, "move"),
  b: (plot) => setMode(plot, "box"),
  l: (plot) => setMode(plot, "lasso"),
  "+": (plot) => zoomTo(plot, "in"),
  "=": (plot) => zoomTo(plot, "in"),
  "-": (plot) => zoomTo(plot, "out"),
  0: (plot) => zoomTo(plot, "reset"),
  Escape: escape,
};

function onKey(plot, event) {
  const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action || !plot.cloud || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  Object.assign(plot, { keyboard: true, hover: -1 });
  action(plot, event.shiftKey);
  refresh(plot);
}

function pinchOf(plot) {
  const [[x0, y0], [x1, y1]] = [...plot.pointers.values()];
  return { middle: [(x0 + x1) / 2, (y0 + y1) / 2], spread: Math.hypot(x1 - x0, y1 - y0) || 1 };
}

function onDown(plot, event) {
  if (event.button > 1 || !plot.cloud) return;
  const at = position(plot, event);
  if (event.button === 1) event.preventDefault();
  plot.pointers.set(event.pointerId, at);
  plot.stage.setPointerCapture(event.pointerId);
  const { view, pointers } = plot;
  if (pointers.size === 2) {
    plot.gesture = { kind: "pinch", view, from: pinchOf(plot), moved: true };
  } else {
    const kind = event.button === 1 ? "move" : plot.mode;
    plot.gesture = { kind, view, path: [at], moved: false, how: howOf(event) };
  }
}

const howOf = (event) => (event.shiftKey ? "add" : event.altKey ? "remove" : "replace");

function onMove(plot, event) {
  if (!plot.cloud) return;
  const at = position(plot, event);
  plot.armed ||= event.movementX !== 0 || event.movementY !== 0;
  const { gesture, pointers } = plot;
  if (pointers.has(event.pointerId)) pointers.set(event.pointerId, at);
  if (gesture) drag(plot, gesture, at);
  else hoverAt(plot, event.pointerType === "touch" ? null : at);
}

function drag(plot, gesture, at) {
  if (gesture.kind === "pinch") return pinch(plot, gesture);
  const [x, y] = gesture.path[0];
  gesture.moved ||= Math.hypot(at[0] - x, at[1] - y) > DRAG;
  if (!gesture.moved) return;
  plot.hover = -1;
  const last = gesture.path.at(-1);
  if (gesture.kind === "move") show(plot, panned(plot, gesture.view, at[0] - x, at[1] - y));
  else if (Math.hypot(at[0] - last[0], at[1] - last[1]) >= 2) gesture.path.push(at);
  refresh(plot);
}

function pinch(plot, { view, from }) {
  if (plot.pointers.size < 2) return;
  const { middle, spread } = pinchOf(plot);
  const near = zoomed(plot, view, spread / from.spread, from.middle);
  show(plot, panned(plot, near, middle[0] - from.middle[0], middle[1] - from.middle[1]));
}

function onUp(plot, event) {
  const { gesture } = plot;
  plot.pointers.delete(event.pointerId);
  if (!gesture || gesture.kind === "pinch") {
    if (!plot.pointers.size) plot.gesture = null;
    return;
  }
  plot.gesture = null;
  const how = gesture.how === "replace" ? howOf(event) : gesture.how;
  if (!gesture.moved) click(plot, event, gesture.path[0], how);
  else if (gesture.kind !== "move") {
    const corners = shapeOf(gesture).map((corner) => onMap(plot, corner));
    choose(plot, rowsInside(plot.cloud, corners), how);
  }
  refresh(plot);
}

function click(plot, event, at, how) {
  if (event.button !== 0) return;
  const row = rowAt(plot, at);
  if (event.pointerType === "touch") hoverAt(plot, at);
  if (row < 0) return;
  if (how === "replace") pick(plot, row);
  else if (plot.data.selectable) choose(plot, [row], how);
}

// While the page scrolls under a resting pointer the wheel stays with the page.
function onWheel(plot, event) {
  const pinching = event.ctrlKey || event.metaKey;
  if (!plot.cloud || !(pinching || plot.armed)) return;
  if (!pinching && event.deltaY > 0 && plot.view.zoom <= 1) return;
  event.preventDefault();
  const factor = Math.exp(-wheelOf(event) * (pinching ? 0.006 : 0.0022));
  show(plot, zoomed(plot, plot.view, factor, position(plot, event)));
}

function onLeave(plot) {
  plot.armed = false;
  if (plot.cloud && !plot.gesture) hoverAt(plot, null);
}

function listen(plot) {
  const { stage, modes, zooms, saves } = plot;
  stage.onkeydown = (event) => onKey(plot, event);
  stage.onpointerdown = (event) => onDown(plot, event);
  stage.onpointermove = (event) => onMove(plot, event);
  stage.onpointerup = (event) => onUp(plot, event);
  stage.onpointercancel = (event) => {
    plot.pointers.delete(event.pointerId);
    plot.gesture = null;
    refresh(plot);
  };
  stage.onpointerleave = () => onLeave(plot);
  stage.ondblclick = (event) => {
    if (plot.cloud && howOf(event) === "replace") zoomTo(plot, "reset");
  };
  stage.onfocus = () => {
    if (plot.cloud && stage.matches(":focus-visible")) {
      plot.keyboard = true;
      refresh(plot);
    }
  };
  stage.onblur = () => {
    plot.keyboard = false;
    refresh(plot);
  };
  // A wheel listener set as a property may be passive; this one has to stop the scroll.
  stage.addEventListener("wheel", (event) => onWheel(plot, event), { passive: false });
  for (const button of modes) button.onclick = () => setMode(plot, button.dataset.mode);
  for (const button of zooms) {
    button.onclick = () => plot.cloud && zoomTo(plot, button.dataset.zoom);
  }
  saves.onclick = () => save(plot);
}
