"""The schematic of regions as a chart: a square a unit, a tile a region."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.cortex import Schematic

HEIGHT = 540
# Below: beside the tiles it would take a third of the width of a phone.
BAR = {"title_side": "top", "orientation": "h", "thickness": 12, "y": 0, "yanchor": "top"}


def tiles(
    plan: Schematic,
    values: np.ndarray,
    ends: tuple[float, float],
    colours: Sequence[str],
    label: str,
) -> go.Figure:
    """Units at their places in the tiles of their regions, coloured by their values.

    Parameters
    ----------
    plan : Schematic
    values : np.ndarray of shape (units,)
    ends : (float, float)
    colours : sequence of str
    label : str
    """
    shown = np.flatnonzero(np.isfinite(plan.xy[:, 0]) & np.isfinite(values))
    steps = [[k / (len(colours) - 1), colour] for k, colour in enumerate(colours)]
    figure = go.Figure(
        go.Scattergl(
            x=plan.xy[shown, 0].round(3),
            y=plan.xy[shown, 1].round(3),
            mode="markers",
            customdata=shown,
            marker={
                "symbol": "square",
                "size": 6,
                "color": values[shown].round(4),
                "cmin": ends[0],
                "cmax": ends[1],
                "colorscale": steps,
                "colorbar": {"title": {"text": html.escape(label, quote=False)}, **BAR},
            },
            hovertemplate="unit %{customdata}: %{marker.color:.3f}<extra></extra>",
        )
    )
    for name, (left, low, right, high) in plan.boxes.items():
        figure.add_shape(
            type="rect", x0=left, y0=low, x1=right, y1=high, line={"color": "grey", "width": 1}
        )
        figure.add_annotation(
            x=(left + right) / 2,
            y=high,
            text=html.escape(name, quote=False),
            showarrow=False,
            yanchor="bottom",
            font={"size": 11},
        )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    margin = {"l": 5, "r": 5, "t": 20, "b": 5}
    return figure.update_layout(
        height=HEIGHT, margin=margin, hovermode="closest", clickmode="event+select", dragmode="pan"
    )
