"""Plotly figures of zero-shot classification: accuracy against n, confusions."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.decoders.scoring.score_table import over as scored_over
from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS
from core.zero_shot import Confusion, Published

SERIES = {
    "images": (CATEGORY_COLOURS[0], "rgba(0, 114, 178, 0.2)"),
    "categories": (CATEGORY_COLOURS[1], "rgba(230, 159, 0, 0.2)"),
}
GREY = CATEGORY_COLOURS[-1]
TICKS = (2, 5, 10, 20, 50, 100, 300)
HEIGHT, MOST_NUMBERED, LONGEST = 340, 8, 16
# Text in the colour of the theme stays readable on the darkest cell, light and dark.
DARKEST = "rgba(0, 114, 178, 0.6)"


def accuracy(curve: pd.DataFrame, n: int, published: Sequence[Published] = ()) -> go.Figure:
    """Share of responses whose right candidate is first among n, with interval and chance.

    Parameters
    ----------
    curve : pd.DataFrame
        Of ``core.zero_shot.ZeroShot``, of one protocol.
    n : int
        Marked by a line.
    published : sequence of Published
        Points of studies, open and grey, with the interval over subjects where there is one.
    """
    figure = go.Figure()
    for over, (colour, pale) in SERIES.items():
        rows = curve[curve["over"] == over]
        if len(rows):
            _add_series(figure, rows, over, colour, pale)
    for place, row in enumerate(published):
        _add_published(figure, row, is_first=place == 0)
    styled(figure, "Candidates n", "Right one first")
    figure.add_vline(x=n, line={"color": GREY, "width": 1, "dash": "dash"})
    figure.update_xaxes(type="log", tickvals=TICKS, ticktext=[str(tick) for tick in TICKS])
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    return figure.update_layout(height=HEIGHT, legend={"traceorder": "normal"})


def _add_series(figure: go.Figure, rows: pd.DataFrame, over: str, colour: str, pale: str) -> None:
    n, unit = rows["n_way"].to_numpy(), scored_over(rows.iloc[0], "resampled")
    for edge, fill in (("high", None), ("low", "tonexty")):
        figure.add_scatter(
            x=n,
            y=rows[edge].round(4),
            mode="lines",
            line={"width": 0},
            fill=fill,
            fillcolor=pale,
            showlegend=False,
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=n,
        y=rows["value"].round(4),
        name=over,
        mode="lines" if len(n) > 1 else "markers",
        line={"color": colour, "width": 2},
        customdata=rows[["low", "high", "chance"]].to_numpy(),
        hovertemplate="%{x} " + over + ": %{y:.1%} (%{customdata[0]:.1%} to "
        f"%{{customdata[1]:.1%}} over {unit}), chance %{{customdata[2]:.1%}}<extra></extra>",
    )
    figure.add_scatter(
        x=n,
        y=rows["chance"].round(4),
        name=f"chance, {over}",
        mode="lines" if len(n) > 1 else "markers",
        line={"color": colour, "width": 1, "dash": "dot"},
        showlegend=False,
        hoverinfo="skip",
    )


def _add_published(figure: go.Figure, row: Published, is_first: bool) -> None:
    top = row.mean(1)
    spread = None if np.isnan(top.low) else [float(top.high - top.mean)]
    about = html.escape(f"{row.recording}; {row.protocol}", quote=False)
    name = html.escape(row.method, quote=False)
    figure.add_scatter(
        x=[row.n_way],
        y=[round(float(top.mean), 4)],
        error_y=None if spread is None else {"array": spread, "color": GREY, "thickness": 1},
        name="published",
        legendgroup="published",
        showlegend=is_first,
        mode="markers+text",
        text=[name],
        textposition="middle left",
        marker={"symbol": "diamond-open", "size": 9, "color": GREY, "line": {"width": 2}},
        hovertemplate=f"{name}, published: %{{y:.1%}}<br>{about}<extra></extra>",
    )


def confusion(counts: Confusion) -> go.Figure:
    """Right names as rows, predicted ones as columns; a cell is a point that can be clicked.

    The second trace has a point for each cell, row by row: a click on a cell of a heatmap
    selects nothing.
    """
    names = [html.escape(name, quote=False) for name in counts.names]
    k = len(names)
    places = list(range(k))
    figure = go.Figure(
        go.Heatmap(
            z=counts.shares.round(4),
            x=places,
            y=places,
            zmin=0,
            zmax=1,
            colorscale=[[0, "rgba(0, 114, 178, 0)"], [1, DARKEST]],
            showscale=False,
            hoverinfo="skip",
        )
    )
    _add_cells(figure, counts, names)
    for place in places:
        ends = {"x0": place - 0.5, "x1": place + 0.5, "y0": place - 0.5, "y1": place + 0.5}
        figure.add_shape(type="rect", **ends, line={"color": GREY, "width": 1})
    styled(figure, "Nearest to", "Seen")
    ticks = [html.escape(_short(name), quote=False) for name in counts.names]
    axis = {"tickvals": places, "ticktext": ticks, "showgrid": False, "zeroline": False}
    figure.update_xaxes(**axis, range=[-0.5, k - 0.5], tickangle=-90)
    figure.update_yaxes(**axis, range=[k - 0.5, -0.5])
    return figure.update_layout(height=max(HEIGHT, 120 + 17 * k), clickmode="event+select")


def _add_cells(figure: go.Figure, counts: Confusion, names: Sequence[str]) -> None:
    k, shares = len(names), counts.shares
    cells = [(row, column) for row in range(k) for column in range(k)]
    unseen = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=[column for _, column in cells],
        y=[row for row, _ in cells],
        mode="markers+text" if k <= MOST_NUMBERED else "markers",
        text=[f"{share:.0%}" if share else "" for share in shares.ravel()],
        marker={"symbol": "square", "size": max(6, 300 // k), "opacity": 0},
        selected=unseen,
        unselected=unseen,
        customdata=[
            [names[row], names[column], f"{counts.counts[row, column]:,}", shares[row, column]]
            for row, column in cells
        ],
        hovertemplate="seen %{customdata[0]}, nearest to %{customdata[1]}: %{customdata[2]} "
        "responses, %{customdata[3]:.0%} of the row<extra></extra>",
        showlegend=False,
    )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"
