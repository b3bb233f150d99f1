// What is written under the matrix. Labels come from people's files: textContent only.

const range = (start, size, n) => {
  const first = Math.floor(start) + 1;
  return `${number(first)}–${number(Math.min(n, Math.ceil(start + size)))}`;
};

function labelOf({ labels, bands }, place) {
  if (labels) return labels[place] ?? "";
  return bands[bandAt(bands, place)]?.label ?? "";
}

function cellWords({ data }, [row, column]) {
  const words = (place) => `${number(place + 1)} ${labelOf(data, place)}`.trim();
  return `row ${words(row)}, column ${words(column)}`;
}

function bandWords(band) {
  return `${band.label}, rows ${number(band.start + 1)} to ${number(band.stop)}`;
}

function span(className, text) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}

function placeLine(data, axis, place) {
  const band = data.bands[bandAt(data.bands, place)];
  const parts = [span("axis", axis), span("number", number(place + 1)), ` ${labelOf(data, place)}`];
  if (band) parts.splice(2, 0, swatch(band.colour));
  return parts;
}

function swatch(colour) {
  const element = span("swatch", "");
  element.style.background = colour;
  element.style.marginLeft = "0.6em";
  return element;
}

function readoutLines(plot) {
  const { data, view, hover, cursor } = plot;
  const cell = hover?.cell ?? (plot.keyboard && !hover ? cursor : null);
  if (cell) return [placeLine(data, "row", cell[0]), placeLine(data, "column", cell[1])];
  if (hover?.band !== undefined) {
    const band = data.bands[hover.band];
    const size = band.stop - band.start;
    const place = `rows ${number(band.start + 1)}–${number(band.stop)} (${number(size)})`;
    return [[swatch(band.colour), span("number", band.label)], [span("axis", place)]];
  }
  if (view.size < data.n) {
    const rows = range(view.y0, view.size, data.n);
    const columns = range(view.x0, view.size, data.n);
    return [[`Rows ${rows}, columns ${columns} of ${number(data.n)}`], ["Drag to move"]];
  }
  if (touched()) return [["Tap a cell for its pair"], ["The buttons zoom"]];
  return [["Click a cell for its pair"], ["Ctrl + wheel zooms, drag moves"]];
}

function writeReadout(plot) {
  const { readout } = plot.parts;
  const hint = !plot.hover?.cell && plot.hover?.band === undefined && !plot.keyboard;
  readout.toggleAttribute("data-hint", hint);
  readoutLines(plot).forEach((line, index) => readout.children[index].replaceChildren(...line));
}

function writeLegend(plot) {
  const { data, parts } = plot;
  const { colours, minimum, maximum, label, missing, missing_colour: grey } = data.legend;
  const ramp = Array.isArray(colours) ? `linear-gradient(to right, ${colours.join(",")})` : colours;
  parts.label.textContent = label ?? "";
  parts.minimum.textContent = minimum ?? "";
  parts.maximum.textContent = maximum ?? "";
  parts.bar.style.background = ramp;
  parts.missing.hidden = !missing;
  parts.missing.firstElementChild.style.margin = "0 0.45em 0 0";
  parts.missing.firstElementChild.style.background = grey ?? "#969696";
}

function writeNote(plot) {
  const { data, overview, view, crop } = plot;
  const grain = overview ? data.n / overview.image.naturalWidth : 1;
  const exact = crop && covers(windowOf(crop), view);
  const cells = grain.toFixed(grain < 10 ? 1 : 0).replace(".0", "");
  const words = exact ? "Exact cells." : `One point is the mean of ${cells} × ${cells} cells;`;
  const rest = exact ? "" : plot.requested ? " exact cells follow …" : " zoom in for exact cells.";
  plot.parts.note.textContent = grain > 1 ? words + rest : "";
}
