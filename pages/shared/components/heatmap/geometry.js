// Where things are: the layout of the canvas, the window of cells in view, what lies at a point.

const STRIP = 14;
const GAP = 3;
const LINE = 13;
const NARROW = 460;
const WIDEST_NAMES = 130;
const CLOSEST = 6;

function layoutOf({ n, bands, names: runs, height }, width, measure) {
  const strips = bands.length > 0 ? STRIP + GAP : 0;
  const room = Math.min(height, width - strips);
  const fitting = runs.filter((run) => ((run.stop - run.start) / n) * room >= LINE);
  const named = fitting.length * 3 > runs.length;
  // Upright names save room on a narrow page, where most of them can be read.
  const lengthOf = (run) => ((run.stop - run.start) / n) * room - 4;
  const readable = runs.filter((run) => measure(run.label) <= lengthOf(run));
  const rotated = width < NARROW && readable.length * 2 >= runs.length;
  const widest = named && !rotated ? Math.max(...runs.map((run) => measure(run.label))) : 0;
  const names = rotated ? 2 * LINE + 4 : Math.min(widest, WIDEST_NAMES, width / 4) + 7;
  const gutter = named ? Math.ceil(names) : 0;
  const left = gutter + strips;
  const side = Math.max(Math.floor(Math.min(height, width - left)), 40);
  return { gutter, rotated, left, top: strips, side, width: left + side, height: strips + side };
}

const wholeView = (n) => ({ x0: 0, y0: 0, size: n });

function moveView(view, n, x0, y0, size = view.size) {
  const kept = clamp(size, Math.min(n, CLOSEST), n);
  return { x0: clamp(x0, 0, n - kept), y0: clamp(y0, 0, n - kept), size: kept };
}

function zoomView(view, n, factor, at) {
  const size = clamp(view.size * factor, Math.min(n, CLOSEST), n);
  const scale = size / view.size;
  const x0 = at.x - (at.x - view.x0) * scale;
  const y0 = at.y - (at.y - view.y0) * scale;
  return moveView(view, n, x0, y0, size);
}

const centreOf = (view) => ({ x: view.x0 + view.size / 2, y: view.y0 + view.size / 2 });

function pointIn({ layout, view }, x, y) {
  const scale = view.size / layout.side;
  return { x: view.x0 + (x - layout.left) * scale, y: view.y0 + (y - layout.top) * scale };
}

const bandAt = (bands, place) =>
  bands.findIndex((band) => band.start <= place && place < band.stop);

function targetAt(plot, x, y) {
  const { layout, data } = plot;
  const point = pointIn(plot, x, y);
  const column = clamp(Math.floor(point.x), 0, data.n - 1);
  const row = clamp(Math.floor(point.y), 0, data.n - 1);
  const across = x >= layout.left && x < layout.left + layout.side;
  const down = y >= layout.top && y < layout.top + layout.side;
  if (across && down) return { cell: [row, column] };
  const place = down && x < layout.left - GAP ? row : across && y < layout.top - GAP ? column : -1;
  const band = place < 0 ? -1 : bandAt(data.bands, place);
  return band < 0 ? {} : { band };
}

function revealed(view, n, [row, column]) {
  const follow = (start, place) =>
    place < start ? place : place + 1 > start + view.size ? place + 1 - view.size : start;
  return moveView(view, n, follow(view.x0, column), follow(view.y0, row));
}

function centred(view, n, [row, column]) {
  const half = view.size / 2;
  const inside = (start, place) => place >= start && place + 1 <= start + view.size;
  if (inside(view.x0, column) && inside(view.y0, row)) return view;
  return moveView(view, n, column + 0.5 - half, row + 0.5 - half);
}

// The window asked from Python is wider than the view, so that a small pan needs no new answer.
function windowAround(view, n) {
  const size = Math.min(n, Math.ceil(view.size * 1.3) + 1);
  const margin = (size - view.size) / 2;
  const start = (from) => clamp(Math.floor(from - margin), 0, n - size);
  return [start(view.y0), start(view.x0), size];
}

const covers = ([row, column, size], view) =>
  row <= view.y0 &&
  column <= view.x0 &&
  row + size >= view.y0 + view.size &&
  column + size >= view.x0 + view.size;

const windowOf = ({ row0, column0, size }) => [row0, column0, size];
