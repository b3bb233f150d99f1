// One plot per mount: what is shown, how it is turned, and the messages to Python.

const POSES = {
  side: { turn: Math.PI / 2, tilt: 0 },
  middle: { turn: -Math.PI / 2, tilt: 0 },
  behind: { turn: 0, tilt: 0 },
  below: { turn: 0.35, tilt: -1.05 },
};
const KEYS = { 1: "side", 2: "middle", 3: "behind", 4: "below" };
const STEP = 0.12;
const NARROW = 430;
const NEAR = 12;

function createPlot(root) {
  const find = (selector) => root.querySelector(selector);
  const plot = {
    canvas: find("canvas"),
    frame: find(".cortex"),
    buttons: [...root.querySelectorAll("[data-pose]")],
    parts: {},
    pose: { ...POSES.below },
    named: "below",
    zoom: 1,
    run: 0,
    sides: null,
  };
  for (const part of ["readout", "announcement", "label", "minimum", "maximum", "bar"]) {
    plot.parts[part] = find(`.${part}`);
  }
  plot.overlay = find(".overlay");
  plot.shaders = shadersOf(plot.canvas);
  plot.observer = new ResizeObserver(() => refresh(plot));
  listen(plot);
  return plot;
}

const isNarrow = (plot) => plot.frame.clientWidth < NARROW;

function sizeOf(plot) {
  const width = plot.frame.clientWidth;
  const wanted = Math.min(plot.data.height, width * (isNarrow(plot) ? 1.25 : 0.56));
  return { width, height: Math.round(wanted) };
}

// The panel of each hemisphere: beside each other, on a narrow screen below each other.
function panelsOf(plot) {
  const { width, height } = sizeOf(plot);
  if (isNarrow(plot)) {
    return [0, 1].map((side) => ({ x: 0, y: (side * height) / 2, width, height: height / 2 }));
  }
  return [0, 1].map((side) => ({ x: (side * width) / 2, y: 0, width: width / 2, height }));
}

function poseOf(plot, side) {
  if (plot.data.view === "flat") return { turn: 0, tilt: 0, isFlat: true };
  // Turned as in a mirror, so that both show the same side of the cortex.
  return { turn: side ? -plot.pose.turn : plot.pose.turn, tilt: plot.pose.tilt };
}

// Pixels for a mm: the same for both, so that neither looks larger. While it is turned by hand
// it keeps its size.
function scaleOf(plot, panel) {
  if (plot.data.view === "flat" || plot.named || !plot.scale) {
    const fits = [0, 1].map((side) => {
      const { across, up } = extentOf(plot.sides[side].shape, poseOf(plot, side));
      return Math.min(panel.width / across, panel.height / up);
    });
    plot.scale = 0.95 * Math.min(...fits);
  }
  return plot.scale * plot.zoom;
}

async function load(plot) {
  const { data } = plot;
  const run = plot.run;
  const pending = geometryOf(data.geometry);
  if (!pending) {
    plot.component.setTriggerValue("message", { event: "missing", serial: Date.now() });
    return;
  }
  const [geometry, values, labels] = await Promise.all([
    pending,
    unpacked(data.values),
    data.borders ? unpacked(data.borders) : null,
  ]);
  if (plot.run !== run || !plot.shaders) return;
  const { gl } = plot.shaders;
  const steps = new Uint16Array(values);
  const palette = data.palette.map(rgbOf);
  for (const old of plot.sides ?? []) {
    gl.deleteBuffer(old.colours);
    if (old.borders) gl.deleteBuffer(old.borders.buffer);
    if (old.mark) gl.deleteBuffer(old.mark);
  }
  plot.sides = geometry.sides.map((own, side) => {
    const shape = own[data.view === "flat" ? "flat" : "inflated"];
    const mine = steps.subarray(side * VERTICES, (side + 1) * VERTICES);
    const colours = coloursOf(own.depth, mine, palette, plot.isDark);
    const regions = labels && new Uint8Array(labels, side * VERTICES, VERTICES);
    const segments = regions && bordersOf(shape, regions);
    const [picked, vertex] = data.picked ?? [-1, -1];
    const marked = picked === side && shape.used[vertex];
    return {
      shape,
      values: mine,
      regions,
      middles: regions ? middlesOf(shape, regions, data.names) : [],
      colours: bufferOf(gl, colours),
      borders: segments && { buffer: bufferOf(gl, segments), count: segments.length / 3 },
      mark: marked ? bufferOf(gl, shape.places.slice(3 * vertex, 3 * vertex + 3)) : null,
    };
  });
  refresh(plot);
}

function update(plot, component) {
  plot.component = component;
  plot.data = component.data;
  const { data, parts } = plot;
  plot.isDark = luminance(getComputedStyle(plot.frame).color) > 0.5;
  plot.canvas.setAttribute("aria-label", data.description);
  parts.label.textContent = data.label;
  parts.minimum.textContent = words(data.ends[0]);
  parts.maximum.textContent = words(data.ends[1]);
  parts.bar.style.background = `linear-gradient(to right, ${data.palette.join(",")})`;
  for (const button of plot.buttons) button.disabled = data.view === "flat";
  if (!plot.shaders) parts.readout.textContent = "This browser draws no WebGL.";
  load(plot);
}

const words = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: 3 });

function luminance(colour) {
  const [red, green, blue] = colour.match(/[\d.]+/g).map(Number);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}

function paint(plot) {
  plot.pending = null;
  if (!plot.sides || !plot.shaders || !plot.frame.clientWidth) return;
  const { gl } = plot.shaders;
  const { width, height } = sizeOf(plot);
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const pixels = [width, height].map((side) => Math.round(side * ratio));
  if (plot.canvas.width !== pixels[0] || plot.canvas.height !== pixels[1]) {
    [plot.canvas.width, plot.canvas.height] = pixels;
    plot.canvas.style.height = `${height}px`;
  }
  gl.enable(gl.DEPTH_TEST);
  gl.clearColor(0, 0, 0, 0);
  gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  const look = { line: plot.isDark ? [0, 0, 0] : [0.05, 0.05, 0.05], mark: [0.84, 0.15, 0.5] };
  panelsOf(plot).forEach((panel, side) => {
    const scale = scaleOf(plot, panel);
    const frame = [(2 * scale) / panel.width, (2 * scale) / panel.height, 1 / 200];
    const box = [panel.x, height - panel.y - panel.height, panel.width, panel.height];
    drawSide(
      plot.shaders,
      plot.sides[side],
      poseOf(plot, side),
      [...frame, plot.data.view === "flat" ? 1 : 0],
      box.map((value) => value * ratio),
      look,
    );
  });
  writeNames(plot);
  plot.frame.classList.toggle("stacked", isNarrow(plot));
  for (const button of plot.buttons) {
    button.setAttribute("aria-pressed", String(button.dataset.pose === plot.named));
  }
}

// Names of regions at their middles, where these face the eye and no other name stands.
function writeNames(plot) {
  const { overlay } = plot;
  const taken = [];
  const shown = [];
  panelsOf(plot).forEach((panel, side) => {
    const pose = poseOf(plot, side);
    const scale = scaleOf(plot, panel);
    for (const { name, place, normal } of plot.sides[side].middles) {
      if (!pose.isFlat && turned(normal, pose)[2] > -0.25) continue;
      const [across, up] = turned(place, pose);
      const x = panel.x + panel.width / 2 + across * scale;
      const y = panel.y + panel.height / 2 - up * scale;
      const half = 4 * name.length;
      if (taken.some((other) => Math.abs(other.x - x) < half + other.half && Math.abs(other.y - y) < 13)) continue;
      taken.push({ x, y, half });
      shown.push({ name, x, y });
    }
  });
  overlay.replaceChildren(
    ...shown.map(({ name, x, y }) => {
      const span = document.createElement("span");
      span.textContent = name;
      span.style.transform = `translate(-50%, -50%) translate(${x}px, ${y}px)`;
      return span;
    }),
  );
}

// Hemisphere and vertex under the pointer; vertices with a value come first.
function pointed(plot, event) {
  if (!plot.sides) return null;
  const [x, y] = position(plot, event);
  const panels = panelsOf(plot);
  const side = panels.findIndex(
    (panel) => x >= panel.x && x < panel.x + panel.width && y >= panel.y && y < panel.y + panel.height,
  );
  if (side < 0) return null;
  const panel = panels[side];
  const scale = scaleOf(plot, panel);
  const place = [
    (x - panel.x - panel.width / 2) / scale,
    -(y - panel.y - panel.height / 2) / scale,
  ];
  const vertex = vertexAt(plot.sides[side].shape, poseOf(plot, side), place, NEAR / scale);
  return vertex < 0 ? null : { side, vertex };
}

function read(plot, at) {
  const { readout } = plot.parts;
  if (!at) {
    readout.textContent = "";
    return;
  }
  const { values, regions } = plot.sides[at.side];
  const [low, high] = plot.data.ends;
  const step = values[at.vertex];
  const region = regions && regions[at.vertex] ? plot.data.names[regions[at.vertex] - 1] : "";
  const value = step === NOTHING ? "no unit" : words(low + (step / 65534) * (high - low));
  readout.textContent = `${at.side ? "right" : "left"} ${region} ${value}`.replace(/ +/g, " ");
}

function setPose(plot, name) {
  Object.assign(plot, { pose: { ...POSES[name] }, named: name, zoom: 1 });
  announce(plot, `Seen from ${name === "middle" ? "the middle" : name}`);
  refresh(plot);
}

function turn(plot, across, up) {
  plot.pose.turn += across;
  plot.pose.tilt = clamp(plot.pose.tilt + up, -Math.PI / 2, Math.PI / 2);
  plot.named = "";
  refresh(plot);
}

function listen(plot) {
  const { canvas } = plot;
  let start = null;
  canvas.addEventListener("pointerdown", (event) => {
    start = { at: position(plot, event), last: position(plot, event), moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!start) return read(plot, pointed(plot, event));
    const [x, y] = position(plot, event);
    start.moved ||= Math.hypot(x - start.at[0], y - start.at[1]) > DRAG;
    if (start.moved && plot.data.view !== "flat") {
      const mirror = pointedSide(plot, start.at) ? -1 : 1;
      turn(plot, (mirror * (start.last[0] - x)) / 120, (start.last[1] - y) / 120);
    }
    start.last = [x, y];
  });
  canvas.addEventListener("pointerup", (event) => {
    const at = start && !start.moved ? pointed(plot, event) : null;
    start = null;
    if (!at) return;
    announce(plot, "Picked a place");
    plot.component.setTriggerValue("message", { event: "picked", ...at, serial: Date.now() });
  });
  canvas.addEventListener("pointercancel", () => (start = null));
  canvas.addEventListener("pointerleave", () => read(plot, null));
  canvas.addEventListener("keydown", (event) => press(plot, event));
  for (const button of plot.buttons) {
    button.addEventListener("click", () => setPose(plot, button.dataset.pose));
  }
}

const pointedSide = (plot, [x, y]) => {
  const second = panelsOf(plot)[1];
  return x >= second.x && y >= second.y;
};

function press(plot, event) {
  const moves = {
    ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP],
  };
  const { key } = event;
  if (moves[key] && plot.data.view !== "flat") turn(plot, ...moves[key]);
  else if (KEYS[key] && plot.data.view !== "flat") setPose(plot, KEYS[key]);
  else if (key === "+" || key === "-" || key === "0") {
    plot.zoom = key === "0" ? 1 : clamp(plot.zoom * (key === "+" ? 1.25 : 0.8), 0.5, 6);
    refresh(plot);
  } else return;
  event.preventDefault();
}

function release(plot) {
  halt(plot);
}

export default function cortex(component) {
  return mount(component, (plot) => plot.frame);
}
