"""Figure of RDM correlations, a second-order comparison."""

from __future__ import annotations

import html

import numpy as np
import plotly.graph_objects as go

from core.figures.charts import styled
from core.rdm.spaces import RdmCorrelations

ROW_HEIGHT, FRAME_HEIGHT = 46, 190


def rdm_correlations(correlations: RdmCorrelations) -> go.Figure:
    """Spearman correlations of RDMs as a matrix with its numbers."""
    names = [html.escape(name, quote=False) for name in correlations.names]
    figure = go.Figure(
        go.Heatmap(
            x=names,
            y=names,
            z=np.round(correlations.values, 4),
            zmin=min(0.0, float(np.nanmin(correlations.values))),
            zmax=1,
            colorscale="Cividis",
            texttemplate="%{z:.2f}",
            xgap=2,
            ygap=2,
            colorbar={"title": {"text": "Spearman ρ"}, "thickness": 12},
            hovertemplate="%{y} and %{x}: %{z:.3f}<extra></extra>",
        )
    )
    # Names that look like numbers would otherwise become positions.
    figure.update_xaxes(type="category")
    figure.update_yaxes(type="category", autorange="reversed")
    styled(figure, "", "")
    return figure.update_layout(height=FRAME_HEIGHT + ROW_HEIGHT * len(names))
