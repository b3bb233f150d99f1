"""Plotly figure of an ablation: a dot a decoder, a bar a mean, the noise as a band."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.ablations import Ablation, RowComparison
from core.decoders.scoring.score_table import RANKS
from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS

DOT, MEAN, GREY = CATEGORY_COLOURS[0], CATEGORY_COLOURS[5], "rgba(127, 127, 127, 0.9)"
BAND = "rgba(127, 127, 127, 0.25)"
SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star", "hexagon")
ROW, AROUND = 24, 110
BAR = 0.7


def rows(ablation: Ablation, comparison: RowComparison) -> go.Figure:
    """Rows one below the other over the values of a measure.

    Dots are decoders, with a symbol a subject; a bar is the mean of a row; the dotted line is
    chance. The grey band reaches from the best mean as far as the noise of a difference to it
    does (see ``RowComparison.noise``).
    """
    figure = go.Figure()
    names = [html.escape(ablation.name(row), quote=False) for row in range(len(ablation.rows))]
    if comparison.best is not None and np.isfinite(comparison.noise):
        middle = float(comparison.table["mean"][comparison.best])
        ends = {"x0": middle - comparison.noise, "x1": middle + comparison.noise}
        figure.add_vrect(**ends, fillcolor=BAND, line_width=0, layer="below")
    for number, subject in enumerate(ablation.subjects):
        _add_decoders(
            figure, names, comparison.values[:, number], ablation.seeds, (number, subject)
        )
    means = comparison.table["mean"]
    figure.add_scatter(
        x=means,
        y=list(range(len(names))),
        name="mean",
        mode="markers",
        marker={"symbol": "line-ns", "size": ROW * BAR, "line": {"color": MEAN, "width": 3}},
        customdata=np.column_stack([comparison.table[["sd", "low", "high", "n"]], names]),
        hovertemplate="%{customdata[4]}<br>mean %{x:.3f}, SD %{customdata[0]:.3f}, 95 % "
        "%{customdata[1]:.3f} to %{customdata[2]:.3f}, n %{customdata[3]}<extra></extra>",
    )
    _add_chance(figure, comparison)
    styled(figure, comparison.measure, "")
    figure.update_yaxes(
        tickvals=list(range(len(names))), ticktext=names, range=[len(names) - 0.5, -0.5],
        automargin=True,
    )  # fmt: skip
    if comparison.measure not in RANKS:
        figure.update_xaxes(tickformat=".0%")
    return figure.update_layout(height=AROUND + ROW * len(names), hovermode="closest")


def _add_decoders(
    figure: go.Figure,
    names: Sequence[str],
    values: np.ndarray,
    seeds: Sequence[int],
    who: tuple[int, str],
) -> None:
    """The dots of a subject; values (rows, seeds)."""
    number, subject = who
    figure.add_scatter(
        x=values.ravel(),
        y=np.repeat(np.arange(len(names)), len(seeds)),
        name=html.escape(subject, quote=False),
        mode="markers",
        marker={
            "color": DOT,
            "size": 8,
            "opacity": 0.65,
            "symbol": SYMBOLS[number % len(SYMBOLS)],
        },
        customdata=np.tile(seeds, len(names)),
        hovertemplate="%{x:.3f}, seed %{customdata}<extra>"
        + html.escape(subject, quote=False)
        + "</extra>",
    )


def _add_chance(figure: go.Figure, comparison: RowComparison) -> None:
    chances = comparison.table["chance"].dropna()
    if len(chances):
        figure.add_vline(
            x=float(chances.mean()),
            line={"color": GREY, "width": 1, "dash": "dot"},
            annotation={"text": "chance", "showarrow": False},
        )
