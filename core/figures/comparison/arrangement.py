"""All RDMs against all: the matrix of similarities, the map, and the tree."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS
from core.rsa.arrangement import RdmMap

GREY = CATEGORY_COLOURS[-1]
BRAIN, MODEL = CATEGORY_COLOURS[5], CATEGORY_COLOURS[0]
HEIGHT, MOST_NUMBERED, LONGEST = 380, 14, 22
# Text in the colour of the theme stays readable on the darkest cell, light and dark.
COLOURS = [
    [0, "rgba(213, 94, 0, 0.65)"],
    [0.5, "rgba(140, 140, 140, 0.05)"],
    [1, "rgba(0, 114, 178, 0.65)"],
]


def similarities(values: np.ndarray, names: Sequence[str]) -> go.Figure:
    """Similarity of every two RDMs; a cell is a point that can be clicked.

    The second trace has a point for each cell, row by row.

    Parameters
    ----------
    values : np.ndarray of shape (k, k)
    names : sequence of str
        Of the k RDMs, in their order.
    """
    labels = [_label(name) for name in names]
    k, places = len(names), list(range(len(names)))
    figure = go.Figure(
        go.Heatmap(
            z=np.round(values, 3),
            x=places,
            y=places,
            zmin=-1,
            zmax=1,
            colorscale=COLOURS,
            showscale=False,
            hoverinfo="skip",
            xgap=1,
            ygap=1,
        )
    )
    unseen = {"marker": {"opacity": 0}}
    cells = [(row, column) for row in places for column in places]
    figure.add_scatter(
        x=[column for _, column in cells],
        y=[row for row, _ in cells],
        mode="markers+text" if k <= MOST_NUMBERED else "markers",
        text=[f"{values[row, column]:.2f}".replace("0.", ".", 1) for row, column in cells],
        textfont={"size": 11},
        marker={"symbol": "square", "size": max(6, 260 // k), "opacity": 0},
        selected=unseen,
        unselected=unseen,
        customdata=[
            [_escaped(names[row]), _escaped(names[column]), values[row, column]]
            for row, column in cells
        ],
        hovertemplate="%{customdata[0]} and %{customdata[1]}: %{customdata[2]:.3f}<extra></extra>",
        showlegend=False,
    )
    styled(figure, "", "")
    axis = {"tickvals": places, "ticktext": labels, "showgrid": False, "zeroline": False}
    figure.update_xaxes(**axis, range=[-0.5, k - 0.5], tickangle=-90)
    figure.update_yaxes(**axis, range=[k - 0.5, -0.5])
    height = max(HEIGHT, 150 + 24 * k)
    return figure.update_layout(height=height, clickmode="event+select")


def tree_order(arranged: RdmMap, names: Sequence[str]) -> list[int]:
    """Places of the RDMs in the order of the tree; those that are not in it come last."""
    leaves = [int(leaf) for leaf in arranged.dendrogram.order]
    return [*leaves, *(place for place in range(len(names)) if place not in set(leaves))]


def similarity_map(arranged: RdmMap, names: Sequence[str], brain: Sequence[str]) -> go.Figure:
    """RDMs as points: near one another where they are similar, as far as two dimensions allow."""
    figure = go.Figure()
    for is_brain, colour, symbol, title in (
        (True, BRAIN, "diamond", "brain"),
        (False, MODEL, "circle", "model"),
    ):
        chosen = [int(row) for row in arranged.placed if (names[int(row)] in brain) == is_brain]
        figure.add_scatter(
            x=arranged.coordinates[chosen, 0],
            y=arranged.coordinates[chosen, 1],
            mode="markers+text",
            text=[_label(names[place]) for place in chosen],
            textposition="top center",
            textfont={"size": 11},
            cliponaxis=False,
            name=title,
            marker={"size": 11, "color": colour, "symbol": symbol},
            hovertext=[_escaped(names[place]) for place in chosen],
            hoverinfo="text",
        )
    styled(figure, "", "")
    spread = arranged.coordinates[np.isfinite(arranged.coordinates).all(axis=1)]
    reach = 1.35 * float(np.abs(spread).max(initial=0.1))
    bare = {"showticklabels": False, "zeroline": False, "showgrid": False, "range": [-reach, reach]}
    figure.update_xaxes(**bare)
    figure.update_yaxes(**bare, scaleanchor="x")
    return figure.update_layout(height=HEIGHT)


def tree(arranged: RdmMap, names: Sequence[str], measure: str) -> go.Figure:
    """The dendrogram, its leaves downward in the order of the matrix beside it."""
    dendrogram = arranged.dendrogram
    figure = go.Figure()
    for x, y in zip(dendrogram.x, dendrogram.y, strict=True):
        figure.add_scatter(
            x=np.round(y, 4),
            y=x,
            mode="lines",
            line={"color": GREY, "width": 1.5},
            hovertemplate="joined at 1 − similarity %{x:.2f}<extra></extra>",
            showlegend=False,
        )
    leaves = [int(leaf) for leaf in dendrogram.order]
    styled(figure, f"1 − {measure}", "")
    # scipy puts leaves at 5, 15, 25 ...
    figure.update_yaxes(
        tickvals=[5 + 10 * place for place in range(len(leaves))],
        ticktext=[_label(names[leaf]) for leaf in leaves],
        range=[10 * len(leaves), 0],
        showgrid=False,
        zeroline=False,
        side="right",
    )
    figure.update_xaxes(autorange="reversed", zeroline=False)
    return figure.update_layout(height=max(HEIGHT, 150 + 24 * len(leaves)))


def _label(name: str) -> str:
    return _escaped(name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…")


def _escaped(name: str) -> str:
    return html.escape(name, quote=False)
