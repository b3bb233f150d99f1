// The geometry of fsaverage5 as Python packs it, borders between regions, and what is pointed at.

const VERTICES = 10242;
const FACES = 20480;
const NOTHING = 65535;
const geometries = new Map();

async function unpacked(base64) {
  const text = atob(base64);
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

// Kept by version for all maps of the page; null where it was never sent to this page.
function geometryOf({ version, content }) {
  if (content !== null && !geometries.has(version)) {
    geometries.set(version, unpacked(content).then(decoded));
  }
  return geometries.get(version) ?? null;
}

function decoded(buffer) {
  let at = 0;
  const take = (Kind, count) => {
    const end = at + count * Kind.BYTES_PER_ELEMENT;
    const part = new Kind(buffer.slice(at, end));
    at = end;
    return part;
  };
  const faces = take(Uint16Array, 3 * FACES);
  const sides = [0, 1].map(() => {
    const inflated = Float32Array.from(take(Int16Array, 3 * VERTICES), (value) => value / 100);
    const steps = take(Int16Array, 2 * VERTICES);
    const flat = new Float32Array(3 * VERTICES);
    for (let vertex = 0; vertex < VERTICES; vertex += 1) {
      // Seen from behind, as the inflated ones are: across and up.
      flat[3 * vertex] = steps[2 * vertex] / 100;
      flat[3 * vertex + 2] = steps[2 * vertex + 1] / 100;
    }
    const bits = take(Uint8Array, FACES / 8);
    const isFlat = (face) => (bits[face >> 3] >> (face & 7)) & 1;
    const flatFaces = facesWhere(faces, isFlat);
    const depth = take(Uint8Array, VERTICES);
    return {
      depth,
      inflated: shapeOf(inflated, faces),
      flat: shapeOf(flat, flatFaces),
    };
  });
  return { sides };
}

function facesWhere(faces, keep) {
  const kept = [];
  for (let face = 0; face < FACES; face += 1) {
    if (keep(face)) kept.push(faces[3 * face], faces[3 * face + 1], faces[3 * face + 2]);
  }
  return Uint16Array.from(kept);
}

// Places, faces, normals, and which vertices have a face.
function shapeOf(places, faces) {
  const normals = new Float32Array(places.length);
  const used = new Uint8Array(VERTICES);
  for (let at = 0; at < faces.length; at += 3) {
    const [a, b, c] = [3 * faces[at], 3 * faces[at + 1], 3 * faces[at + 2]];
    const edge = (from, to) => [0, 1, 2].map((axis) => places[to + axis] - places[from + axis]);
    const [u, v] = [edge(a, b), edge(a, c)];
    const normal = [
      u[1] * v[2] - u[2] * v[1],
      u[2] * v[0] - u[0] * v[2],
      u[0] * v[1] - u[1] * v[0],
    ];
    for (const corner of [a, b, c]) {
      used[corner / 3] = 1;
      for (let axis = 0; axis < 3; axis += 1) normals[corner + axis] += normal[axis];
    }
  }
  for (let vertex = 0; vertex < VERTICES; vertex += 1) {
    const at = 3 * vertex;
    const length = Math.hypot(normals[at], normals[at + 1], normals[at + 2]) || 1;
    for (let axis = 0; axis < 3; axis += 1) normals[at + axis] /= length;
  }
  return { places, faces, normals, used };
}

// How far a shape reaches across and up, as it is turned.
function extentOf({ places, used }, pose) {
  const most = [0, 0];
  for (let vertex = 0; vertex < VERTICES; vertex += 1) {
    if (!used[vertex]) continue;
    const at = turned(places.subarray(3 * vertex, 3 * vertex + 3), pose);
    for (const axis of [0, 1]) most[axis] = Math.max(most[axis], Math.abs(at[axis]));
  }
  return { across: 2 * most[0], up: 2 * most[1] };
}

// The middle of each region: the vertex of it that lies nearest to its mean.
function middlesOf({ places, normals, used }, regions, names) {
  const sums = names.map(() => [0, 0, 0, 0]);
  const each = (act) => {
    for (let vertex = 0; vertex < VERTICES; vertex += 1) {
      if (used[vertex] && regions[vertex]) act(regions[vertex] - 1, 3 * vertex);
    }
  };
  each((region, at) => {
    for (let axis = 0; axis < 3; axis += 1) sums[region][axis] += places[at + axis];
    sums[region][3] += 1;
  });
  const nearest = names.map(() => ({ least: Infinity, at: -1 }));
  each((region, at) => {
    const sum = sums[region];
    let away = 0;
    for (let axis = 0; axis < 3; axis += 1) away += (places[at + axis] - sum[axis] / sum[3]) ** 2;
    if (away < nearest[region].least) nearest[region] = { least: away, at };
  });
  return names
    .map((name, region) => ({ name, at: nearest[region].at }))
    .filter(({ at }) => at >= 0)
    .map(({ name, at }) => ({
      name,
      place: places.slice(at, at + 3),
      normal: normals.slice(at, at + 3),
    }));
}

// Segments between the middles of the edges of a face whose ends are of different regions.
function bordersOf({ places, faces }, labels) {
  const segments = [];
  for (let at = 0; at < faces.length; at += 3) {
    const corners = [faces[at], faces[at + 1], faces[at + 2]];
    const middles = [];
    for (const [i, j] of [[0, 1], [1, 2], [2, 0]]) {
      if (labels[corners[i]] === labels[corners[j]]) continue;
      for (let axis = 0; axis < 3; axis += 1) {
        middles.push((places[3 * corners[i] + axis] + places[3 * corners[j] + axis]) / 2);
      }
    }
    // Where three regions meet, the last segment closes the corner.
    if (middles.length >= 6) segments.push(...middles.slice(0, 6));
    if (middles.length === 9) segments.push(...middles.slice(3, 9));
  }
  return Float32Array.from(segments);
}

// Across, up and away from the eye, after turning about the vertical axis and then tilting.
function turned([x, y, z], { turn, tilt }) {
  const across = x * Math.cos(turn) - y * Math.sin(turn);
  const away = x * Math.sin(turn) + y * Math.cos(turn);
  return [
    across,
    z * Math.cos(tilt) + away * Math.sin(tilt),
    away * Math.cos(tilt) - z * Math.sin(tilt),
  ];
}

// The vertex nearest to a place of the panel, of those that face the eye.
function vertexAt(shape, pose, [x, y], radius) {
  let nearest = -1;
  let least = radius * radius;
  for (let vertex = 0; vertex < VERTICES; vertex += 1) {
    if (!shape.used[vertex]) continue;
    const at = 3 * vertex;
    const [across, up] = turned(shape.places.subarray(at, at + 3), pose);
    const distance = (across - x) ** 2 + (up - y) ** 2;
    if (distance > least) continue;
    const [, , away] = turned(shape.normals.subarray(at, at + 3), pose);
    if (!pose.isFlat && away > 0.05) continue;
    [nearest, least] = [vertex, distance];
  }
  return nearest;
}
