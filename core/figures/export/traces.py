"""Traces of a Plotly chart, as Matplotlib draws them: points and lines, bars, boxes, cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.errors import InputError
from core.figures.export.axis import ChartAxis
from core.figures.export.settings import ExportSettings
from core.figures.export.text import colour, is_bold, printed
from core.figures.export.writing import line_width

DASHES = {"dash": (4, 2), "dot": (1, 1.5), "dashdot": (4, 1.5, 1, 1.5), "longdash": (7, 2)}
SYMBOLS = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "cross": "P",
    "x": "X",
    "triangle-up": "^",
    "triangle-down": "v",
    "star": "*",
    "hexagon": "h",
    "line-ns": "|",
    "line-ew": "_",
}
MARKER, LINE = 6.0, 2.0
TEXT_OFFSET = 0.45
PLACED = {"top": (1, "bottom"), "middle": (0, "center"), "bottom": (-1, "top")}
ASIDE = {"left": (-1, "right"), "center": (0, "center"), "right": (1, "left")}


@dataclass
class Pane:
    """Axes of Matplotlib with what the traces on them share.

    ``stacked`` holds how far bars have grown at each place, ``previous`` the last line, which a
    band is filled to.
    """

    axes: Any
    x: ChartAxis
    y: ChartAxis
    settings: ExportSettings
    layout: Any
    stacked: dict[tuple[float, bool], float] = field(default_factory=dict)
    previous: tuple[np.ndarray, np.ndarray] | None = None
    bar_traces: int = 1
    bars_drawn: int = 0
    box_traces: int = 1
    boxes_drawn: int = 0
    mappable: Any = None

    def points(self, pixels: float) -> float:
        return line_width(pixels, self.settings)


def check_kinds(traces: Sequence[Any]) -> None:
    """Raise InputError for a trace of a kind that no chart of the project has."""
    for trace in traces:
        if trace.type not in DRAWN:
            raise InputError(f"A trace is of the kind {trace.type!r}", choices=DRAWN)


def draw_trace(pane: Pane, trace: Any) -> None:
    """Draw one trace, unless it is hidden."""
    if trace.visible not in (False, "legendonly"):
        DRAWN[trace.type](pane, trace)


def _scatter(pane: Pane, trace: Any) -> None:
    count = len(trace.y if trace.y is not None else trace.x)
    x = pane.x.places(trace.x if trace.x is not None else range(count))
    y = pane.y.places(trace.y if trace.y is not None else range(count))
    mode = trace.mode or ("lines+markers" if count < 20 else "lines")
    if trace.fill == "tonexty" and pane.previous is not None:
        pane.axes.fill_between(
            x, pane.previous[1], y, color=colour(trace.fillcolor), linewidth=0, zorder=1
        )
    pane.previous = (x, y)
    line = _line(pane, trace)
    if "lines" in mode and line["linewidth"]:
        pane.axes.plot(x, y, zorder=2, **line)
    own = trace.line.color if trace.marker.color is None else trace.marker.color
    for name, values in (("xerr", trace.error_x), ("yerr", trace.error_y)):
        _errors(pane, (x, y), name, values, own)
    if "markers" in mode and trace.marker.opacity != 0:
        _markers(pane, trace, x, y)
    if "text" in mode and trace.text is not None:
        _texts(pane, trace, x, y)


def _line(pane: Pane, trace: Any) -> dict[str, Any]:
    """Colour, width and dashes; a width of 0 is no line."""
    given_width = trace.line.width
    width = LINE if given_width is None else given_width
    style: dict[str, Any] = {
        "color": colour(trace.line.color or "black"),
        "linewidth": pane.points(width) if width else 0.0,
    }
    if trace.line.dash in DASHES:
        style["dashes"] = DASHES[trace.line.dash]
    return style


def _errors(
    pane: Pane, at: tuple[np.ndarray, np.ndarray], name: str, values: Any, of_trace: Any
) -> None:
    if values.array is None or values.visible is False:
        return
    above = np.nan_to_num(np.asarray(values.array, dtype=float))
    below = above if values.arrayminus is None else np.asarray(values.arrayminus, dtype=float)
    pane.axes.errorbar(
        *at,
        **{name: np.abs([np.nan_to_num(below), above])},
        fmt="none",
        ecolor=colour(values.color or (of_trace if isinstance(of_trace, str) else "black")),
        elinewidth=pane.points(values.thickness or LINE),
        capsize=pane.points((4 if values.width is None else values.width) / 2),
        zorder=2.5,
    )


def _markers(pane: Pane, trace: Any, x: np.ndarray, y: np.ndarray) -> None:
    marker, is_cut = trace.marker, trace.type != "scatter" or trace.cliponaxis is not False
    symbols = _each(marker.symbol or "circle", len(x))
    sizes = np.array([pane.points(s) for s in _each(marker.size or MARKER, len(x))]) ** 2
    colours = _coloured(pane, marker) if marker.colorscale is not None else None
    if colours is None:
        colours = _each(marker.color or trace.line.color or "black", len(x))
    for symbol in dict.fromkeys(symbols):
        chosen = [
            place for place, each in enumerate(symbols)
            if each == symbol and np.isfinite(x[place]) and np.isfinite(y[place])
        ]  # fmt: skip
        face = [colour(colours[place]) for place in chosen]
        edge: Any = "none"
        if symbol.endswith("-open") or symbol.startswith("line-"):
            edge = face if marker.line.color is None else colour(marker.line.color)
            face = ["none"] * len(chosen) if symbol.endswith("-open") else face
        elif marker.line.color is not None:
            edge = colour(marker.line.color)
        pane.axes.scatter(
            x[chosen], y[chosen], sizes[chosen],
            marker=SYMBOLS.get(symbol.removesuffix("-open"), "o"),
            **({"c": edge} if symbol.startswith("line-") else {"c": face, "edgecolors": edge}),
            linewidths=pane.points(marker.line.width or 1.5),
            alpha=marker.opacity, zorder=3, clip_on=is_cut,
        )  # fmt: skip


def _coloured(pane: Pane, marker: Any) -> list[Any]:
    """Colours of numbers by a scale, which gets a colour bar."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    steps = [(float(stop), colour(name)) for stop, name in marker.colorscale]
    scale = LinearSegmentedColormap.from_list("scale", steps)
    pane.mappable = ScalarMappable(Normalize(marker.cmin, marker.cmax), scale)
    return list(pane.mappable.to_rgba(np.asarray(marker.color, dtype=float)))


def _each(value: Any, count: int) -> list[Any]:
    is_list = isinstance(value, list | tuple | np.ndarray)
    return list(value) if is_list else [value] * count


def _texts(pane: Pane, trace: Any, x: np.ndarray, y: np.ndarray) -> None:
    up, aside = (trace.textposition or "middle center").split()
    (rise, va), (shift, ha) = PLACED[up], ASIDE[aside]
    apart = pane.points(MARKER) * TEXT_OFFSET + pane.settings.font_size * TEXT_OFFSET
    size = pane.points(trace.textfont.size or 12)
    for place, text in enumerate(_each(trace.text, len(x))):
        if text and np.isfinite(x[place]) and np.isfinite(y[place]):
            pane.axes.annotate(
                printed(text), (x[place], y[place]), (shift * apart, rise * apart),
                textcoords="offset points", ha=ha, va=va, fontsize=size, zorder=4,
                fontweight="bold" if is_bold(text) else "normal",
            )  # fmt: skip


def _bar(pane: Pane, trace: Any) -> None:
    is_flat = trace.orientation == "h"
    across, along = (pane.y, pane.x) if is_flat else (pane.x, pane.y)
    values = along.places(trace.x if is_flat else trace.y)
    middle = trace.y if is_flat else trace.x
    places = across.places(middle if middle is not None else range(len(values)))
    thickness = _thickness(pane, trace, places)
    mode = pane.layout.barmode
    if mode not in ("stack", "relative", "overlay") and pane.bar_traces > 1:
        thickness = thickness / pane.bar_traces
        places = places + thickness * (pane.bars_drawn - (pane.bar_traces - 1) / 2)
    start = _starts(pane, places, values) if mode in ("stack", "relative") else None
    if trace.base is not None:
        start = along.places(_each(trace.base, len(values)))
    pane.bars_drawn += 1
    draw: Callable[..., Any] = pane.axes.barh if is_flat else pane.axes.bar
    edge = trace.marker.line
    draw(
        places, np.nan_to_num(values), thickness, start if start is not None else 0.0,
        color=[colour(each) for each in _each(trace.marker.color or "black", len(values))],
        edgecolor=colour(edge.color) if edge.color is not None and edge.width else "none",
        linewidth=pane.points(edge.width) if edge.width else 0.0,
        zorder=1.5,
    )  # fmt: skip
    ends = values if start is None else start + values
    at = (ends, places) if is_flat else (places, ends)
    for name, errors in (("xerr", trace.error_x), ("yerr", trace.error_y)):
        _errors(pane, at, name, errors, "black")


def _box(pane: Pane, trace: Any) -> None:
    """Boxes of percentiles that are known, those of several traces side by side."""
    places = pane.x.places(trace.x)
    ends = (trace.lowerfence, trace.q1, trace.median, trace.q3, trace.upperfence)
    values = np.stack([np.asarray(each, dtype=float) for each in ends], axis=1)
    width = 0.8 / pane.box_traces
    places = places + width * (pane.boxes_drawn - (pane.box_traces - 1) / 2)
    pane.boxes_drawn += 1
    known = np.flatnonzero(np.isfinite(values).all(axis=1))
    names = ("whislo", "q1", "med", "q3", "whishi")
    line = {"color": colour(trace.marker.color), "linewidth": pane.points(trace.line.width or LINE)}
    pane.axes.bxp(
        [dict(zip(names, values[place], strict=True)) for place in known],
        places[known], widths=0.8 * width, showfliers=False, manage_ticks=False,
        boxprops=line, medianprops=line, whiskerprops=line, capprops=line,
    )  # fmt: skip


def _starts(pane: Pane, places: np.ndarray, values: np.ndarray) -> np.ndarray:
    starts = np.zeros(len(values))
    for number, (place, value) in enumerate(zip(places, np.nan_to_num(values), strict=True)):
        key = (float(place), bool(value < 0))
        starts[number] = pane.stacked.get(key, 0.0)
        pane.stacked[key] = starts[number] + value
    return starts


def _thickness(pane: Pane, trace: Any, places: np.ndarray) -> np.ndarray:
    if trace.width is not None:
        return np.asarray(_each(trace.width, len(places)), dtype=float)
    steps = np.diff(np.unique(places[np.isfinite(places)]))
    gap = 0.2 if pane.layout.bargap is None else pane.layout.bargap
    return np.full(len(places), (steps.min() if len(steps) else 1.0) * (1 - gap))


def _heatmap(pane: Pane, trace: Any) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    z = np.array(
        [[np.nan if cell is None else cell for cell in row] for row in trace.z], dtype=float
    )
    x = pane.x.places(trace.x if trace.x is not None else range(z.shape[1]))
    y = pane.y.places(trace.y if trace.y is not None else range(z.shape[0]))
    steps = [(float(stop), colour(name)) for stop, name in trace.colorscale]
    scale = LinearSegmentedColormap.from_list("scale", steps)
    pane.mappable = pane.axes.pcolormesh(
        x, y, np.ma.masked_invalid(z), cmap=scale, shading="nearest",
        vmin=trace.zmin, vmax=trace.zmax, edgecolors="white" if trace.xgap else "none",
        linewidth=pane.points(trace.xgap) if trace.xgap else 0, rasterized=z.size > MOST_CELLS,
        zorder=0.5,
    )  # fmt: skip
    if trace.texttemplate:
        _numbers(pane, trace.texttemplate, (x, y), z)


# Cells of larger matrices are written as one image, at the resolution of the file.
MOST_CELLS = 10_000


def _numbers(pane: Pane, template: str, at: tuple[np.ndarray, np.ndarray], z: np.ndarray) -> None:
    pattern = re.search(r"%\{z:([^}]*)\}", template)
    for row, column in np.argwhere(np.isfinite(z)):
        red, green, blue, alpha = pane.mappable.cmap(pane.mappable.norm(z[row, column]))
        light = 1 - alpha * (1 - (0.299 * red + 0.587 * green + 0.114 * blue))
        pane.axes.text(
            at[0][column], at[1][row], format(z[row, column], pattern[1] if pattern else "g"),
            ha="center", va="center", color="black" if light > 0.5 else "white",
        )  # fmt: skip


DRAWN: dict[str, Callable[[Pane, Any], None]] = {
    "scatter": _scatter,
    "scattergl": _scatter,
    "bar": _bar,
    "heatmap": _heatmap,
    "box": _box,
}
