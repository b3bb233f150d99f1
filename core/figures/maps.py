"""Plotly figures of maps: a scatter that 30,000 points do not slow down, and a separation strip."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.errors import InputError
from core.figures.charts import styled
from core.figures.pictures import CATEGORY_COLOURS, category_colours
from core.maps import Line
from core.validation import check_same_length

MOST_COLOURED = len(CATEGORY_COLOURS)
OTHER, NO_LABEL = "other", "no label"
# The last colour is grey: it stands for the others where not every category has its own.
OTHER_COLOUR, PALE = CATEGORY_COLOURS[-1], "rgba(160, 160, 160, 0.45)"
MARGIN = 0.06
HEIGHT = 560
STRIP_ROW, STRIP_FRAME = 26, 110


class _Group(NamedTuple):
    name: str
    rows: np.ndarray
    marker: dict[str, Any]


def scatter(
    coordinates: np.ndarray,
    colour: Sequence[Any] | np.ndarray | pd.Series | None = None,
    *,
    colour_name: str = "",
    hover: Sequence[str] | None = None,
    selected: Sequence[int] | np.ndarray | None = None,
    size: float = 6.0,
    line: Line | None = None,
    line_name: str = "",
    view: str = "map",
) -> go.Figure:
    """A map as points, drawn by WebGL.

    Parameters
    ----------
    coordinates : np.ndarray of shape (n, 2)
        NaN rows are not drawn.
    colour : sequence of length n, optional
        Numbers are shown on a colour bar; text, categories and truth values as categories,
        of which at most 12 have a colour of their own: with more, the 11 most frequent.
    colour_name : str
        Title of the colour bar or the legend.
    hover : sequence of str, optional
        Text of each point.
    selected : sequence of int, optional
        Rows that stand out; None where nothing is selected.
    size : float
        Diameter of a point in pixels.
    line : Line, optional
        From ``maps.dividing_line``; ``line_name`` says what it divides.
    view : str
        Zoom is kept from one figure to the next while this stays the same.

    Returns
    -------
    go.Figure
        ``customdata`` of each point is its row.
    """
    points = np.asarray(coordinates, dtype=np.float32)
    n = len(points)
    drawn: np.ndarray = np.isfinite(points[:, 0])
    for what, values in (("The list of colours", colour), ("The list of texts", hover)):
        if values is not None:
            check_same_length(len(values), n, what, "the coordinates")
    texts = None if hover is None else np.array([html.escape(str(t)) for t in hover], dtype=object)
    marked = None if selected is None else np.isin(np.arange(n), np.asarray(selected, dtype=int))
    figure = go.Figure()
    for name, rows, marker in _groups(colour, n, colour_name):
        rows = rows[drawn[rows]]
        values = marker.get("color")
        if isinstance(values, np.ndarray):
            marker = {**marker, "color": values[rows]}
        figure.add_trace(
            go.Scattergl(
                x=points[rows, 0],
                y=points[rows, 1],
                mode="markers",
                name=html.escape(name),
                customdata=rows,
                marker={"size": size, "opacity": 0.85, **marker},
                text=None if texts is None else texts[rows],
                hovertemplate="%{text}<extra></extra>" if texts is not None else None,
                hoverinfo=None if texts is not None else "none",
                selectedpoints=None if marked is None else np.flatnonzero(marked[rows]),
                unselected={"marker": {"opacity": 0.12}},
            )
        )
    ranges = _ranges(points[drawn])
    if line is not None:
        _add_line(figure, line, line_name, ranges)
    _frame(figure, ranges, colour_name, view)
    # The numbers of the line stand below the points.
    return figure.update_layout(margin_b=10 if line is None else 34)


def separation_strip(table: pd.DataFrame) -> go.Figure:
    """Mean silhouette of each category, on the map and in the space (``maps.separation``)."""
    names = [f"{html.escape(str(row.label))} ({row.n:,})" for row in table.itertuples()]
    figure = go.Figure()
    for column, name, symbol, colour in (
        ("in_space", "in the space", "circle-open", CATEGORY_COLOURS[5]),
        ("on_map", "on the map", "circle", CATEGORY_COLOURS[0]),
    ):
        if table[column].notna().any():
            figure.add_scatter(
                x=table[column].round(4),
                y=names,
                mode="markers",
                name=name,
                marker={"size": 9, "symbol": symbol, "color": colour},
                hovertemplate=f"%{{y}} {name}: %{{x:.3f}}<extra></extra>",
            )
    figure.add_vline(x=0, line={"color": PALE, "width": 1})
    styled(figure, "Mean silhouette (1 apart, 0 between two)", "")
    figure.update_yaxes(autorange="reversed")
    return figure.update_layout(height=STRIP_FRAME + STRIP_ROW * len(names))


def _groups(
    colour: Sequence[Any] | np.ndarray | pd.Series | None, n: int, title: str
) -> Iterator[_Group]:
    if colour is None:
        yield _Group("", np.arange(n), {"color": CATEGORY_COLOURS[0]})
        return
    values = pd.Series(colour).reset_index(drop=True)
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        yield from _numeric(values.to_numpy(dtype=np.float32), title)
    else:
        yield from _categorical(values)


def _numeric(values: np.ndarray, title: str) -> Iterator[_Group]:
    known = np.isfinite(values)
    if not known.all():
        yield _Group(NO_LABEL, np.flatnonzero(~known), {"color": PALE})
    if known.any():
        bar = {"title": {"text": html.escape(title), "side": "right"}, "thickness": 12}
        shown = {"color": values, "colorscale": "Viridis", "showscale": True, "colorbar": bar}
        yield _Group(title, np.flatnonzero(known), shown)


def _categorical(values: pd.Series) -> Iterator[_Group]:
    """A trace for each category, so that the legend can hide it; the pale ones below."""
    names = values.astype(object).where(values.notna(), "").map(str)
    codes, unique = pd.factorize(names)
    counts = np.bincount(codes, minlength=len(unique))
    blank = np.flatnonzero(np.asarray(unique) == "")
    if len(blank):
        yield _Group(NO_LABEL, np.flatnonzero(codes == blank[0]), {"color": PALE})
    named = np.setdiff1d(np.arange(len(unique)), blank)
    if len(named) > MOST_COLOURED:
        frequent = np.sort(named[np.argsort(-counts[named], kind="stable")][: MOST_COLOURED - 1])
        rows = np.flatnonzero(np.isin(codes, np.setdiff1d(named, frequent)))
        yield _Group(OTHER, rows, {"color": OTHER_COLOUR})
        named = frequent
    colours = category_colours([unique[code] for code in named])
    for code in named:
        marker = {"color": colours[unique[code]]}
        yield _Group(unique[code], np.flatnonzero(codes == code), marker)


def _ranges(points: np.ndarray) -> tuple[list[float], list[float]]:
    """The rectangle of the points with a margin; WebGL's own is found only in the browser."""
    if len(points) == 0:
        raise InputError("The map has no point", "coordinates that are not NaN")
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    margin = MARGIN * max(float((high - low).max()), 1e-6)
    x, y = ([low[axis] - margin, high[axis] + margin] for axis in (0, 1))
    return x, y


def _add_line(
    figure: go.Figure, line: Line, name: str, ranges: tuple[list[float], list[float]]
) -> None:
    ends = line.ends(*ranges)
    if ends is None:
        return
    (x0, y0), (x1, y1) = ends
    style = {"color": CATEGORY_COLOURS[5], "width": 2, "dash": "dash"}
    figure.add_shape(type="line", x0=x0, y0=y0, x1=x1, y1=y1, line=style)
    figure.add_annotation(
        text=html.escape(f"{name}: {described(line)}" if name else described(line)),
        x=0,
        y=0,
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="top",
        showarrow=False,
        font={"size": 12},
    )


def described(line: Line) -> str:
    """How well a line does, as every accuracy is shown."""
    p = "" if np.isnan(line.p) else f", p = {line.p:.2g}"
    return (
        f"{100 * line.accuracy:.0f} % right of points left out (95 % {100 * line.low:.0f} to "
        f"{100 * line.high:.0f}, chance {100 * line.chance:.0f} %, n = {line.n:,}{p})"
    )


def _frame(
    figure: go.Figure, ranges: tuple[list[float], list[float]], title: str, view: str
) -> None:
    styled(figure, "", "")
    bare = {"showticklabels": False, "showgrid": False, "zeroline": False, "ticks": ""}
    figure.update_xaxes(range=ranges[0], constrain="domain", **bare)
    figure.update_yaxes(range=ranges[1], constrain="domain", scaleanchor="x", scaleratio=1, **bare)
    legend = {"itemsizing": "constant", "title": {"text": html.escape(title)}}
    figure.update_layout(
        height=HEIGHT,
        dragmode="lasso",
        hovermode="closest",
        uirevision=view,
        legend=legend,
        showlegend=any(trace.marker.showscale is not True for trace in figure.data)
        and len(figure.data) > 1,
    )
