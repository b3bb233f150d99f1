// Everything that is painted on the canvas.

function draw(plot) {
  const { canvas, layout } = plot;
  if (!layout) return;
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(layout.width * ratio), Math.round(layout.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) {
    Object.assign(canvas, { width, height });
    Object.assign(canvas.style, { width: `${layout.width}px`, height: `${layout.height}px` });
  }
  const ctx = canvas.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, layout.width, layout.height);
  drawMatrix(ctx, plot, ratio);
  drawStrips(ctx, plot);
  drawNames(ctx, plot);
}

function drawMatrix(ctx, plot, ratio) {
  const { left, top, side } = plot.layout;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, side, side);
  ctx.clip();
  ctx.fillStyle = plot.theme.panel;
  ctx.fillRect(left, top, side, side);
  if (plot.overview) {
    drawCells(ctx, plot, plot.overview.image, { row0: 0, column0: 0, size: plot.data.n }, ratio);
  }
  if (plot.crop) drawCells(ctx, plot, plot.crop.image, plot.crop, ratio);
  drawSeparators(ctx, plot);
  drawMarks(ctx, plot);
  ctx.restore();
}

function drawCells(ctx, { layout, view }, image, area, ratio) {
  const scale = layout.side / view.size;
  const grain = image.naturalWidth / area.size;
  const x = Math.max(view.x0, area.column0);
  const y = Math.max(view.y0, area.row0);
  const width = Math.min(view.x0 + view.size, area.column0 + area.size) - x;
  const height = Math.min(view.y0 + view.size, area.row0 + area.size) - y;
  if (width <= 0 || height <= 0) return;
  ctx.imageSmoothingEnabled = (scale * ratio) / grain < 1;
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(
    image,
    (x - area.column0) * grain,
    (y - area.row0) * grain,
    width * grain,
    height * grain,
    layout.left + (x - view.x0) * scale,
    layout.top + (y - view.y0) * scale,
    width * scale,
    height * scale,
  );
}

function spanOf({ layout, view }, band, axis) {
  const [origin, first] = axis === "x" ? [layout.left, view.x0] : [layout.top, view.y0];
  const scale = layout.side / view.size;
  const start = Math.max(origin + (band.start - first) * scale, origin);
  const stop = Math.min(origin + (band.stop - first) * scale, origin + layout.side);
  return { start, length: stop - start };
}

function drawSeparators(ctx, plot) {
  const { data, layout, view } = plot;
  const scale = layout.side / view.size;
  // Lines between categories where they are few enough to see, else between what is named.
  const sparse = (runs) => layout.side * data.n >= 20 * view.size * runs.length;
  const runs = sparse(data.bands) ? data.bands : data.names;
  if (runs.length < 2 || !sparse(runs)) return;
  const line = (x, y, width, height) => {
    ctx.fillStyle = "rgba(0, 0, 0, 0.3)";
    ctx.fillRect(x, y, width, height);
    ctx.fillStyle = "rgba(255, 255, 255, 0.4)";
    ctx.fillRect(x - (width === 1), y - (height === 1), width, height);
  };
  for (const band of runs.slice(1)) {
    line(Math.round(layout.left + (band.start - view.x0) * scale), layout.top, 1, layout.side);
    line(layout.left, Math.round(layout.top + (band.start - view.y0) * scale), layout.side, 1);
  }
}

function drawMarks(ctx, plot) {
  const { cell, hover, cursor, data } = plot;
  if (data.block) drawBlock(ctx, plot, data.block);
  if (cell) {
    drawCrosshair(ctx, plot, cell);
    if (data.pair && cell[0] !== cell[1]) outline(ctx, boxOf(plot, [cell[1], cell[0]], 5), 0.55);
    outline(ctx, boxOf(plot, cell, 8), 1);
  }
  if (cursor && plot.keyboard) outline(ctx, boxOf(plot, cursor, 8), 1, [3, 3]);
  if (hover?.cell && plot.layout.side / plot.view.size >= 4) {
    outline(ctx, boxOf(plot, hover.cell, 4), 0.75);
  }
}

// A cell too small to see gets a box of a least size, kept inside the matrix.
function boxOf({ layout, view }, [row, column], least) {
  const scale = layout.side / view.size;
  const size = Math.max(scale, least);
  const place = (start, index) => {
    const middle = (index + 0.5 - start) * scale;
    const small = scale < least && middle > 0 && middle < layout.side;
    return small ? clamp(middle - size / 2, 2, layout.side - size - 2) : middle - size / 2;
  };
  return { x: layout.left + place(view.x0, column), y: layout.top + place(view.y0, row), size };
}

// White between black lines is seen on every colour of every scale.
function outline(ctx, { x, y, size }, alpha, dash = []) {
  ctx.globalAlpha = alpha;
  ctx.lineJoin = "round";
  for (const [colour, width, dashes] of [["#000", 4, []], ["#fff", 2, dash]]) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.setLineDash(dashes);
    ctx.strokeRect(x, y, size, size);
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

function drawBlock(ctx, { layout, view }, [start, stop]) {
  const scale = layout.side / view.size;
  const x = layout.left + (start - view.x0) * scale;
  const y = layout.top + (start - view.y0) * scale;
  outline(ctx, { x, y, size: (stop - start) * scale }, 1);
}

function drawCrosshair(ctx, plot, cell) {
  const { left, top, side } = plot.layout;
  const { x, y, size } = boxOf(plot, cell, 8);
  const [across, down] = [Math.round(x + size / 2), Math.round(y + size / 2)];
  const rays = [
    [across, top, 1, y - 2 - top],
    [across, y + size + 2, 1, top + side - y - size],
    [left, down, x - 2 - left, 1],
    [x + size + 2, down, left + side - x - size, 1],
  ];
  for (const [rayX, rayY, width, height] of rays) {
    if (width <= 0 || height <= 0) continue;
    const vertical = width === 1;
    ctx.fillStyle = "rgba(0, 0, 0, 0.45)";
    ctx.fillRect(rayX - vertical, rayY - !vertical, width + 2 * vertical, height + 2 * !vertical);
    ctx.fillStyle = "rgba(255, 255, 255, 0.9)";
    ctx.fillRect(rayX, rayY, width, height);
  }
}

function drawStrips(ctx, plot) {
  const { data, layout, hover } = plot;
  data.bands.forEach((band, index) => {
    const chosen = hover?.band === index;
    const depth = chosen ? STRIP : STRIP - 3;
    ctx.fillStyle = band.colour;
    const row = spanOf(plot, band, "y");
    if (row.length > 0) {
      ctx.fillRect(layout.left - GAP - depth, row.start, depth, inset(row.length));
    }
    const column = spanOf(plot, band, "x");
    if (column.length > 0) {
      ctx.fillRect(column.start, layout.top - GAP - depth, inset(column.length), depth);
    }
  });
}

const inset = (length) => (length > 4 ? length - 1 : length);

function drawNames(ctx, plot) {
  const { data, layout, theme } = plot;
  if (!layout.gutter) return;
  ctx.font = theme.font;
  ctx.fillStyle = theme.text;
  ctx.textBaseline = "middle";
  ctx.textAlign = layout.rotated ? "center" : "right";
  for (const band of data.names) {
    const { start, length } = spanOf(plot, band, "y");
    if (length < (layout.rotated ? 2 * LINE : LINE)) continue;
    const lines = layout.rotated
      ? wrapped(ctx, band.label, length - 4)
      : [fitted(ctx, band.label, layout.gutter - 5)];
    ctx.save();
    ctx.translate(layout.rotated ? layout.gutter / 2 : layout.gutter - 4, start + length / 2);
    if (layout.rotated) ctx.rotate(-Math.PI / 2);
    const first = ((1 - lines.length) * LINE) / 2 + 0.5;
    lines.forEach((line, index) => ctx.fillText(line, 0, first + index * LINE));
    ctx.restore();
  }
}

function wrapped(ctx, text, width) {
  const words = text.split(" ");
  if (words.length < 2 || ctx.measureText(text).width <= width) return [fitted(ctx, text, width)];
  const half = Math.ceil(words.length / 2);
  const halves = [words.slice(0, half), words.slice(half)];
  return halves.map((part) => fitted(ctx, part.join(" "), width));
}

function fitted(ctx, text, width) {
  if (ctx.measureText(text).width <= width) return text;
  let kept = text.slice(0, 60);
  while (kept && ctx.measureText(`${kept}…`).width > width) kept = kept.slice(0, -1);
  return kept ? `${kept.trimEnd()}…` : "";
}
