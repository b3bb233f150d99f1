"""Plotly figures of single decoded responses: profile, similarity to the training set, repeats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.decoders.retrieving.repeats import RepeatScore
from core.figures.charts import INK, styled
from core.figures.images import CATEGORY_COLOURS

ACCENT = CATEGORY_COLOURS[5]
CHANCE = {"dash": "dash", "width": 1.5, "color": CATEGORY_COLOURS[11]}


def profile(
    names: Sequence[str], predicted: np.ndarray, measured: np.ndarray | None, r: np.ndarray
) -> go.Figure:
    """Mean response of regions: measured as bars, predicted as diamonds. (regions,) each."""
    figure = go.Figure()
    if measured is not None:
        figure.add_bar(
            x=list(names),
            y=np.round(measured, 3),
            name="measured",
            marker={"color": INK, "line": {"width": 0}},
            hovertemplate="%{x}: %{y:.2f}<extra>measured</extra>",
        )
    figure.add_scatter(
        x=list(names),
        y=np.round(predicted, 3),
        name="predicted from the query" if measured is None else "predicted from the image",
        mode="markers",
        marker={"color": ACCENT, "symbol": "diamond", "size": 9},
        customdata=np.round(r, 2),
        hovertemplate="%{x}: %{y:.2f}<br>r over test images %{customdata:.2f}"
        "<extra>predicted</extra>",
    )
    styled(figure, "", "Response (z)").update_layout(bargap=0.2, height=300)
    return figure.update_xaxes(dtick=1, tickangle=-90, tickfont={"size": 10})


def similarity_to_training(
    similarity: np.ndarray,
    rank: np.ndarray,
    ids: Sequence[str],
    is_hit: np.ndarray,
    chance: float,
    current: str,
) -> go.Figure:
    """Rank of the seen image against its similarity to the nearest training image, (q,) each.

    ``is_hit`` tells the responses that retrieve an image of the right category; the customdata
    of a point is its id.
    """
    figure = go.Figure()
    kinds = (
        ("category among the ten", is_hit, INK, "circle"),
        ("not among the ten", ~is_hit, ACCENT, "x"),
    )
    for name, chosen, colour, symbol in kinds:
        places = np.flatnonzero(chosen & np.isfinite(rank))
        figure.add_scatter(
            x=np.round(similarity[places], 4),
            y=rank[places],
            name=name,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 7, "opacity": 0.8},
            customdata=[ids[place] for place in places.tolist()],
            hovertemplate="%{customdata}<br>similarity %{x:.2f}, rank %{y:,.0f}<extra></extra>",
        )
    if current in ids and np.isfinite(rank[ids.index(current)]):
        place = ids.index(current)
        figure.add_scatter(
            x=[similarity[place]],
            y=[rank[place]],
            mode="markers",
            marker={
                "symbol": "circle-open",
                "size": 17,
                "line": {"width": 3},
                "color": CATEGORY_COLOURS[3],
            },
            name="this response",
            hoverinfo="skip",
        )
    figure.add_hline(y=chance, line=CHANCE, annotation_text="chance")
    figure = styled(figure, "Cosine to the nearest training image", "Rank of the seen image")
    return figure.update_yaxes(type="log", autorange="reversed", dtick=1)


def repeats(curve: Sequence[RepeatScore]) -> go.Figure:
    """Two-way identification against the number of repeats averaged, with its interval."""
    values = np.array([score.two_way for score in curve])
    upper = np.array([score.high for score in curve]) - values
    lower = values - np.array([score.low for score in curve])
    figure = go.Figure(
        go.Scatter(
            x=[score.repeats for score in curve],
            y=values,
            error_y={"array": upper, "arrayminus": lower, "symmetric": False, "thickness": 1.5},
            mode="lines+markers",
            marker={"color": INK, "size": 9},
            customdata=[[score.low, score.high, score.over] for score in curve],
            hovertemplate="%{x} averaged: %{y:.1%} (95 % %{customdata[0]:.1%} to "
            "%{customdata[1]:.1%} over %{customdata[2]})<extra></extra>",
        )
    )
    figure.add_hline(y=0.5, line=CHANCE, annotation_text="chance")
    styled(figure, "Repeats averaged", "Two-way identification")
    figure.update_xaxes(dtick=1)
    return figure.update_yaxes(tickformat=".0%").update_layout(height=300)
