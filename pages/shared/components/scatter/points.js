// The points themselves: WebGL, or canvas 2-D where there is no WebGL.

const VERTEX = `
attribute vec2 place;
attribute vec4 colour;
attribute float chosen;
uniform vec2 centre;
uniform vec2 scale;
uniform float wanted;
uniform mediump float pixels;
varying vec4 fill;
void main() {
  bool shown = chosen == wanted;
  gl_Position = shown ? vec4((place - centre) * scale, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = pixels;
  fill = colour;
}`;

const FRAGMENT = `
precision mediump float;
uniform float pixels;
uniform float ring;
uniform vec3 ringColour;
uniform float fade;
varying vec4 fill;
void main() {
  float radius = pixels * 0.5 - 0.5;
  float distance = length(gl_PointCoord - 0.5) * pixels;
  float inside = clamp(radius - distance + 0.5, 0.0, 1.0);
  float edge = ring > 0.0 ? clamp(distance - (radius - ring) + 0.5, 0.0, 1.0) : 0.0;
  float alpha = mix(fill.a * fade, max(fill.a * fade, fade), edge) * inside;
  gl_FragColor = vec4(mix(fill.rgb, ringColour, edge) * alpha, alpha);
}`;

function painterOf(canvas) {
  const gl = canvas.getContext("webgl", { antialias: false, premultipliedAlpha: true });
  return gl ? glPainter(canvas, gl) : { canvas, paint: paintFlat };
}

function glPainter(canvas, gl) {
  const painter = { canvas, gl, paint: paintGl };
  const start = () => Object.assign(painter, { lost: false, parts: {}, program: programOf(gl) });
  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault();
    painter.lost = true;
  });
  canvas.addEventListener("webglcontextrestored", () => {
    start();
    painter.restored?.();
  });
  start();
  return painter;
}

function programOf(gl) {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return program;
}

// Fills a buffer only when what it holds has changed.
function attribute({ gl, program, parts }, name, version, width, kind, make) {
  const part = (parts[name] ??= { buffer: gl.createBuffer() });
  const place = gl.getAttribLocation(program, name);
  gl.bindBuffer(gl.ARRAY_BUFFER, part.buffer);
  if (part.version !== version) gl.bufferData(gl.ARRAY_BUFFER, make(), gl.DYNAMIC_DRAW);
  part.version = version;
  gl.enableVertexAttribArray(place);
  gl.vertexAttribPointer(place, width, kind, name === "colour", 0, 0);
}

function paintGl(painter, plot, ratio) {
  const { gl, program, lost } = painter;
  const { cloud, versions } = plot;
  if (lost) return;
  fitCanvas(painter.canvas, plot, ratio);
  gl.viewport(0, 0, painter.canvas.width, painter.canvas.height);
  gl.clearColor(0, 0, 0, 0);
  gl.clear(gl.COLOR_BUFFER_BIT);
  if (!cloud.order.length) return;
  gl.useProgram(program);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  attribute(painter, "place", versions.points, 2, gl.FLOAT, () => placesInOrder(cloud));
  const colours = `${versions.points}/${versions.colours}`;
  attribute(painter, "colour", colours, 4, gl.UNSIGNED_BYTE, () => coloursInOrder(plot));
  const chosen = `${versions.points}/${versions.selected}`;
  attribute(painter, "chosen", chosen, 1, gl.UNSIGNED_BYTE, () =>
    Uint8Array.from(cloud.order, (row) => plot.selected[row]),
  );
  const scale = scaleOf(plot);
  const uniform = (name) => gl.getUniformLocation(program, name);
  gl.uniform2f(uniform("centre"), plot.view.x, plot.view.y);
  gl.uniform2f(uniform("scale"), (2 * scale) / plot.width, (2 * scale) / plot.height);
  for (const layer of layersOf(plot)) {
    gl.uniform1f(uniform("wanted"), layer.chosen);
    gl.uniform1f(uniform("pixels"), layer.diameter * ratio);
    gl.uniform1f(uniform("ring"), layer.ring * ratio);
    gl.uniform1f(uniform("fade"), layer.fade);
    gl.uniform3f(uniform("ringColour"), ...layer.ringColour.map((part) => part / 255));
    gl.drawArrays(gl.POINTS, 0, cloud.order.length);
  }
}

// Unselected points first, so that the selected ones lie above.
function layersOf(plot) {
  const diameter = diameterOf(plot);
  const { count, theme } = plot;
  const gap = !count && diameter >= 6 ? 0.8 : 0;
  const fade = count ? 0.22 : 1;
  const rest = { chosen: 0, diameter, ring: gap, fade, ringColour: theme.backgroundRgb };
  // Thinner rings where there are many, which would hide the colours.
  const ring = clamp(1.75 - 0.35 * Math.log10(Math.max(count, 1)), 0.5, 1.5);
  const raised = diameter * 1.1 + 2 * ring;
  const above = { chosen: 1, diameter: raised, ring, fade: 1, ringColour: theme.textRgb };
  return count ? [rest, above] : [rest];
}

function diameterOf({ cloud, data, view }) {
  const base = data.size ?? clamp(60 / Math.max(cloud.order.length, 1) ** 0.28, 3, 11);
  return base * Math.min(view.zoom ** 0.3, 3);
}

const alphaOf = (n) => (n > 10000 ? 0.75 : n > 2000 ? 0.85 : 0.95);

function placesInOrder({ place, order }) {
  const filled = new Float32Array(2 * order.length);
  order.forEach((row, index) => {
    filled[2 * index] = place[2 * row];
    filled[2 * index + 1] = place[2 * row + 1];
  });
  return filled;
}

function coloursInOrder({ cloud, codes, palette }) {
  const filled = new Uint8Array(4 * cloud.order.length);
  cloud.order.forEach((row, index) => filled.set(palette[codes[row]] ?? palette.at(-1), 4 * index));
  return filled;
}

function fitCanvas(canvas, plot, ratio) {
  const [width, height] = [Math.round(plot.width * ratio), Math.round(plot.height * ratio)];
  if (canvas.width === width && canvas.height === height) return;
  Object.assign(canvas, { width, height });
  Object.assign(canvas.style, { width: `${plot.width}px`, height: `${plot.height}px` });
}

function paintFlat(painter, plot, ratio) {
  fitCanvas(painter.canvas, plot, ratio);
  const ctx = painter.canvas.getContext("2d");
  const scale = scaleOf(plot);
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, plot.width, plot.height);
  for (const layer of layersOf(plot)) {
    for (const row of plot.cloud.order) {
      if (plot.selected[row] === layer.chosen) paintDot(ctx, plot, layer, scale, row);
    }
  }
}

function paintDot(ctx, plot, layer, scale, row) {
  const [x, y] = onScreen(plot, scale, row);
  const radius = layer.diameter / 2;
  if (x < -radius || y < -radius || x > plot.width + radius || y > plot.height + radius) return;
  const [red, green, blue, alpha] = plot.palette[plot.codes[row]] ?? plot.palette.at(-1);
  ctx.fillStyle = `rgba(${red}, ${green}, ${blue}, ${(alpha / 255) * layer.fade})`;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
  if (!layer.chosen) return;
  ctx.strokeStyle = plot.theme.text;
  ctx.lineWidth = layer.ring;
  ctx.stroke();
}
