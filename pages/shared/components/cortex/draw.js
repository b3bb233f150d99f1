// Drawing of one hemisphere with WebGL: faces coloured by vertex, borders and a mark as lines.

const SURFACE = {
  vertex: `
    attribute vec3 place;
    attribute vec3 normal;
    attribute vec3 colour;
    uniform vec4 pose;
    uniform vec4 frame;
    varying vec3 shown;
    vec3 turned(vec3 v) {
      float across = v.x * pose.x - v.y * pose.y;
      float away = v.x * pose.y + v.y * pose.x;
      return vec3(across, v.z * pose.z + away * pose.w, away * pose.z - v.z * pose.w);
    }
    void main() {
      vec3 at = turned(place);
      float light = frame.w > 0.5 ? 1.0 : 0.62 + 0.38 * abs(turned(normal).z);
      shown = colour * light;
      gl_Position = vec4(at.x * frame.x, at.y * frame.y, at.z * frame.z, 1.0);
    }`,
  fragment: `
    precision mediump float;
    varying vec3 shown;
    void main() { gl_FragColor = vec4(shown, 1.0); }`,
};
const LINES = {
  vertex: `
    attribute vec3 place;
    uniform vec4 pose;
    uniform vec4 frame;
    void main() {
      float across = place.x * pose.x - place.y * pose.y;
      float away = place.x * pose.y + place.y * pose.x;
      float up = place.z * pose.z + away * pose.w;
      float deep = away * pose.z - place.z * pose.w;
      gl_Position = vec4(across * frame.x, up * frame.y, deep * frame.z - 0.012, 1.0);
      gl_PointSize = 11.0;
    }`,
  fragment: `
    precision mediump float;
    uniform vec3 colour;
    void main() { gl_FragColor = vec4(colour, 1.0); }`,
};

function programOf(gl, { vertex, fragment }) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return program;
}

function bufferOf(gl, content, target = gl.ARRAY_BUFFER) {
  const buffer = gl.createBuffer();
  gl.bindBuffer(target, buffer);
  gl.bufferData(target, content, gl.STATIC_DRAW);
  return buffer;
}

function attach(gl, program, name, buffer, size, kind = gl.FLOAT, scaled = false) {
  const place = gl.getAttribLocation(program, name);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.enableVertexAttribArray(place);
  gl.vertexAttribPointer(place, size, kind, scaled, 0, 0);
}

function shadersOf(canvas) {
  const gl = canvas.getContext("webgl", { antialias: true, preserveDrawingBuffer: true });
  if (!gl) return null;
  return { gl, surface: programOf(gl, SURFACE), lines: programOf(gl, LINES), shapes: new Map() };
}

// Buffers of a shape, made once.
function buffersOf({ gl, shapes }, shape) {
  if (!shapes.has(shape)) {
    shapes.set(shape, {
      place: bufferOf(gl, shape.places),
      normal: bufferOf(gl, shape.normals),
      faces: bufferOf(gl, shape.faces, gl.ELEMENT_ARRAY_BUFFER),
    });
  }
  return shapes.get(shape);
}

function rgbOf(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

// Colour of each vertex: of its value, else grey, dark in sulci.
function coloursOf(depth, values, palette, isDark) {
  const colours = new Uint8Array(3 * VERTICES);
  for (let vertex = 0; vertex < VERTICES; vertex += 1) {
    const value = values[vertex];
    let rgb;
    if (value === NOTHING) {
      const shade = depth[vertex] > 128 ? (isDark ? 70 : 150) : isDark ? 105 : 195;
      rgb = [shade, shade, shade];
    } else {
      rgb = palette[Math.min(palette.length - 1, Math.floor((value / 65535) * palette.length))];
    }
    colours.set(rgb, 3 * vertex);
  }
  return colours;
}

function drawSide(shaders, side, pose, frame, box, look) {
  const { gl, surface, lines } = shaders;
  const { shape } = side;
  const buffers = buffersOf(shaders, shape);
  gl.viewport(...box);
  const turns = [Math.cos(pose.turn), Math.sin(pose.turn), Math.cos(pose.tilt), Math.sin(pose.tilt)];
  gl.useProgram(surface);
  gl.uniform4fv(gl.getUniformLocation(surface, "pose"), turns);
  gl.uniform4fv(gl.getUniformLocation(surface, "frame"), frame);
  attach(gl, surface, "place", buffers.place, 3);
  attach(gl, surface, "normal", buffers.normal, 3);
  attach(gl, surface, "colour", side.colours, 3, gl.UNSIGNED_BYTE, true);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers.faces);
  gl.drawElements(gl.TRIANGLES, shape.faces.length, gl.UNSIGNED_SHORT, 0);
  gl.useProgram(lines);
  gl.uniform4fv(gl.getUniformLocation(lines, "pose"), turns);
  gl.uniform4fv(gl.getUniformLocation(lines, "frame"), frame);
  if (side.borders) {
    gl.uniform3fv(gl.getUniformLocation(lines, "colour"), look.line);
    attach(gl, lines, "place", side.borders.buffer, 3);
    gl.drawArrays(gl.LINES, 0, side.borders.count);
  }
  if (side.mark) {
    gl.uniform3fv(gl.getUniformLocation(lines, "colour"), look.mark);
    attach(gl, lines, "place", side.mark, 3);
    gl.drawArrays(gl.POINTS, 0, 1);
  }
}
