// What is seen of a view.

function buildGrids(view) {
  const { deck, parts } = view;
  const count = Math.max(1, ...deck.slides.flatMap((slide) => slide.rows.map((row) => row.places.length)));
  view.tiles = count;
  view.grids = deck.titles.map((title) => {
    const section = element("section", "grid");
    const heading = element("h2", "title", title);
    const list = element("ol", "tiles");
    const tiles = Array.from({ length: count }, buildTile);
    list.append(...tiles.map((tile) => tile.node));
    list.setAttribute("aria-label", `Retrieved by ${title}`);
    const note = element("p", "note");
    section.append(heading, list, note);
    return { section, tiles, note };
  });
  parts.grids.replaceChildren(...view.grids.map((grid) => grid.section));
  view.frame.dataset.grids = deck.titles.length;
}

function buildTile() {
  const node = element("li", "tile");
  const face = element("span", "face");
  const image = element("img", "");
  image.draggable = false;
  const words = element("span", "words");
  const badge = element("span", "badge");
  badge.setAttribute("aria-hidden", "true");
  const line = element("span", "line");
  const score = element("span", "score");
  const category = element("span", "category");
  line.append(score, category);
  face.append(image, words, badge);
  node.append(face, line);
  return { node, image, words, badge, score, category };
}

function buildProgress(view) {
  const { deck, parts } = view;
  const dots = deck.order.length <= MOST_DOTS;
  parts.progress.classList.toggle("line", !dots);
  const count = dots ? deck.order.length : 1;
  parts.progress.style.setProperty("--dots", count);
  parts.progress.replaceChildren(...Array.from({ length: count }, () => element("span", "")));
}

// The image, or its words where it cannot be shown; neither while it is on its way.
function fill({ image, words }, view, place, alt) {
  const { scope, images } = view.deck;
  const uri = place === undefined ? undefined : thumbnail(scope, images[place].id);
  if (uri) {
    if (image.src !== uri) image.src = uri;
  } else {
    image.removeAttribute("src");
  }
  image.alt = alt;
  image.hidden = !uri;
  words.hidden = uri !== "";
  words.textContent = uri === "" ? alt : "";
}

function draw(view) {
  const { deck, parts, frame } = view;
  if (!deck || !view.steered) return;
  const slide = deck.slides[slideOf(view)];
  const hidden = isHidden(view);
  frame.toggleAttribute("data-hidden", hidden);
  if (hidden) frame.removeAttribute("data-revealing");
  frame.dataset.slide = slide.id;
  drawSeen(view, slide, hidden);
  view.grids.forEach((grid, index) => drawGrid(view, grid, slide, index, hidden));
  view.reveals.hidden = !(view.hides || view.presenting);
  view.reveals.disabled = !hidden;
  const position = `response ${view.at + 1} of ${deck.order.length}`;
  parts.position.textContent = position;
  const live = hidden ? `${position}, seen image hidden` : `${position}, seen: ${slide.caption}`;
  if (parts.live.textContent !== live) parts.live.textContent = live;
  drawStrip(view, slideOf(view));
  drawProgress(view);
  post(view);
}

function drawSeen(view, slide, hidden) {
  const { parts, seen, deck } = view;
  fill(seen, view, hidden ? undefined : slide.seen, deck.images[slide.seen].alt);
  parts.question.hidden = !hidden;
  parts.card.disabled = !hidden;
  if (hidden) parts.card.setAttribute("aria-label", "Seen image, hidden: reveal");
  else parts.card.removeAttribute("aria-label");
  parts.caption.textContent = hidden
    ? "What was seen?"
    : view.presenting ? slide.caption : `Seen: ${slide.caption}`;
}

function drawGrid(view, { tiles, note }, slide, index, hidden) {
  const { places, scores } = slide.rows[index];
  const { images } = view.deck;
  const { category } = images[slide.seen];
  tiles.forEach((tile, rank) => {
    const place = places[rank];
    tile.node.hidden = place === undefined;
    if (place === undefined) return;
    const image = images[place];
    const own = !hidden && place === slide.seen;
    const alike = !hidden && !own && Boolean(category) && image.category === category;
    const role = own ? "the seen image" : alike ? "same object category" : "";
    fill(tile, view, place, `${rank + 1}: ${image.alt}${role ? `, ${role}` : ""}`);
    tile.node.classList.toggle("right", own);
    tile.node.classList.toggle("alike", alike);
    tile.node.title = [image.category || image.alt, role].filter(Boolean).join(", ");
    tile.badge.textContent = own ? "\u2713" : alike ? "\u2022" : "";
    const score = scores[rank];
    tile.score.textContent = score === null ? "\u2013" : (score / 1000).toFixed(2);
    tile.category.textContent = image.category;
  });
  note.textContent = hidden ? "Rank and object category after the reveal" : slide.notes[index] ?? "";
}

function drawProgress(view) {
  const { deck, parts, at } = view;
  const spans = [...parts.progress.children];
  if (spans.length === deck.order.length) {
    spans.forEach((dot, index) => dot.classList.toggle("here", index === at));
  } else {
    spans[0].style.width = `${(100 * (at + 1)) / deck.order.length}%`;
  }
}

// In the page the style sheet arranges; a presentation is fitted to the screen.
function arrange(view) {
  const { frame, deck } = view;
  if (!view.presenting || !deck) return;
  const fit = fitted(frame.clientWidth, frame.clientHeight, deck.titles, view.tiles);
  const sizes = { tile: fit.tile, seen: fit.seen, type: fit.type, gap: fit.gap };
  for (const [name, pixels] of Object.entries(sizes)) {
    frame.style.setProperty(`--${name}`, `${pixels}px`);
  }
  frame.style.setProperty("--columns", fit.columns);
  frame.toggleAttribute("data-above", fit.above);
  frame.toggleAttribute("data-beside", fit.beside);
  frame.toggleAttribute("data-captions", fit.captions);
}
