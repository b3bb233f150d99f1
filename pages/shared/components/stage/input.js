// Keys of the whole page, taps and swipes of a presentation.

const KEYS = {
  p: "previous",
  arrowleft: "previous",
  n: "next",
  arrowright: "next",
  "?": "random",
  r: "reveal",
  " ": "reveal",
  f: "present",
};
// A presenter's remote control sends these.
const REMOTE = { pageup: "previous", pagedown: "advance" };
const WRITES = "input, textarea, select, [contenteditable]:not([contenteditable=false])";
const STEERS =
  "[role=slider], [role=tab], [role=option], [role=listbox], [role=combobox], [role=spinbutton], " +
  "[role=menuitem], [role=radio], [role=radiogroup], [role=grid], video, audio";
const PRESSES = "button, a[href], summary, [role=button]";
const EDGE = 0.15;
const SWIPE = 50;

function actionOf(view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  if (event.shiftKey && event.key !== "?") return undefined;
  const within = (selector) =>
    event.composedPath().some((node) => node instanceof Element && node.matches(selector));
  if (within(WRITES) || within("[role=application]")) return undefined;
  const key = event.key.toLowerCase();
  if ((key.startsWith("arrow") || key === " ") && within(STEERS)) return undefined;
  if (key === " " && within(PRESSES)) return undefined;
  // A dialog of the page lies above the stage.
  if (!view.presenting && document.querySelector("[role=dialog]")) return undefined;
  return KEYS[key] ?? (view.presenting ? REMOTE[key] : undefined);
}

// Caught before the app's own keys: R would rerun the page.
function onKey(view, event) {
  if (!view.deck || !view.frame.isConnected) return;
  const action = actionOf(view, event);
  if (!action) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!event.repeat || action === "next" || action === "previous") act(view, action);
}

// The focus goes round within a presentation.
function cycle(view, event) {
  if (event.key !== "Tab" || !view.presenting) return;
  const stops = [...view.frame.querySelectorAll("button:not([disabled])")].filter(
    (button) => button.getClientRects().length,
  );
  const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
  const { activeElement } = view.frame.getRootNode();
  if (activeElement !== from && stops.includes(activeElement)) return;
  event.preventDefault();
  to.focus();
}

function listen(view) {
  const { frame } = view;
  for (const button of frame.querySelectorAll("[data-act]")) {
    button.onclick = () => act(view, button.dataset.act);
    // Without the focus of a click, Space goes on to reveal.
    button.onmousedown = (event) => event.preventDefault();
  }
  frame.onkeydown = (event) => cycle(view, event);
  frame.onclose = () => leave(view);
  frame.onpointerdown = (event) => {
    view.pressed = { x: event.clientX, y: event.clientY };
  };
  frame.onpointermove = (event) => {
    if (event.pointerType === "mouse") stir(view);
  };
  frame.onpointerup = (event) => swipe(view, event);
  frame.addEventListener("click", (event) => tap(view, event));
  listenStrip(view);
}

function swipe(view, event) {
  const { pressed } = view;
  view.pressed = null;
  if (!view.presenting || !pressed || event.pointerType === "mouse") return;
  const [across, down] = [event.clientX - pressed.x, event.clientY - pressed.y];
  if (Math.abs(across) < SWIPE || Math.abs(down) > Math.abs(across)) return;
  view.swiped = Date.now();
  act(view, across < 0 ? "next" : "previous");
}

function tap(view, event) {
  if (!view.presenting || Date.now() - (view.swiped ?? 0) < 400) return;
  if (event.target.closest("button, .bins")) return;
  const share = event.clientX / view.frame.clientWidth;
  if (share > 1 - EDGE) act(view, "next");
  else if (share < EDGE) act(view, "previous");
  else stir(view);
}

// The buttons show themselves for a moment.
function stir(view) {
  if (!view.presenting) return;
  view.frame.toggleAttribute("data-stirred", true);
  clearTimeout(view.stirring);
  view.stirring = setTimeout(() => view.frame.removeAttribute("data-stirred"), STIRRED);
}
