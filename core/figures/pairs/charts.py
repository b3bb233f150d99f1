"""Plotly figures of pair models: scores beside the baselines, matrices, unseen pairs."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.dissimilarity import MEASURES, PairFit, number, split_words
from core.dissimilarity.table import BASELINE_LABELS, Row
from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS

INK, OTHER, GREY = CATEGORY_COLOURS[0], CATEGORY_COLOURS[1], CATEGORY_COLOURS[-1]
TICKS = {
    "embedding_distance": (CATEGORY_COLOURS[2], "dot"),
    "identity": (CATEGORY_COLOURS[5], "dash"),
}
LOWEST, ROW, ABOVE, LONGEST = -0.4, 34, 110, 20
MATRIX_HEIGHT = 340
MOST_DRAWN = 3000
PALE = "rgba(0, 114, 178, 0.35)"


def scores(rows: Sequence[Row], others: Sequence[Row], measure: str) -> go.Figure:
    """A dot with its interval for each model, the baselines as lines on the same axis.

    Parameters
    ----------
    rows : sequence of dict
        Of the split in view, see ``core.dissimilarity.load``.
    others : sequence of dict
        Of the other split, as open grey dots.
    measure : str
        Of ``MEASURES``.
    """
    figure = go.Figure()
    for of_split, in_view in ((others, False), (rows, True)):
        models = [r for r in of_split if not r["is_baseline"] and not r["error"]]
        if models:
            _add_models(figure, models, measure, in_view)
    for row in rows:
        if row["is_baseline"] and not row["error"]:
            _add_baseline(figure, row, measure)
    count = sum(not row["is_baseline"] and not row["error"] for row in rows)
    styled(figure, f"{MEASURES[measure]} of unseen pairs (chance 0)", "")
    values = [row["scores"][measure]["low"] for row in rows if not row["error"]]
    low = min([-0.05, *(max(LOWEST, value) for value in values if value is not None)])
    figure.update_xaxes(range=[low - 0.02, 1.0], zeroline=True)
    figure.update_yaxes(autorange="reversed", automargin=True)
    return figure.update_layout(
        height=ABOVE + ROW * max(count, 2),
        hovermode="closest",
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )


def _add_models(figure: go.Figure, rows: Sequence[Row], measure: str, in_view: bool) -> None:
    parts = [row["scores"][measure] for row in rows]
    table = pd.DataFrame(parts).astype(float)
    bars = {
        "array": (table["high"] - table["value"]).round(4),
        "arrayminus": (table["value"] - table["low"]).round(4),
        "color": INK if in_view else GREY,
        "thickness": 2 if in_view else 1,
    }
    colour = {"color": INK} if in_view else {"color": GREY, "symbol": "circle-open"}
    figure.add_scatter(
        x=table["value"].round(4),
        y=[_in_lines(row["label"]) for row in rows],
        mode="markers",
        marker={"size": 10, **colour},
        error_x=bars,
        name=split_words(rows[0]["split"]),
        customdata=table[["low", "high"]].to_numpy(),
        hovertemplate="%{y}: %{x:.2f} [%{customdata[0]:.2f}, %{customdata[1]:.2f}]"
        f"<extra>{split_words(rows[0]['split'])}</extra>",
    )


def _in_lines(label: str) -> str:
    """A long label in two lines, so that it leaves room on a phone."""
    first, comma, rest = html.escape(label, quote=False).rpartition(", ")
    return f"{first},<br>{rest}" if comma and len(label) > LONGEST else first + comma + rest


def _add_baseline(figure: go.Figure, row: Row, measure: str) -> None:
    """A line across all models, drawn as a trace so that the legend names it."""
    value = row["scores"][measure]["value"]
    colour, dash = TICKS.get(row["model"], (GREY, "dot"))
    name = BASELINE_LABELS.get(row["model"], row["label"])
    text = f"{name}: " + ("none, so 0" if value is None else number(value))
    figure.add_vline(x=value or 0.0, line={"color": colour, "width": 2, "dash": dash})
    figure.add_scatter(
        x=[None],
        y=[None],
        mode="lines",
        line={"color": colour, "width": 2, "dash": dash},
        name=text,
    )


def matrix(fitted: PairFit, stimuli: pd.DataFrame, predicted: bool, label: str) -> go.Figure:
    """True or predicted matrix of the shown images, ordered by category; one colour scale.

    Parameters
    ----------
    fitted : PairFit
    stimuli : pd.DataFrame
        Of the recording: ``id``, ``category``, ``supercategory``.
    predicted : bool
    label : str
        Of the metric.
    """
    names = [fitted.ids[place] for place in fitted.shown]
    table = stimuli.set_index("id").loc[names]
    order = np.lexsort((table["category"].to_numpy(), table["supercategory"].to_numpy()))
    values = fitted.shown_predicted if predicted else fitted.shown_truth
    values = values[np.ix_(order, order)].astype(float)
    upper = fitted.shown_truth[np.triu_indices(len(order), 1)]
    low, high = np.quantile(upper, [0.02, 0.98])
    np.fill_diagonal(values, np.nan)
    text = [
        html.escape(f"{names[row]} {table['category'].iloc[row]}", quote=False) for row in order
    ]
    places = list(range(len(order)))
    figure = go.Figure(
        go.Heatmap(
            z=values.round(4),
            x=places,
            y=places,
            customdata=np.stack(np.broadcast_arrays(np.array(text)[:, None], text), axis=-1),
            zmin=low,
            zmax=high,
            colorscale="Viridis",
            colorbar={"thickness": 8, "orientation": "h", "y": 0, "yanchor": "top", "nticks": 4},
            hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>"
            + f"{label}: %{{z:.3f}}<extra></extra>",
        )
    )
    styled(figure, "", "")
    figure.update_xaxes(visible=False, scaleanchor="y", constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", constrain="domain")
    return figure.update_layout(
        height=MATRIX_HEIGHT, margin={"l": 0, "r": 0, "t": 8, "b": 32}, hovermode="closest"
    )


def unseen_pairs(fitted: PairFit, label: str) -> go.Figure:
    """Predicted against true dissimilarity of unseen pairs, at most 3,000 of them."""
    step = max(1, -(-len(fitted.i) // MOST_DRAWN))
    truth, predicted = fitted.truth[::step], fitted.predicted[::step]
    both = np.concatenate([truth, predicted])
    ends = [float(both.min()), float(both.max())]
    figure = go.Figure(
        go.Scattergl(
            x=truth.round(4),
            y=predicted.round(4),
            mode="markers",
            marker={"size": 4, "color": PALE},
            customdata=np.array(
                [
                    [fitted.ids[i], fitted.ids[j]]
                    for i, j in zip(fitted.i[::step], fitted.j[::step], strict=True)
                ]
            ),
            hovertemplate="%{customdata[0]}, %{customdata[1]}<br>true %{x:.3f}, predicted %{y:.3f}"
            "<extra></extra>",
            showlegend=False,
        )
    )
    line = {"color": GREY, "width": 1, "dash": "dash"}
    figure.add_scatter(x=ends, y=ends, mode="lines", line=line, hoverinfo="skip", showlegend=False)
    styled(figure, f"True {label}", "Predicted")
    return figure.update_layout(height=MATRIX_HEIGHT, hovermode="closest")
