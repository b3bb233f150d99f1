"""Plotly figures of clusters: how many, their profiles, their contents, their consistency."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.clusters import UNKNOWN, Choice, Clustering, Composition, Consistency
from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS, category_colours
from core.figures.maps import Colouring

INK, MARK, GREY = CATEGORY_COLOURS[0], CATEGORY_COLOURS[5], CATEGORY_COLOURS[-1]
PALE = "rgba(0, 114, 178, 0.22)"
PANELS = {
    "r2": "R² (line), its gain by one more cluster (bars)",
    "silhouette": "Mean silhouette",
    "gap": "Gap statistic ± s",
    "stability": "Stability (adjusted Rand index)",
}
NUMBERED_CELLS = 20
GAINS_SHOWN = 5
MOST_VALUES = len(CATEGORY_COLOURS) - 1
UNKNOWN_COLOUR = "rgba(127, 127, 127, 0.35)"


def rule(choice: Choice, name: str) -> go.Figure:
    """One of the rules over k; the k that it chooses and the recommended k are marked."""
    table = choice.table
    figure = make_subplots(specs=[[{"secondary_y": name == "r2"}]])
    if name == "r2":
        _add_gain(figure, choice)
    if name == "stability":
        _add_band(figure, table, table["stability_low"], table["stability_high"])
    errors = {"error_y": {"array": table["gap_se"], "thickness": 1}} if name == "gap" else {}
    figure.add_scatter(
        x=table["k"],
        y=table[name],
        mode="lines+markers",
        line={"color": INK, "width": 2},
        hovertemplate="k = %{x}: %{y:.4f}<extra></extra>",
        **errors,
    )
    if choice.k > 1:
        figure.add_vline(x=choice.k, line={"color": GREY, "width": 1, "dash": "dash"})
    at = table[table["k"] == choice.chosen[name]]
    figure.add_scatter(
        x=at["k"],
        y=at[name],
        mode="markers",
        marker={"color": MARK, "size": 12, "symbol": "circle-open", "line": {"width": 3}},
        hoverinfo="skip",
    )
    styled(figure, "Clusters k", "")
    figure.update_xaxes(dtick=2)
    title = {"text": PANELS[name], "font": {"size": 14}, "x": 0}
    return figure.update_layout(height=270, showlegend=False, title=title, margin={"t": 36})


def _add_gain(figure: go.Figure, choice: Choice) -> None:
    """The gain on an axis of its own, cut above a few times the least gain of the rule."""
    figure.add_bar(
        x=choice.table["k"],
        y=choice.table["gain"],
        marker_color=PALE,
        width=0.7,
        hovertemplate="k = %{x}: one more adds %{y:.4f}<extra></extra>",
        secondary_y=True,
    )
    figure.add_hline(
        y=choice.minimum_gain,
        line={"color": MARK, "width": 1, "dash": "dot"},
        secondary_y=True,
    )
    least = max(choice.minimum_gain, 1e-6)
    ticks = {"tickmode": "linear", "tick0": 0, "dtick": least, "showgrid": False}
    figure.update_yaxes(range=[0, GAINS_SHOWN * least], secondary_y=True, **ticks)


def _add_band(figure: go.Figure, table: pd.DataFrame, low: pd.Series, high: pd.Series) -> None:
    for edge, fill in ((high, None), (low, "tonexty")):
        figure.add_scatter(
            x=table["k"],
            y=edge,
            mode="lines",
            line={"width": 0},
            fill=fill,
            fillcolor=PALE,
            hoverinfo="skip",
        )


def profiles(table: pd.DataFrame, unit: str, clusters: Sequence[int] | None = None) -> go.Figure:
    """Mean response of clusters in each region, with one standard deviation on either side.

    Parameters
    ----------
    table : pd.DataFrame
        From ``clusters.profile``.
    clusters : sequence of int, optional
        Those to draw; a cluster keeps its colour where others are left out.
    """
    figure = go.Figure()
    shown = table["cluster"].unique() if clusters is None else clusters
    for cluster in shown:
        part = table[table["cluster"] == cluster]
        spread = part["sd"].round(4)
        figure.add_scatter(
            x=[html.escape(str(name), quote=False) for name in part["name"]],
            y=part["mean"].round(4),
            error_y={"array": spread, "thickness": 1, "width": 2},
            customdata=spread,
            mode="lines+markers",
            name=cluster_name(int(cluster)),
            line={"color": cluster_colour(int(cluster)), "width": 2},
            hovertemplate="%{x}: %{y:.3f} ± %{customdata:.3f}",
        )
    styled(figure, "", f"Mean ± SD ({unit})")
    figure.update_xaxes(tickangle=-60, tickfont_size=11)
    return figure.update_layout(height=380, showlegend=True)


def composition(counts: Composition, column: str) -> go.Figure:
    """Share of each value of a column in each cluster, as stacked bars with a legend.

    Values beyond the eleven most frequent are drawn as one.
    """
    table = _main_values(counts.table)
    shares = table.div(table.sum(axis=1).replace(0, np.nan), axis=0)
    colours = {**category_colours(list(table.columns)[:MOST_VALUES]), UNKNOWN: UNKNOWN_COLOUR}
    figure = go.Figure()
    for value in table.columns:
        figure.add_bar(
            y=[cluster_name(int(cluster)) for cluster in table.index],
            x=shares[value],
            customdata=table[value],
            orientation="h",
            name=html.escape(str(value), quote=False),
            marker={"color": colours.get(value, GREY), "line": {"width": 1, "color": "white"}},
            hovertemplate="%{y}: %{customdata:,} (%{x:.1%})",
        )
    styled(figure, f"Share of the cluster, by {column}", "")
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(autorange="reversed")
    height = 150 + 34 * len(table)
    figure.update_layout(barmode="stack", bargap=0.2, showlegend=True, height=height)
    return figure.update_layout(legend_traceorder="normal")


def _main_values(table: pd.DataFrame) -> pd.DataFrame:
    """The most frequent values, and the others as one."""
    known = [value for value in table.columns if value != UNKNOWN]
    main, others = known[:MOST_VALUES], known[MOST_VALUES:]
    shown = table[main].copy()
    if others:
        shown[f"{len(others)} other values"] = table[others].sum(axis=1)
    if UNKNOWN in table.columns:
        shown[UNKNOWN] = table[UNKNOWN]
    return shown


def consistency(agreement: Consistency) -> go.Figure:
    """Mean matched correlation of the centroids of each two clusterings."""
    names = [html.escape(name, quote=False) for name in agreement.names]
    figure = go.Figure(
        go.Heatmap(
            x=names,
            y=names,
            z=np.round(agreement.matrix, 4),
            zmin=min(0.0, float(agreement.matrix.min())),
            zmax=1,
            colorscale="Cividis",
            texttemplate="%{z:.2f}" if len(names) <= NUMBERED_CELLS else None,
            xgap=2,
            ygap=2,
            colorbar={"title": {"text": "r"}, "thickness": 12},
            hovertemplate="%{y} and %{x}: %{z:.3f}<extra></extra>",
        )
    )
    figure.update_xaxes(type="category")
    figure.update_yaxes(type="category", autorange="reversed")
    styled(figure, "", "")
    return figure.update_layout(height=190 + 40 * len(names))


def cluster_name(cluster: int) -> str:
    """How a cluster is called on the screen: from 1."""
    return f"Cluster {cluster + 1}"


def membership(clustering: Clustering) -> Colouring:
    """Colour of every row by its cluster, the same as in the other figures."""
    numbers = range(clustering.k)
    return Colouring(
        clustering.labels,
        tuple(cluster_colour(number) for number in numbers),
        tuple(str(number + 1) for number in numbers),
        tuple(int(size) for size in clustering.sizes),
    )


def cluster_colour(cluster: int) -> str:
    """Colour of a cluster; they repeat after twelve."""
    return CATEGORY_COLOURS[cluster % len(CATEGORY_COLOURS)]
