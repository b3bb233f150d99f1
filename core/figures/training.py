"""Plotly figures of training: losses and identification over epochs."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS

TRAINING, VALIDATION, GREY = CATEGORY_COLOURS[0], CATEGORY_COLOURS[1], CATEGORY_COLOURS[-1]
CHANCE = 0.5
HEIGHT = 280
LEAP = 1000
FEW = 10


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
            figure.add_hline(
                y=chance[side],
                line={"color": colour, "width": 1, "dash": "dot"},
                annotation={"text": f"{side}, chance", "showarrow": False},
                annotation_position="top right",
            )
    values = [row[side] for row in curve for side in ("training", "validation")]
    if values and min(values) > 0 and max(values) > LEAP * min(values):
        figure.update_yaxes(type="log")
    _whole_epochs(figure, len(curve))
    return figure.update_layout(height=HEIGHT, legend={"orientation": "h", "y": 1.15})


def _whole_epochs(figure: go.Figure, count: int) -> None:
    if count < FEW:
        figure.update_xaxes(dtick=1)


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
    _whole_epochs(figure, max((len(curve) for curve in curves.values()), default=0))
    legend = {"orientation": "h", "y": 1.15}
    return figure.update_layout(height=HEIGHT, showlegend=len(curves) > 1, legend=legend)
