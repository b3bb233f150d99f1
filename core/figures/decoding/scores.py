"""Plotly figure of the scores of a decoder beside its baselines, with intervals and chance."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.decoders.scoring.score_table import BASELINE, RANKS, TWO_WAY, WITHIN, over
from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS

OWN, GREY = CATEGORY_COLOURS[0], CATEGORY_COLOURS[-1]
BASELINES = (CATEGORY_COLOURS[1], CATEGORY_COLOURS[2], CATEGORY_COLOURS[3], CATEGORY_COLOURS[4])
CONTROL, CONTROLS = CATEGORY_COLOURS[5], ("diamond-open", "triangle-up-open")
# What each measure asks, as it stands beside the axis; {} is the number of candidates.
ASKED = {
    TWO_WAY: "right one of two images",
    WITHIN: "… of the same category",
    "top-1": "right category of {}",
    "top-5": "… among the first five",
    "image top-1": "right image of {}",
    "image top-5": "… among the first five",
}
APART, ROW, AROUND = 0.17, 26, 96


def scores(table: pd.DataFrame, head: str) -> go.Figure:
    """A row for each measure: the decoder, its baselines and controls, and chance.

    Parameters
    ----------
    table : pd.DataFrame
        From ``evaluate``, of one protocol.
    head : str
        Of the decoder, which is drawn first and filled; the others are open.
    """
    measures = [name for name in ASKED if name in set(table["measure"]) and name not in RANKS]
    heads = [head, *(name for name in dict.fromkeys(table["head"]) if name != head)]
    looks = _looks(heads)
    figure = go.Figure()
    for number, name in enumerate(heads):
        rows = table[(table["head"] == name) & table["measure"].isin(measures)]
        if len(rows):
            _add_head(figure, rows, measures, (number, len(heads)), looks[name])
    own = table[(table["head"] == head) & table["measure"].isin(measures)]
    _add_chance(figure, own, measures)
    styled(figure, "Share of responses, with 95 % intervals", "")
    labels = [_label(own, measure) for measure in measures]
    figure.update_yaxes(
        tickvals=list(range(len(measures))),
        ticktext=labels,
        range=[len(measures) - 0.5, -0.5],
        automargin=True,
    )
    figure.update_xaxes(range=[-0.01, 1.02], tickformat=".0%")
    height = AROUND + ROW * len(measures) * max(1.6, 0.55 * len(heads))
    return figure.update_layout(height=round(height), hovermode="closest", showlegend=True)


def _label(own: pd.DataFrame, measure: str) -> str:
    rows = own[own["measure"] == measure]
    count = f"{int(rows['candidates'].iloc[0]):,}" if len(rows) else "all"
    return html.escape(ASKED[measure].format(count), quote=False)


def _looks(heads: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Marker of each head; the decoder's is the first."""
    own, *others = heads
    looks: dict[str, dict[str, Any]] = {own: {"color": OWN, "size": 11, "symbol": "circle"}}
    baselines = [name for name in others if name.endswith(BASELINE)]
    for number, name in enumerate(baselines):
        colour = BASELINES[number % len(BASELINES)]
        looks[name] = {"color": colour, "size": 9, "symbol": "square-open"}
    # The same decoder scored in another way, such as by a classifier of its latents.
    same = [name for name in others if name.startswith(f"{own} (") and name not in baselines]
    for name in same:
        looks[name] = {"color": OWN, "size": 11, "symbol": "circle-open"}
    for number, name in enumerate(n for n in others if n not in (*baselines, *same)):
        symbol = CONTROLS[number % len(CONTROLS)]
        looks[name] = {"color": CONTROL, "size": 9, "symbol": symbol}
    return looks


def _add_head(
    figure: go.Figure,
    rows: pd.DataFrame,
    measures: list[str],
    place: tuple[int, int],
    look: Mapping[str, Any],
) -> None:
    number, count = place
    middle = APART * (number - (count - 1) / 2)
    values, low, high = (rows[name].to_numpy(dtype=float) for name in ("value", "low", "high"))
    name = html.escape(str(rows["head"].iloc[0]), quote=False)
    words = [f"{low:.1%} to {high:.1%} over {over(r, 'resampled')}"
             for low, high, r in zip(low, high, rows.to_dict("records"), strict=True)]  # fmt: skip
    figure.add_scatter(
        x=values.round(4),
        y=[round(measures.index(measure) + middle, 3) for measure in rows["measure"]],
        name=name,
        mode="markers",
        marker={**look, "line": {"width": 2, "color": look["color"]}},
        error_x={
            "array": np.nan_to_num(high - values).round(4),
            "arrayminus": np.nan_to_num(values - low).round(4),
            "color": look["color"],
            "thickness": 1.5,
            "width": 3,
        },
        customdata=np.column_stack([rows["measure"], words]),
        hovertemplate="%{customdata[0]}: %{x:.1%} (95 % %{customdata[1]})"
        f"<extra>{name}</extra>",
    )


def _add_chance(figure: go.Figure, own: pd.DataFrame, measures: list[str]) -> None:
    """A line across the row of each measure, where its chance lies."""
    x: list[float | None] = []
    y: list[float | None] = []
    for row in own.to_dict("records"):
        place = measures.index(row["measure"])
        x += [round(float(row["chance"]), 4)] * 2 + [None]
        y += [place - 0.42, place + 0.42, None]
    figure.add_scatter(
        x=x,
        y=y,
        name="chance",
        mode="lines",
        line={"color": GREY, "width": 2, "dash": "dot"},
        hovertemplate="chance %{x:.1%}<extra></extra>",
    )
