// Tiles are made once for a list and then only marked. Texts come from people's files: textContent
// only.

const PATIENCE = 3000;
const views = new WeakMap();

function element(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  if (tag === "button") node.type = "button";
  return node;
}

function imageOf(tile) {
  const frame = element("span", "image");
  if (!tile.image) {
    frame.append(element("span", "words", tile.name || tile.id));
    return frame;
  }
  const image = element("img", "");
  Object.assign(image, { loading: "lazy", decoding: "async", alt: tile.alt, src: tile.image });
  image.draggable = false;
  frame.append(image);
  return frame;
}

function tileOf(view, tile) {
  const { selectable, captions } = view.data;
  const button = element(selectable ? "button" : "div", "tile");
  button.title = tile.caption;
  button.append(imageOf(tile));
  if (captions) button.append(element("span", "caption", tile.caption));
  if (!selectable) return button;
  if (!tile.image || captions) button.setAttribute("aria-label", tile.alt);
  button.append(view.check.content.cloneNode(true));
  button.onclick = (event) => choose(view, tile.id, event.shiftKey);
  view.stops.push(button);
  return button;
}

function headingOf(view, name, ids) {
  const heading = element(view.data.selectable ? "button" : "div", "heading");
  heading.append(element("span", "name", name), element("span", "count", ids.length));
  if (view.data.selectable) {
    heading.append(element("span", "action"));
    heading.onclick = () => chooseGroup(view, ids);
    view.stops.push(heading);
  }
  return heading;
}

function sectionOf(view, name, tiles) {
  const section = element("section", "");
  const ids = tiles.map((tile) => tile.id);
  const group = { ids, name };
  if (name) {
    group.heading = headingOf(view, name, ids);
    section.append(group.heading);
  }
  const grid = element("div", "tiles");
  for (const tile of tiles) {
    const button = tileOf(view, tile);
    view.tiles.set(tile.id, button);
    grid.append(button);
  }
  section.append(grid);
  view.groups.push(group);
  return section;
}

function build(view) {
  const grouped = new Map();
  for (const tile of view.data.tiles) {
    if (!grouped.has(tile.group)) grouped.set(tile.group, []);
    grouped.get(tile.group).push(tile);
  }
  Object.assign(view, { tiles: new Map(), groups: [], stops: [], anchor: null });
  const sections = [...grouped].map(([name, tiles]) => sectionOf(view, name, tiles));
  view.place.replaceChildren(...sections);
  setStop(view, view.stops.find((stop) => stop.classList.contains("tile")));
}

function mark(view) {
  if (!view.data.selectable) return;
  for (const [id, tile] of view.tiles) {
    tile.setAttribute("aria-pressed", String(view.selected.has(id)));
  }
  for (const { heading, ids, name } of view.groups) {
    if (!heading) continue;
    const chosen = ids.filter((id) => view.selected.has(id)).length;
    const all = chosen === ids.length;
    const action = all ? "Clear" : "Select all";
    const count = chosen ? `${chosen} of ${ids.length}` : ids.length;
    heading.querySelector(".count").textContent = count;
    heading.querySelector(".action").textContent = action;
    heading.setAttribute("aria-pressed", all ? "true" : chosen ? "mixed" : "false");
    heading.setAttribute("aria-label", `${name}: ${action.toLowerCase()} ${ids.length}`);
  }
}

function send(view) {
  const ids = [...view.tiles.keys()].filter((id) => view.selected.has(id));
  mark(view);
  view.serial += 1;
  view.sent = Date.now();
  view.component.setTriggerValue("changed", { ids, serial: view.serial });
}

function choose(view, id, range) {
  const on = !view.selected.has(id);
  const ids = [...view.tiles.keys()];
  if (range && view.tiles.has(view.anchor)) {
    const [from, to] = [ids.indexOf(view.anchor), ids.indexOf(id)].sort((a, b) => a - b);
    for (const each of ids.slice(from, to + 1)) view.selected.add(each);
  } else {
    toggle(view, [id], on);
    view.anchor = id;
  }
  setStop(view, view.tiles.get(id));
  send(view);
}

function chooseGroup(view, ids) {
  toggle(view, ids, !ids.every((id) => view.selected.has(id)));
  send(view);
}

function toggle(view, ids, on) {
  for (const id of ids) {
    if (on) view.selected.add(id);
    else view.selected.delete(id);
  }
}

// One tab stop for the whole gallery; arrow keys move it.
function setStop(view, stop) {
  for (const each of view.stops) each.tabIndex = each === stop ? 0 : -1;
}

function neighbour(view, from, key) {
  const index = view.stops.indexOf(from);
  if (key === "ArrowRight") return view.stops[index + 1];
  if (key === "ArrowLeft") return view.stops[index - 1];
  if (key === "Home") return view.stops[0];
  if (key === "End") return view.stops.at(-1);
  return acrossRows(view.stops, from, key === "ArrowDown");
}

function acrossRows(stops, from, down) {
  const here = from.getBoundingClientRect();
  const boxes = stops.map((stop) => ({ stop, box: stop.getBoundingClientRect() }));
  const beyond = boxes.filter(({ box }) =>
    down ? box.top >= here.bottom - 1 : box.bottom <= here.top + 1,
  );
  const rowTop = (down ? Math.min : Math.max)(...beyond.map(({ box }) => box.top));
  const row = beyond.filter(({ box }) => Math.abs(box.top - rowTop) < 2);
  const distance = ({ box }) => Math.abs(box.left - here.left);
  return row.sort((a, b) => distance(a) - distance(b))[0]?.stop;
}

const MOVES = new Set(["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "End"]);

function onKey(view, event) {
  const from = event.target.closest("button");
  if (!from || !MOVES.has(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  const to = neighbour(view, from, event.key);
  if (!to) return;
  setStop(view, to);
  to.focus();
}

function createView(root) {
  const view = {
    frame: root.querySelector(".gallery"),
    place: root.querySelector(".groups"),
    check: root.querySelector("#check"),
    serial: 0,
    sent: 0,
  };
  view.frame.onkeydown = (event) => onKey(view, event);
  return view;
}

// A rerun that began before the last click carries an older selection: keep what was clicked.
function isOvertaken(view) {
  return view.data.serial < view.serial && Date.now() - view.sent < PATIENCE;
}

export default function gallery(component) {
  const root = component.parentElement;
  let view = views.get(root);
  if (!view?.place.isConnected) {
    view = createView(root);
    views.set(root, view);
  }
  Object.assign(view, { component, data: component.data });
  const { tiles, size, selectable, captions, selected, serial } = view.data;
  view.frame.style.setProperty("--tile", `${size}px`);
  const content = JSON.stringify([tiles, selectable, captions]);
  if (view.content !== content) build(view);
  view.content = content;
  if (!isOvertaken(view) || !view.selected) view.selected = new Set(selected);
  view.serial = Math.max(view.serial, serial);
  mark(view);
}
