// The window in view, and what lies at a point of the screen. Screen positions are in CSS pixels.

const EDGE = 14;
const CLOSEST = 400;
const REACH = 8;

const wholeView = () => ({ x: 0, y: 0, zoom: 1 });

const isWhole = (view) => view.zoom === 1 && view.x === 0 && view.y === 0;

function fitOf({ cloud, width, height }) {
  const room = (side, extent) => Math.max(side / 2 - EDGE, 10) / Math.max(extent, 0.02);
  return Math.min(room(width, cloud.extent.x), room(height, cloud.extent.y));
}

const scaleOf = (plot) => fitOf(plot) * plot.view.zoom;

function moved(plot, x, y, zoom) {
  const { extent } = plot.cloud;
  const kept = clamp(zoom, 1, CLOSEST);
  return { x: clamp(x, -extent.x, extent.x), y: clamp(y, -extent.y, extent.y), zoom: kept };
}

function onScreen({ cloud, view, width, height }, scale, row) {
  const x = width / 2 + (cloud.place[2 * row] - view.x) * scale;
  return [x, height / 2 - (cloud.place[2 * row + 1] - view.y) * scale];
}

function onMap(plot, [x, y]) {
  const scale = scaleOf(plot);
  const { view, width, height } = plot;
  return [view.x + (x - width / 2) / scale, view.y - (y - height / 2) / scale];
}

function panned(plot, view, dx, dy) {
  const scale = fitOf(plot) * view.zoom;
  return moved(plot, view.x - dx / scale, view.y + dy / scale, view.zoom);
}

function zoomed(plot, view, factor, [x, y]) {
  const zoom = clamp(view.zoom * factor, 1, CLOSEST);
  const [before, after] = [fitOf(plot) * view.zoom, fitOf(plot) * zoom];
  const [dx, dy] = [x - plot.width / 2, y - plot.height / 2];
  if (zoom === 1) return wholeView();
  const gain = 1 / before - 1 / after;
  return moved(plot, view.x + dx * gain, view.y - dy * gain, zoom);
}

// Images lie over the points; the one on top is the last.
function rowAt(plot, [x, y]) {
  const { placed, cloud } = plot;
  const scale = scaleOf(plot);
  for (let index = placed.length - 1; index >= 0; index -= 1) {
    const [left, top] = onScreen(plot, scale, placed[index].row);
    if (Math.max(Math.abs(x - left), Math.abs(y - top)) <= plot.tileSide / 2) {
      return placed[index].row;
    }
  }
  const radius = Math.max(REACH, diameterOf(plot) / 2 + 2) / scale;
  return nearestRow(cloud, ...onMap(plot, [x, y]), radius);
}

// The next point in the direction of an arrow key: near, and rather ahead than aside.
function rowTowards(plot, [x, y], [dx, dy]) {
  const scale = scaleOf(plot);
  let nearest = -1;
  let least = Infinity;
  for (const row of plot.cloud.order) {
    const [left, top] = onScreen(plot, scale, row);
    const ahead = (left - x) * dx + (top - y) * dy;
    const aside = Math.abs((left - x) * dy - (top - y) * dx);
    if (ahead > 0.5 && aside <= ahead && ahead + 2 * aside < least) {
      [nearest, least] = [row, ahead + 2 * aside];
    }
  }
  return nearest;
}

function revealed(plot, row) {
  const [x, y] = onScreen(plot, scaleOf(plot), row);
  const outside = x < EDGE || y < EDGE || x > plot.width - EDGE || y > plot.height - EDGE;
  const { place } = plot.cloud;
  return outside ? moved(plot, place[2 * row], place[2 * row + 1], plot.view.zoom) : plot.view;
}

// Which images are drawn depends on the zoom only, so that none comes or goes while moving.
function thinned(plot) {
  const { data, atlas, cloud } = plot;
  if (!data.images || !atlas?.image.naturalWidth || !data.atlas) return [];
  const side = plot.tileSide;
  const scale = scaleOf(plot);
  const taken = new Map();
  const first = new Set([data.star, ...data.marks]);
  const rank = (row) => (first.has(row) ? 0 : plot.selected[row] ? 1 : 2);
  const tiles = data.atlas.rows
    .map((row, tile) => ({ row, tile, rank: rank(row) }))
    .filter(({ row }) => row < data.n && isPlaced(cloud.place, row))
    .sort((a, b) => a.rank - b.rank);
  const kept = tiles.filter(({ row }) => {
    const [x, y] = [cloud.place[2 * row] * scale, cloud.place[2 * row + 1] * scale];
    return isFree(taken, side + 2, x, y);
  });
  return kept.reverse();
}

function isFree(taken, side, x, y) {
  const [column, line] = [Math.floor(x / side), Math.floor(y / side)];
  for (let across = -1; across <= 1; across += 1) {
    for (let down = -1; down <= 1; down += 1) {
      const near = taken.get(`${column + across}/${line + down}`);
      if (near && Math.max(Math.abs(near[0] - x), Math.abs(near[1] - y)) < side) return false;
    }
  }
  taken.set(`${column}/${line}`, [x, y]);
  return true;
}
