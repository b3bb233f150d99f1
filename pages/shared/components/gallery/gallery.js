// Tiles are made once for a list and then only marked. Texts come from people's files: textContent
// only.

const PATIENCE = 3000;
const sheets = new WeakMap();

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  if (tag === "button") made.type = "button";
  return made;
}

function imageOf(tile) {
  const frame = element("span", "image");
  if (!tile.image) {
    frame.append(element("span", "words", tile.id));
    return frame;
  }
  const image = element("img", "");
  Object.assign(image, { loading: "lazy", decoding: "async", alt: tile.alt, src: tile.image });
  image.draggable = false;
  frame.append(image);
  return frame;
}

function tileOf(sheet, tile) {
  const { selectable, captions } = sheet.data;
  const made = element(selectable ? "button" : "div", "tile");
  made.title = tile.caption;
  made.append(imageOf(tile));
  if (captions) made.append(element("span", "caption", tile.caption));
  if (!selectable) return made;
  if (!tile.image || captions) made.setAttribute("aria-label", tile.alt);
  made.append(sheet.check.content.cloneNode(true));
  made.onclick = (event) => choose(sheet, tile.id, event.shiftKey);
  sheet.stops.push(made);
  return made;
}

function headingOf(sheet, name, ids) {
  const heading = element(sheet.data.selectable ? "button" : "div", "heading");
  heading.append(element("span", "name", name), element("span", "count", ids.length));
  if (sheet.data.selectable) {
    heading.append(element("span", "action"));
    heading.onclick = () => chooseGroup(sheet, ids);
    sheet.stops.push(heading);
  }
  return heading;
}

function sectionOf(sheet, name, tiles) {
  const section = element("section", "");
  const ids = tiles.map((tile) => tile.id);
  const group = { ids, name };
  if (name) {
    group.heading = headingOf(sheet, name, ids);
    section.append(group.heading);
  }
  const grid = element("div", "tiles");
  for (const tile of tiles) {
    const made = tileOf(sheet, tile);
    sheet.tiles.set(tile.id, made);
    grid.append(made);
  }
  section.append(grid);
  sheet.groups.push(group);
  return section;
}

function build(sheet) {
  const grouped = new Map();
  for (const tile of sheet.data.tiles) {
    if (!grouped.has(tile.group)) grouped.set(tile.group, []);
    grouped.get(tile.group).push(tile);
  }
  Object.assign(sheet, { tiles: new Map(), groups: [], stops: [], anchor: null });
  const sections = [...grouped].map(([name, tiles]) => sectionOf(sheet, name, tiles));
  sheet.place.replaceChildren(...sections);
  setStop(sheet, sheet.stops.find((stop) => stop.classList.contains("tile")));
}

function mark(sheet) {
  if (!sheet.data.selectable) return;
  for (const [id, tile] of sheet.tiles) {
    tile.setAttribute("aria-pressed", String(sheet.selected.has(id)));
  }
  for (const { heading, ids, name } of sheet.groups) {
    if (!heading) continue;
    const chosen = ids.filter((id) => sheet.selected.has(id)).length;
    const all = chosen === ids.length;
    const action = all ? "Clear" : "Select all";
    const count = chosen ? `${chosen} of ${ids.length}` : ids.length;
    heading.querySelector(".count").textContent = count;
    heading.querySelector(".action").textContent = action;
    heading.setAttribute("aria-pressed", all ? "true" : chosen ? "mixed" : "false");
    heading.setAttribute("aria-label", `${name}: ${action.toLowerCase()} ${ids.length}`);
  }
}

function send(sheet) {
  const ids = [...sheet.tiles.keys()].filter((id) => sheet.selected.has(id));
  mark(sheet);
  sheet.serial += 1;
  sheet.sent = Date.now();
  sheet.component.setTriggerValue("changed", { ids, serial: sheet.serial });
}

function choose(sheet, id, range) {
  const on = !sheet.selected.has(id);
  const ids = [...sheet.tiles.keys()];
  if (range && sheet.tiles.has(sheet.anchor)) {
    const [from, to] = [ids.indexOf(sheet.anchor), ids.indexOf(id)].sort((a, b) => a - b);
    for (const each of ids.slice(from, to + 1)) sheet.selected.add(each);
  } else {
    toggle(sheet, [id], on);
    sheet.anchor = id;
  }
  setStop(sheet, sheet.tiles.get(id));
  send(sheet);
}

function chooseGroup(sheet, ids) {
  toggle(sheet, ids, !ids.every((id) => sheet.selected.has(id)));
  send(sheet);
}

function toggle(sheet, ids, on) {
  for (const id of ids) {
    if (on) sheet.selected.add(id);
    else sheet.selected.delete(id);
  }
}

// One tab stop for the whole sheet; arrow keys move it.
function setStop(sheet, stop) {
  for (const each of sheet.stops) each.tabIndex = each === stop ? 0 : -1;
}

function neighbour(sheet, from, key) {
  const index = sheet.stops.indexOf(from);
  if (key === "ArrowRight") return sheet.stops[index + 1];
  if (key === "ArrowLeft") return sheet.stops[index - 1];
  if (key === "Home") return sheet.stops[0];
  if (key === "End") return sheet.stops.at(-1);
  return acrossRows(sheet.stops, from, key === "ArrowDown");
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

function onKey(sheet, event) {
  const from = event.target.closest("button");
  if (!from || !MOVES.has(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  const to = neighbour(sheet, from, event.key);
  if (!to) return;
  setStop(sheet, to);
  to.focus();
}

function createSheet(root) {
  const sheet = {
    frame: root.querySelector(".gallery"),
    place: root.querySelector(".groups"),
    check: root.querySelector("#check"),
    serial: 0,
    sent: 0,
  };
  sheet.frame.onkeydown = (event) => onKey(sheet, event);
  return sheet;
}

// A rerun that began before the last click carries an older selection: keep what was clicked.
function isOvertaken(sheet) {
  return sheet.data.serial < sheet.serial && Date.now() - sheet.sent < PATIENCE;
}

export default function gallery(component) {
  const root = component.parentElement;
  let sheet = sheets.get(root);
  if (!sheet?.place.isConnected) {
    sheet = createSheet(root);
    sheets.set(root, sheet);
  }
  Object.assign(sheet, { component, data: component.data });
  const { tiles, size, selectable, captions, selected, serial } = sheet.data;
  sheet.frame.style.setProperty("--tile", `${size}px`);
  const content = JSON.stringify([tiles, selectable, captions]);
  if (sheet.content !== content) build(sheet);
  sheet.content = content;
  if (!isOvertaken(sheet) || !sheet.selected) sheet.selected = new Set(selected);
  sheet.serial = Math.max(sheet.serial, serial);
  mark(sheet);
}
