// The strip from worse to better: a histogram of the ranks, on which each response has its place.

const BINS = 32;

// Every response at its own place from 0 (worst) to 1: within a bin side by side, in order. The
// scale is logarithmic, because the first ranks are what a good decoder differs in.
function stripOf(ranks, chance) {
  const values = ranks.map((rank) => rank ?? Infinity);
  const finite = values.filter(Number.isFinite);
  const worst = Math.max(2, chance ?? 0, ...finite);
  const at = (rank) => 1 - Math.log(Math.min(Math.max(rank, 1), worst)) / Math.log(worst);
  const sorted = values.map((_, slide) => slide).sort((a, b) => values[b] - values[a] || a - b);
  const bins = Array.from({ length: BINS }, () => []);
  for (const slide of sorted) {
    bins[Math.min(BINS - 1, Math.floor(at(values[slide]) * BINS))].push(slide);
  }
  const places = new Array(ranks.length);
  bins.forEach((slides, bin) =>
    slides.forEach((slide, index) => {
      places[slide] = (bin + (index + 0.5) / slides.length) / BINS;
    }),
  );
  const most = Math.max(...bins.map((slides) => slides.length));
  return { sorted, places, at, worst, shares: bins.map((slides) => slides.length / most) };
}

function buildStrip(view) {
  const { deck, parts } = view;
  view.strip = stripOf(deck.slides.map((slide) => slide.ranks[0]), deck.chance);
  parts.bars.replaceChildren(
    ...view.strip.shares.map((share) => {
      const bar = element("span", "");
      bar.style.height = share ? `${Math.max(6, 100 * share)}%` : "0";
      return bar;
    }),
  );
  parts.bins.setAttribute("aria-valuemax", deck.slides.length);
  parts.worse.textContent = `\u2190 worse (rank ${rankWords(Math.floor(view.strip.worst))})`;
  parts.better.textContent = "better (rank 1) \u2192";
  const { chance } = deck;
  parts.chance.hidden = chance === null;
  if (!parts.chance.hidden) parts.chance.style.left = `${100 * view.strip.at(chance)}%`;
}

const rankWords = (rank) =>
  rank === null ? "unknown" : rank.toLocaleString("en-US", { maximumFractionDigits: 1 });

function drawStrip(view, slide) {
  const { strip, parts, deck } = view;
  const { sorted, places } = strip;
  const number = sorted.indexOf(slide) + 1;
  parts.mark.style.left = `${100 * places[slide]}%`;
  parts.bins.setAttribute("aria-valuenow", number);
  const rank = rankWords(deck.slides[slide].ranks[0]);
  const words = `rank ${rank}, ${number} of ${sorted.length} from the worst`;
  parts.bins.setAttribute("aria-valuetext", words);
}

function slideAt(view, event) {
  const box = view.parts.bins.getBoundingClientRect();
  const place = (event.clientX - box.left) / box.width;
  const distance = (slide) => Math.abs(view.strip.places[slide] - place);
  return view.strip.sorted.reduce((best, slide) => (distance(slide) < distance(best) ? slide : best));
}

const STRIDES = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };

function strideOf(view, key) {
  const { sorted } = view.strip;
  const number = sorted.indexOf(slideOf(view));
  if (key === "Home") return sorted[0];
  if (key === "End") return sorted.at(-1);
  if (!(key in STRIDES)) return undefined;
  return sorted[Math.min(Math.max(number + STRIDES[key], 0), sorted.length - 1)];
}

function listenStrip(view) {
  const { bins } = view.parts;
  const follow = (event) => {
    if (bins.hasPointerCapture(event.pointerId)) goToSlide(view, slideAt(view, event));
  };
  bins.onpointerdown = (event) => {
    if (event.button) return;
    bins.setPointerCapture(event.pointerId);
    follow(event);
  };
  bins.onpointermove = follow;
  bins.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const slide = strideOf(view, event.key);
    if (slide === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    goToSlide(view, slide);
  };
}
