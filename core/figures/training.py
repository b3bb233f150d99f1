"""Plotly figures of training: losses and identification over epochs, rows of ablations."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.ablations import Ablation, RowComparison
from core.decoders.scoring.score_table import RANKS
from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS

TRAINING, VALIDATION, GREY = CATEGORY_COLOURS[0], CATEGORY_COLOURS[1], CATEGORY_COLOURS[-1]
CHANCE = 0.5
HEIGHT = 280
LEAP = 1000
FEW = 10
# Of ablations: a bar a mean, a symbol a subject, pixels a row.
MEAN, BAND = CATEGORY_COLOURS[5], "rgba(127, 127, 127, 0.25)"
SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star", "hexagon")
ROW, AROUND = 24, 110
BAR = 0.7


def losses(
    curve: Sequence[Mapping[str, Any]], chance: Mapping[str, float] | None = None
) -> go.Figure:
    """Training and validation loss over epochs; the epoch that is kept is marked.

    ``chance`` gives the loss at chance by set, drawn as a dotted line. Losses that leap are
    drawn on a logarithmic axis.
    """
    figure = go.Figure()
    epochs = [row["epoch"] for row in curve]
    for name, colour in (("training", TRAINING), ("validation", VALIDATION)):
        figure.add_scatter(
            x=epochs,
            y=[round(row[name], 5) for row in curve],
            name=name,
            mode="lines" if len(curve) > 1 else "markers",
            line={"color": colour, "width": 2},
            hovertemplate="epoch %{x}: %{y:.4f}<extra>" + name + "</extra>",
        )
    if curve:
        best = min(curve, key=lambda row: row["validation"])
        figure.add_scatter(
            x=[best["epoch"]],
            y=[best["validation"]],
            name="kept",
            mode="markers",
            marker={"color": VALIDATION, "size": 10, "symbol": "circle-open", "line": {"width": 3}},
            hovertemplate="kept: epoch %{x}, %{y:.4f}<extra></extra>",
        )
    styled(figure, "Epoch", "Loss")
    for side, colour in (("training", TRAINING), ("validation", VALIDATION)):
        if chance and side in chance:
            # The lower of the two is named below its line, that they do not cover each other.
            is_lower = chance[side] < max(chance.values())
            figure.add_hline(
                y=chance[side],
                line={"color": colour, "width": 1, "dash": "dot"},
                annotation={"text": f"{side}, chance", "showarrow": False},
                annotation_position="bottom right" if is_lower else "top right",
            )
    values = [row[side] for row in curve for side in ("training", "validation")]
    if values and min(values) > 0 and max(values) > LEAP * min(values):
        figure.update_yaxes(type="log")
    _whole_epochs(figure, len(curve))
    return figure.update_layout(height=HEIGHT, legend={"orientation": "h", "y": 1.15})


def _whole_epochs(figure: go.Figure, count: int) -> None:
    if count < FEW:
        figure.update_xaxes(dtick=1)


def _spread(curves: Mapping[str, Sequence[Mapping[str, Any]]]) -> float:
    """Between chance and the highest of some curves."""
    return max((row["two_way"] for own in curves.values() for row in own), default=1.0) - CHANCE


def identification(curve: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Two-way identification in the validation set over epochs, with chance."""
    return compared({"validation": curve}, "two_way", "Two-way identification (validation)")


def compared(
    curves: Mapping[str, Sequence[Mapping[str, Any]]], value: str, title: str
) -> go.Figure:
    """One value over the epochs of several runs."""
    figure = go.Figure()
    for place, (label, curve) in enumerate(curves.items()):
        name = html.escape(label, quote=False)
        figure.add_scatter(
            x=[row["epoch"] for row in curve],
            y=[round(row[value], 5) for row in curve],
            name=name,
            mode="lines" if len(curve) > 1 else "markers",
            line={"color": CATEGORY_COLOURS[(place + 1) % len(CATEGORY_COLOURS)], "width": 2},
            hovertemplate="epoch %{x}: %{y:.3f}<extra>" + name + "</extra>",
        )
    styled(figure, "Epoch", title)
    if value == "two_way":
        figure.add_hline(
            y=CHANCE,
            line={"color": GREY, "width": 1, "dash": "dot"},
            annotation={"text": "chance", "showarrow": False},
        )
        figure.update_yaxes(tickformat=".0%" if _spread(curves) > 0.05 else ".1%")
    _whole_epochs(figure, max((len(curve) for curve in curves.values()), default=0))
    legend = {"orientation": "h", "y": 1.15}
    return figure.update_layout(height=HEIGHT, showlegend=len(curves) > 1, legend=legend)


def ablation_rows(ablation: Ablation, comparison: RowComparison) -> go.Figure:
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
            "color": TRAINING,
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
