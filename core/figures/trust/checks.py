"""Plotly figures of a bottleneck, of a learning curve, and of near and far test images."""

from __future__ import annotations

import html

import numpy as np
import plotly.graph_objects as go

from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS
from core.trust import Trust
from core.trust.identification import CHANCE

OWN, OTHER, GREY = CATEGORY_COLOURS[0], CATEGORY_COLOURS[1], CATEGORY_COLOURS[-1]
HEIGHT = 300
SCORE = "Two-way identification"


def bottleneck(trust: Trust) -> go.Figure:
    """Score over the number of components of the responses that get through."""
    figure = go.Figure()
    figure.add_scatter(
        x=[row["components"] for row in trust.bottleneck],
        y=[round(row["value"], 4) for row in trust.bottleneck],
        mode="lines+markers",
        name="decoder",
        line={"color": OWN},
        marker={"size": 8, "color": OWN},
        customdata=[row["variance"] for row in trust.bottleneck],
        hovertemplate="%{x:,} components, %{customdata:.0%} of the variance: %{y:.1%}"
        "<extra></extra>",
    )
    return _finished(figure, trust, "Components that get through", is_log=True)


def learning(trust: Trust) -> go.Figure:
    """Score over the number of training images, with the line and what doubling would bring."""
    images, values = trust.learning["images"], trust.learning["values"]
    figure = go.Figure()
    figure.add_scatter(
        x=images,
        y=np.round(values, 4).tolist(),
        mode="markers",
        name="decoders",
        marker={"size": 8, "color": OWN},
        hovertemplate="%{x:,} images: %{y:.1%}<extra></extra>",
    )
    gain, following = trust.learning["gain"], trust.learning["next"]
    if gain is not None:
        twice = 2 * max(images)
        ends = np.array([min(images), twice])
        line = following - gain * np.log2(twice / ends)
        figure.add_scatter(
            x=ends.tolist(),
            y=line.round(4).tolist(),
            mode="lines+markers",
            name="line, to twice as many",
            line={"color": OTHER, "dash": "dash"},
            marker={"size": [0, 9], "color": OTHER, "symbol": "diamond-open"},
            hovertemplate="%{x:,} images: %{y:.1%} by the line<extra></extra>",
        )
    _finished(figure, trust, "Training images", is_log=True)
    sizes = sorted({*images, *([] if gain is None else [2 * max(images)])})
    return figure.update_xaxes(tickvals=sizes, ticktext=[f"{size:,}" for size in sizes])


def nearness(trust: Trust) -> go.Figure:
    """Score of each test image over its distance to the nearest training image."""
    figure = go.Figure()
    figure.add_scatter(
        x=trust.nearness.distance.round(4).tolist(),
        y=trust.nearness.score.round(4).tolist(),
        mode="markers",
        name="test image",
        marker={"size": 6, "color": OWN, "opacity": 0.75},
        text=[html.escape(name, quote=False) for name in trust.images],
        hovertemplate="%{text}: distance %{x:.2f}, %{y:.1%}<extra></extra>",
    )
    figure.add_scatter(
        x=[round(float(part[0]), 4) for part in trust.nearness.parts],
        y=[round(float(part[1]), 4) for part in trust.nearness.parts],
        mode="lines+markers",
        name="thirds by distance",
        line={"color": OTHER},
        marker={"size": 9, "color": OTHER, "symbol": "diamond"},
        hovertemplate="mean of a third: distance %{x:.2f}, %{y:.1%}<extra></extra>",
    )
    return _finished(figure, trust, "Distance to the nearest training image (1 − cosine)")


def _finished(figure: go.Figure, trust: Trust, name: str, is_log: bool = False) -> go.Figure:
    figure.add_hline(
        y=CHANCE,
        line={"color": GREY, "dash": "dot"},
        annotation={"text": "chance", "font": {"size": 12}},
        annotation_position="top right",
    )
    styled(figure, name, SCORE)
    if is_log:
        figure.update_xaxes(type="log", dtick=1)
    figure.update_yaxes(tickformat=".0%")
    return figure.update_layout(height=HEIGHT, hovermode="closest")
