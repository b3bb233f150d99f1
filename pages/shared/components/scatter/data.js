// What Python sends rarely, kept by version for all maps of the page, and how it is decoded.

const STORED = 64;
const store = new Map();

// The decoded content of a packet; null where it was never sent to this page.
function held(packet, decode) {
  if (!packet) return null;
  const { version, content } = packet;
  const kept = store.get(version) ?? (content === null ? null : decode(content));
  store.delete(version);
  if (kept) store.set(version, kept);
  for (const oldest of [...store.keys()].slice(0, -STORED)) store.delete(oldest);
  return kept;
}

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}

function maskOf(base64, n) {
  const bits = bytesOf(base64);
  const mask = new Uint8Array(n);
  if (!bits.length) return mask;
  for (let row = 0; row < n; row += 1) mask[row] = (bits[row >> 3] >> (row & 7)) & 1;
  return mask;
}

const rowsOf = (mask) => {
  const rows = [];
  for (let row = 0; row < mask.length; row += 1) if (mask[row]) rows.push(row);
  return rows;
};

// Very many places come in steps of the box around all of them; the last step is no place.
function unpacked(bytes, [left, low, width, height]) {
  const steps = new Uint16Array(bytes.buffer);
  const raw = new Float32Array(steps.length);
  for (let at = 0; at < steps.length; at += 2) {
    const isThere = steps[at] < 65535;
    raw[at] = isThere ? left + (steps[at] / 65534) * width : NaN;
    raw[at + 1] = isThere ? low + (steps[at + 1] / 65534) * height : NaN;
  }
  return raw;
}

// Points in a square from -1 to 1 around the middle of the map.
const cloudOf = (range) => (base64) => {
  const bytes = bytesOf(base64);
  const raw = range ? unpacked(bytes, range) : new Float32Array(bytes.buffer);
  const box = boundsOf(raw);
  const middle = { x: (box.left + box.right) / 2, y: (box.low + box.high) / 2 };
  const widest = Math.max(box.right - box.left, box.high - box.low);
  const half = widest > 0 ? widest / 2 : 1;
  const place = new Float32Array(raw.length);
  for (let at = 0; at < raw.length; at += 2) {
    place[at] = (raw[at] - middle.x) / half;
    place[at + 1] = (raw[at + 1] - middle.y) / half;
  }
  const order = shuffled(finiteRows(raw));
  const extent = { x: (box.right - box.left) / 2 / half, y: (box.high - box.low) / 2 / half };
  return { place, middle, half, extent, order, grid: gridOf(place, order) };
};

const isPlaced = (places, row) =>
  Number.isFinite(places[2 * row]) && Number.isFinite(places[2 * row + 1]);

function finiteRows(places) {
  const rows = [];
  for (let row = 0; row < places.length / 2; row += 1) if (isPlaced(places, row)) rows.push(row);
  return Uint32Array.from(rows);
}

function boundsOf(places) {
  const box = { left: Infinity, right: -Infinity, low: Infinity, high: -Infinity };
  for (let row = 0; row < places.length / 2; row += 1) {
    if (!isPlaced(places, row)) continue;
    box.left = Math.min(box.left, places[2 * row]);
    box.right = Math.max(box.right, places[2 * row]);
    box.low = Math.min(box.low, places[2 * row + 1]);
    box.high = Math.max(box.high, places[2 * row + 1]);
  }
  return box.left <= box.right ? box : { left: -1, right: 1, low: -1, high: 1 };
}

// Drawn in file order, the last source or category would cover the others.
function shuffled(rows) {
  let seed = 1;
  for (let last = rows.length - 1; last > 0; last -= 1) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((seed / 2 ** 32) * (last + 1));
    [rows[last], rows[other]] = [rows[other], rows[last]];
  }
  return rows;
}

// Rows by cell: those of cell c are rows[starts[c]] to rows[starts[c + 1]].
function gridOf(place, order) {
  const side = clamp(Math.ceil(Math.sqrt(order.length / 2)), 1, 256);
  const starts = new Uint32Array(side * side + 1);
  const cell = (row) => cellAt(side, place[2 * row + 1]) * side + cellAt(side, place[2 * row]);
  for (const row of order) starts[cell(row) + 1] += 1;
  for (let index = 0; index < side * side; index += 1) starts[index + 1] += starts[index];
  const next = starts.slice();
  const rows = new Uint32Array(order.length);
  for (const row of order) rows[next[cell(row)]++] = row;
  return { side, starts, rows };
}

const cellAt = (side, value) => clamp(Math.floor(((value + 1) / 2) * side), 0, side - 1);

function nearestRow({ place, grid }, x, y, radius) {
  const { side, starts, rows } = grid;
  let nearest = -1;
  let least = radius * radius;
  for (let line = cellAt(side, y - radius); line <= cellAt(side, y + radius); line += 1) {
    const from = starts[line * side + cellAt(side, x - radius)];
    const to = starts[line * side + cellAt(side, x + radius) + 1];
    for (let index = from; index < to; index += 1) {
      const row = rows[index];
      const distance = (place[2 * row] - x) ** 2 + (place[2 * row + 1] - y) ** 2;
      if (distance <= least) [nearest, least] = [row, distance];
    }
  }
  return nearest;
}

// Where a lasso crosses itself, all it goes around is inside.
function rowsInside({ place, order }, polygon) {
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  const [left, right, low, high] = [
    Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys),
  ];
  return [...order].filter((row) => {
    const [x, y] = [place[2 * row], place[2 * row + 1]];
    return x >= left && x <= right && y >= low && y <= high && winding(polygon, x, y) !== 0;
  });
}

function winding(polygon, x, y) {
  let turns = 0;
  polygon.forEach(([x1, y1], index) => {
    const [x2, y2] = polygon[(index + 1) % polygon.length];
    if (y1 <= y === y2 <= y) return;
    const side = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1);
    if (y1 <= y && side > 0) turns += 1;
    if (y1 > y && side < 0) turns -= 1;
  });
  return turns;
}

function rgbaOf(hex, alpha) {
  const digits = hex.replace("#", "");
  const long = digits.length < 6 ? [...digits].map((digit) => digit + digit).join("") : digits;
  const parts = [0, 2, 4].map((at) => parseInt(long.slice(at, at + 2), 16));
  const own = long.length > 6 ? parseInt(long.slice(6, 8), 16) / 255 : 1;
  return [...parts, Math.round(255 * alpha * own)];
}

const codesOf = (wide) => (base64) => {
  const bytes = bytesOf(base64);
  return wide ? new Uint16Array(bytes.buffer) : bytes;
};

function imageOf(uri) {
  const image = new Image();
  image.src = uri;
  return { image, ready: image.decode() };
}
