// Everything about the responses is here: a move is drawn at once, and told to Python when it has
// settled. Texts come from people's files: textContent only.

const SETTLED = 250;
const PATIENCE = 10000;
const ECHO = 3000;
const RETRY = 2000;
const LOST = 200;
const BATCH = 24;
const STIRRED = 2500;
const MOST_DOTS = 60;
const views = new WeakMap();

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function createView(root) {
  const find = (name) => root.querySelector(`.${name}`);
  const names = [
    "place", "position", "card", "question", "caption", "grids", "bars", "bins", "mark", "chance",
    "worse", "better", "progress", "live", "presenting",
  ];
  const view = {
    frame: root.querySelector("dialog"),
    parts: Object.fromEntries(names.map((name) => [name, find(name)])),
    reveals: root.querySelector(".bar [data-act=reveal]"),
    deck: null,
    steered: null,
    at: 0,
    lot: 0,
    revealed: false,
    presenting: false,
    hides: false,
    serial: 0,
    moved: 0,
    left: new Map(),
    due: false,
    sent: null,
  };
  view.seen = { image: view.parts.card.querySelector("img"), words: find("card .words") };
  view.onKey = (event) => onKey(view, event);
  view.follow = (link) => follow(view, link);
  view.observer = new ResizeObserver(() => arrange(view));
  listen(view);
  return view;
}

// What the slides share is told once; positions in `order` are what `at` counts.
function adopt(view, deck) {
  const id = view.deck ? view.deck.slides[slideOf(view)].id : view.steered?.current;
  view.deck = deck;
  buildGrids(view);
  buildStrip(view);
  buildProgress(view);
  view.at = Math.max(0, placeOf(view, id));
  drawLot(view);
  arrange(view);
}

const slideOf = (view) => view.deck.order[view.at];

const placeOf = (view, id) =>
  view.deck.order.findIndex((slide) => view.deck.slides[slide].id === id);

const isHidden = (view) => !view.revealed && (view.hides || view.presenting);

// What Python says is followed where it is new, unless it is only an echo: of a run that began before
// the last move, or of a widget of the page that still holds a slide that was left just now.
function follow(view, link) {
  const { current, present, hides, serial } = link.data;
  const before = view.steered;
  view.steered = link.data;
  const since = (moment) => Date.now() - (moment ?? 0);
  const overtaken = serial < view.serial && since(view.moved) < PATIENCE;
  const echoed = overtaken || since(view.left.get(current)) < ECHO;
  view.serial = Math.max(view.serial, serial);
  if (!view.deck) return;
  if (view.hides !== hides) view.revealed = false;
  view.hides = hides;
  if (!echoed && before?.current !== current) stand(view, placeOf(view, current));
  if (!overtaken && Boolean(before?.present) !== present) (present ? enter : leave)(view, true);
  receive(view, link.data);
  draw(view);
}

function stand(view, at) {
  if (at < 0 || at === view.at) return;
  Object.assign(view, { at, revealed: false });
  if (view.lot === at) drawLot(view);
}

// Drawn in advance, so that its thumbnails are there when it is wanted.
function drawLot(view) {
  const count = view.deck.order.length;
  const step = 1 + Math.floor(Math.random() * Math.max(1, count - 1));
  view.lot = (view.at + step) % count;
}

const ACTIONS = {
  previous: (view) => goTo(view, view.at - 1),
  next: (view) => goTo(view, view.at + 1),
  advance: (view) => (isHidden(view) ? reveal(view) : goTo(view, view.at + 1)),
  random: (view) => goTo(view, view.lot),
  reveal: (view) => reveal(view),
  present: (view) => (view.presenting ? leave(view) : enter(view)),
};

function act(view, action) {
  if (view.deck) ACTIONS[action](view);
}

function goTo(view, at) {
  const count = view.deck.order.length;
  const before = view.at;
  stand(view, (at + count) % count);
  if (view.at === before) return;
  view.left.set(view.deck.slides[view.deck.order[before]].id, Date.now());
  view.left.delete(view.deck.slides[slideOf(view)].id);
  draw(view);
  tell(view);
}

function goToSlide(view, slide) {
  goTo(view, view.deck.order.indexOf(slide));
}

function reveal(view) {
  if (!isHidden(view)) return;
  view.revealed = true;
  view.frame.toggleAttribute("data-revealing", true);
  draw(view);
}

function enter(view, silent) {
  if (view.presenting) return;
  const { frame, parts } = view;
  parts.place.style.minHeight = `${parts.place.offsetHeight}px`;
  Object.assign(view, { presenting: true, revealed: false });
  frame.removeAttribute("open");
  frame.showModal();
  frame.setAttribute("role", "dialog");
  frame.focus();
  stir(view);
  changeMode(view, silent);
}

function leave(view, silent) {
  if (!view.presenting) return;
  const { frame, parts } = view;
  view.presenting = false;
  if (frame.matches(":modal")) frame.close();
  frame.setAttribute("open", "");
  frame.setAttribute("role", "group");
  frame.removeAttribute("data-stirred");
  parts.place.style.minHeight = "";
  changeMode(view, silent);
}

function changeMode(view, silent) {
  view.parts.presenting.textContent = view.presenting ? "Leave" : "Present";
  arrange(view);
  draw(view);
  if (!silent) tell(view);
}

function tell(view) {
  view.serial += 1;
  view.moved = Date.now();
  clearTimeout(view.settling);
  view.settling = setTimeout(() => {
    view.due = true;
    post(view);
  }, SETTLED);
}

// One message to Python at a time: a rerun of the page would drop a request that waits for its turn,
// and an answer that has not left yet. What is missing of the slide in view goes with the move.
function post(view) {
  const link = shelf.links.get(view.deck.key);
  if (view.sent || !link || !view.frame.isConnected) return;
  const { due, serial, presenting: present } = view;
  const needed = neededOf(view, link.data.scope, due);
  if (!due && !needed) return;
  view.due = false;
  view.sent = { serial: due ? serial : 0, needed };
  const { id } = view.deck.slides[slideOf(view)];
  if (due) view.component.setTriggerValue("moved", { id, present, serial, needed });
  else link.component.setTriggerValue("needed", needed);
  postAfter(view, RETRY);
}

function postAfter(view, delay) {
  clearTimeout(view.retrying);
  view.retrying = setTimeout(() => {
    view.sent = null;
    post(view);
  }, delay);
}

// The images of this slide; else of those that may come next.
function neededOf({ deck, at, lot }, scope, onlyThis) {
  if (scope !== deck.scope) return null;
  const count = deck.order.length;
  const imagesOf = (place) => {
    const { seen, rows } = deck.slides[deck.order[(place + count) % count]];
    return [seen, ...rows.flatMap((row) => row.places)].map((image) => deck.images[image].id);
  };
  const missing = (ids) => [...new Set(ids)].filter((id) => !isKept(scope, id)).slice(0, BATCH);
  let ids = missing(imagesOf(at));
  if (!ids.length && !onlyThis) ids = missing([at + 1, at + 2, lot, at - 1].flatMap(imagesOf));
  return ids.length ? { scope, ids, number: Date.now() } : null;
}

// An answer that a later run has overtaken is known as answered, and not there: posted again soon.
function receive(view, { serial, answered }) {
  const { sent } = view;
  if (!sent || serial < sent.serial || answered < (sent.needed?.number ?? 0)) return;
  if (sent.needed?.ids.some((id) => !isKept(sent.needed.scope, id))) return postAfter(view, LOST);
  clearTimeout(view.retrying);
  view.sent = null;
}

function release(view) {
  window.removeEventListener("keydown", view.onKey, true);
  view.observer.disconnect();
  clearTimeout(view.retrying);
  view.sent = null;
  if (shelf.stages.get(view.deck.key) === view) shelf.stages.delete(view.deck.key);
}

export default function stage(component) {
  const root = component.parentElement;
  let view = views.get(root);
  if (!view?.frame.isConnected) {
    view = createView(root);
    views.set(root, view);
  }
  const run = (view.run = (view.run ?? 0) + 1);
  view.component = component;
  adopt(view, component.data);
  shelf.stages.set(view.deck.key, view);
  window.addEventListener("keydown", view.onKey, true);
  view.observer.observe(view.frame);
  const link = shelf.links.get(view.deck.key);
  if (link) follow(view, link);
  // Streamlit may clean up after an overtaken run; only the latest run owns the view.
  return () => {
    if (view.run === run) release(view);
  };
}
