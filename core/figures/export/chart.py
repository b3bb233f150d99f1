"""A Plotly chart drawn again by Matplotlib, for print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.figures.export.axis import ChartAxis, axis_of, draw_axis
from core.figures.export.settings import MM_PER_INCH, POINTS_PER_INCH, ExportSettings
from core.figures.export.text import LETTER, colour, is_bold, printed
from core.figures.export.traces import DASHES, SYMBOLS, Pane, check_kinds, draw_trace
from core.figures.export.writing import line_width

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.figure import Figure

HEIGHT_ON_SCREEN = 450
KEY_LETTERS = 8


@dataclass(frozen=True, eq=False)
class ChartDrawing:
    """A chart of the app.

    Attributes
    ----------
    chart : plotly.graph_objects.Figure
        Of points, lines, bars and cells on one pair of axes, with a second vertical one at most.
    title : str
    """

    chart: go.Figure
    title: str = ""

    def height(self, settings: ExportSettings) -> float:
        """As high as on the screen beside letters of the same size."""
        points = line_width(self.chart.layout.height or HEIGHT_ON_SCREEN, settings)
        return points * MM_PER_INCH / POINTS_PER_INCH

    def draw(self, figure: Figure, settings: ExportSettings) -> None:
        """Axes, traces, marks and legend."""
        layout = self.chart.layout
        traces = list(self.chart.data)
        check_kinds(traces)
        axes: Any = figure.add_subplot()
        x = axis_of("x", layout.xaxis, [trace.x for trace in traces])
        panes = {"y": self._pane(axes, x, layout.yaxis, "y", settings)}
        if any(trace.yaxis == "y2" for trace in traces):
            twin = axes.twinx()
            twin.spines["right"].set_visible(True)
            axes.set_zorder(twin.get_zorder() + 1)
            axes.patch.set_visible(False)
            panes["y2"] = self._pane(twin, x, layout.yaxis2, "y2", settings)
        for trace in traces:
            draw_trace(panes[trace.yaxis or "y"], trace)
        for pane in panes.values():
            draw_axis(pane.axes, pane.y, settings)
        draw_axis(axes, x, settings)
        if layout.yaxis.scaleanchor or layout.xaxis.scaleanchor:
            axes.set_aspect("equal", adjustable="box")
        _draw_shapes(panes, layout.shapes)
        _draw_annotations(panes, layout.annotations)
        if layout.title.text:
            axes.set_title(printed(layout.title.text), loc="left")
        if settings.legend:
            _draw_key(figure, panes["y"], traces)

    def _pane(
        self, axes: Any, x: ChartAxis, layout: Any, name: str, settings: ExportSettings
    ) -> Pane:
        own = [trace for trace in self.chart.data if (trace.yaxis or "y") == name]
        y = axis_of(name, layout, [trace.y for trace in own])
        bars = sum(trace.type == "bar" for trace in own)
        boxes = max(1, sum(trace.type == "box" for trace in own))
        return Pane(axes, x, y, settings, self.chart.layout, bar_traces=bars, box_traces=boxes)


def _draw_shapes(panes: dict[str, Pane], shapes: Any) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    for shape in shapes:
        pane = panes["y2" if str(shape.yref).startswith("y2") else "y"]
        (x0, x1), (y0, y1), transform = _in_axes(pane, shape)
        order = 0.4 if shape.layer == "below" else 2.2
        width = shape.line.width
        style: dict[str, Any] = {"transform": transform, "zorder": order}
        if shape.type == "rect":
            style |= {
                "facecolor": colour(shape.fillcolor),
                "edgecolor": colour(shape.line.color) if width != 0 else "none",
                "linewidth": pane.points(width if width is not None else 2.0),
            }
            pane.axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, **style))
        else:
            dashes = DASHES.get(shape.line.dash)
            style |= {"color": colour(shape.line.color or "black")}
            style |= {"linewidth": pane.points(2.0 if width is None else width)}
            line = Line2D([x0, x1], [y0, y1], **style)
            if dashes:
                line.set_dashes(dashes)
            pane.axes.add_artist(line)


def _in_axes(pane: Pane, mark: Any) -> tuple[tuple[float, float], tuple[float, float], Any]:
    """Both ends of a shape, and the coordinates that they are in."""
    from matplotlib.transforms import blended_transform_factory

    ends, kinds = [], []
    for axis, ref, low, high in (
        (pane.x, mark.xref, mark.x0, mark.x1),
        (pane.y, mark.yref, mark.y0, mark.y1),
    ):
        of_page = _of_page(ref)
        place = float if of_page else axis.place
        ends.append((place(low), place(high)))
        kinds.append(pane.axes.transAxes if of_page else pane.axes.transData)
    return ends[0], ends[1], blended_transform_factory(*kinds)


def _of_page(reference: str | None) -> bool:
    """Whether a place is a share of the axes, and no value on them."""
    return str(reference) == "paper" or str(reference).endswith("domain")


def _draw_annotations(panes: dict[str, Pane], annotations: Any) -> None:
    from matplotlib.transforms import blended_transform_factory

    pane = panes["y"]
    for note in annotations:
        places, kinds = [], []
        for axis, reference, value in ((pane.x, note.xref, note.x), (pane.y, note.yref, note.y)):
            if _of_page(reference):
                places.append(float(value))
                kinds.append(pane.axes.transAxes)
            else:  # on a logarithmic axis Plotly takes the logarithm
                places.append(10 ** float(value) if axis.is_log else axis.place(value))
                kinds.append(pane.axes.transData)
        if not _is_inside(pane, places, kinds):
            continue
        pane.axes.text(
            *places,
            printed(note.text),
            transform=blended_transform_factory(*kinds),
            ha={"auto": "center", None: "center"}.get(note.xanchor, note.xanchor),
            va={"middle": "center", "auto": "center", None: "center"}.get(
                note.yanchor, note.yanchor
            ),
            fontsize=pane.points(note.font.size or 12),
            fontweight="bold" if is_bold(note.text) else "normal",
            color=colour(note.font.color or "black"),
            zorder=5,
        )


def _is_inside(pane: Pane, places: list[float], kinds: list[Any]) -> bool:
    limits = (pane.axes.get_xlim(), pane.axes.get_ylim())
    return all(
        kind is pane.axes.transAxes or min(ends) <= place <= max(ends)
        for place, kind, ends in zip(places, kinds, limits, strict=True)
    )


def _draw_key(figure: Figure, pane: Pane, traces: list[Any]) -> None:
    """Legend below the axes, colour bar beside them."""
    bars = [
        trace if trace.type == "heatmap" else trace.marker
        for trace in traces
        if (trace.type == "heatmap" and trace.showscale is not False)
        or (trace.type.startswith("scatter") and trace.marker.colorscale is not None)
    ]
    if bars and pane.mappable is not None:
        bar: Any = figure.colorbar(pane.mappable, ax=pane.axes, shrink=0.8, pad=0.03)
        bar.outline.set_visible(False)
        bar.set_label(printed(bars[0].colorbar.title.text))
    named = [t for t in traces if t.type != "heatmap" and t.name and t.showlegend is not False]
    shown = pane.layout.showlegend
    if not named or shown is False or (shown is None and len(named) < 2):
        return
    settings = pane.settings
    longest = max(len(printed(trace.name)) for trace in named) + KEY_LETTERS
    room = settings.width * POINTS_PER_INCH / MM_PER_INCH
    columns = int(np.clip(room / (longest * LETTER * settings.font_size), 1, len(named)))
    figure.legend(
        [_handle(pane, trace) for trace in named],
        [printed(trace.name) for trace in named],
        loc="outside lower left",
        ncols=columns,
        handlelength=1.5,
        columnspacing=1.0,
    )


def _handle(pane: Pane, trace: Any) -> Any:
    """What stands for a trace in the legend."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    own = trace.line.color if trace.type != "bar" else None
    tint = next((c for c in (trace.marker.color, own) if c is not None), "black")
    first = colour(tint if isinstance(tint, str) else next(iter(tint), "black"))
    if trace.type == "bar":
        return Patch(facecolor=first)
    if trace.type == "box":
        return Patch(facecolor="none", edgecolor=first)
    mode = trace.mode or "lines"
    handle = Line2D([], [], linestyle="none", color=first)
    if "lines" in mode:
        handle.set(linestyle="-", color=colour(trace.line.color or "black"))
        handle.set_linewidth(pane.points(2.0 if trace.line.width is None else trace.line.width))
        if trace.line.dash in DASHES:
            handle.set_dashes(DASHES[trace.line.dash])
    if "markers" in mode:
        _mark(handle, pane, trace.marker, first)
    return handle


def _mark(handle: Any, pane: Pane, marker: Any, tint: Any) -> None:
    """The symbol of a trace on its handle."""
    symbol = marker.symbol if isinstance(marker.symbol, str) else "circle"
    size = marker.size if isinstance(marker.size, int | float) else 8
    shape = SYMBOLS.get(symbol.removesuffix("-open"), "o")
    handle.set(marker=shape, markersize=pane.points(size), markeredgecolor=tint)
    handle.set_markerfacecolor("none" if symbol.endswith("-open") else tint)
    if symbol.startswith("line-"):
        handle.set_markeredgecolor(colour(marker.line.color or "black"))
        handle.set_markeredgewidth(pane.points(3))
