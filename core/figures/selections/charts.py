"""Two selections beside each other: mean responses of regions, and shares of labels."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS
from core.selections import SelectionComparison
from core.words import p_number

COLOURS = CATEGORY_COLOURS[0], CATEGORY_COLOURS[5]
SYMBOLS = "circle", "diamond"
SIDES = "first", "second"
ROW, FRAME, MOST_LABELS = 26, 110, 15


def regions(comparison: SelectionComparison, names: tuple[str, str], unit: str) -> go.Figure:
    """Mean response of each region to each selection, with its 95 % interval over stimuli."""
    table = comparison.regions
    figure = go.Figure()
    for side, name, colour, symbol in zip(SIDES, names, COLOURS, SYMBOLS, strict=True):
        mean, low, high = (table[f"{part}_{side}"] for part in ("mean", "low", "high"))
        figure.add_scatter(
            x=mean,
            y=table["region"].map(html.escape),
            mode="markers",
            name=html.escape(name),
            marker={"color": colour, "symbol": symbol, "size": 9},
            error_x={"array": high - mean, "arrayminus": mean - low, "thickness": 1.5},
            customdata=np.column_stack([low, high, table[f"n_{side}"]]),
            hovertemplate="%{y}: %{x:.3f} (95 % %{customdata[0]:.3f} to %{customdata[1]:.3f}, "
            "n = %{customdata[2]:.0f})<extra>%{fullData.name}</extra>",
        )
    styled(figure, f"Mean response ({unit}), 95 % interval over stimuli", "")
    figure.update_layout(scattermode="group", height=FRAME + ROW * len(table))
    return figure.update_yaxes(autorange="reversed")


def labels(comparison: SelectionComparison, names: tuple[str, str]) -> go.Figure:
    """Shares of the labels that differ most, between what is in one selection alone."""
    table = comparison.labels.head(MOST_LABELS)
    figure = go.Figure()
    words = table["label"].map(html.escape)
    for row in _records(table):
        figure.add_scatter(
            x=[row["share_first"], row["share_second"]],
            y=[html.escape(row["label"])] * 2,
            mode="lines",
            line={"color": "rgba(140, 149, 157, 0.7)", "width": 2},
            showlegend=False,
            hoverinfo="skip",
        )
    for side, name, colour, symbol in zip(SIDES, names, COLOURS, SYMBOLS, strict=True):
        figure.add_scatter(
            x=table[f"share_{side}"],
            y=words,
            mode="markers",
            name=f"{html.escape(name)} alone",
            marker={"color": colour, "symbol": symbol, "size": 9},
            customdata=table[[side]],
            hovertemplate="%{y}: %{x:.0%} (%{customdata[0]:.0f} stimuli)"
            "<extra>%{fullData.name}</extra>",
        )
    styled(figure, "Share of the stimuli with labels", "")
    figure.update_layout(height=FRAME + ROW * len(table))
    return figure.update_yaxes(autorange="reversed").update_xaxes(tickformat=".0%")


def label_rows(comparison: SelectionComparison) -> pd.DataFrame:
    """The labels as a table for readers."""
    return pd.DataFrame(
        {
            "Label": row["label"],
            "First alone": row["first"],
            "Second alone": row["second"],
            "Difference (points)": f"{100 * row['difference']:+.0f}",
            "95 % interval": f"{100 * row['low']:+.0f} to {100 * row['high']:+.0f}",
            "p (Holm)": p_number(row["p"]),
        }
        for row in _records(comparison.labels.head(MOST_LABELS))
    )


def region_rows(comparison: SelectionComparison) -> pd.DataFrame:
    """The regions as a table for readers: mean ± SD (n), and the difference."""
    return pd.DataFrame(
        {
            "Region": row["region"],
            **{
                side.capitalize(): f"{row[f'mean_{side}']:.3f} ± {row[f'sd_{side}']:.3f} "
                f"({row[f'n_{side}']:,})"
                for side in SIDES
            },
            "Difference": f"{row['difference']:+.3f}",
            "Interval": f"{row['low']:+.3f} to {row['high']:+.3f}",
            "p (Holm)": p_number(row["p"]),
        }
        for row in _records(comparison.regions)
    )


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return table.to_dict("records")  # type: ignore[return-value]
