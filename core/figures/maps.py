"""Figures beside maps: what colours stand for, separation of categories, a classifier in words."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.charts import styled
from core.figures.heatmap import hex_colours
from core.figures.images import CATEGORY_COLOURS, category_colours
from core.words import p_words

if TYPE_CHECKING:
    from core.maps import LinearClassifier

MOST_COLOURED = len(CATEGORY_COLOURS)
# The last colour is grey: it stands for the others where not every category has its own.
OTHER, OTHER_COLOUR, PALE = "other", CATEGORY_COLOURS[-1], "rgba(160, 160, 160, 0.45)"
# Of values that are missing, and what is added to a colour to make it fainter.
MISSING, FADED = "#8c959d", "22"
STEPS = 64
STRIP_ROW, STRIP_FRAME = 26, 110


class Colouring(NamedTuple):
    """A colour for every point.

    ``codes`` (n,) int index ``palette``, -1 where the value is missing. ``names`` and
    ``counts`` say what each colour stands for; both are empty for numbers, whose ``ends``
    are the values of the first and last colour.
    """

    codes: np.ndarray
    palette: tuple[str, ...]
    names: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    ends: tuple[float, float] | None = None


def colouring(values: Sequence[Any] | np.ndarray | pd.Series) -> Colouring:
    """Colours of values: numbers on a scale, anything else as categories.

    At most 12 categories have a colour of their own; of more, the 11 most frequent have,
    and the others share a grey.
    """
    column = pd.Series(values).reset_index(drop=True)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return _numeric(column.to_numpy(dtype=np.float64))
    return _categorical(column.astype(object).where(column.notna(), "").map(str))


def counts_of(colours: Colouring, marked: np.ndarray) -> list[int]:
    """How many points of each colour are marked. marked: (n,) bool"""
    codes = colours.codes[marked & (colours.codes >= 0)]
    return [int(count) for count in np.bincount(codes, minlength=len(colours.palette))]


def faded(colours: Colouring, kept: np.ndarray) -> Colouring:
    """The same colours, paler where a point is not to be seen first. kept: (n,) bool"""
    count = len(colours.palette)
    pale = tuple(f"{colour}{FADED}" for colour in (*colours.palette, MISSING))
    codes = np.where(kept, colours.codes, np.where(colours.codes < 0, count, colours.codes) + count)
    return colours._replace(codes=codes, palette=(*colours.palette, *pale))


def _numeric(values: np.ndarray) -> Colouring:
    known = np.isfinite(values)
    palette = tuple(hex_colours("viridis", STEPS))
    codes = np.full(len(values), -1)
    if not known.any():
        return Colouring(codes, palette)
    low, high = (float(end) for end in np.percentile(values[known], [1, 99]))
    share = (values[known] - low) / (high - low) if high > low else np.full(known.sum(), 0.5)
    codes[known] = np.clip(share * STEPS, 0, STEPS - 1).astype(int)
    return Colouring(codes, palette, ends=(low, high))


def _categorical(names: pd.Series) -> Colouring:
    named = names[names != ""]
    counts = named.value_counts(sort=False)
    shown = list(dict.fromkeys(named))
    if len(shown) > MOST_COLOURED:
        frequent = set(
            counts.sort_values(ascending=False, kind="stable").index[: MOST_COLOURED - 1]
        )
        shown = [name for name in shown if name in frequent]
    palette = list(category_colours(shown).values())
    code = {name: number for number, name in enumerate(shown)}
    codes = names.map(code).where(names != "", -1)
    totals = [int(counts[name]) for name in shown]
    if codes.isna().any():
        codes = codes.fillna(len(shown))
        shown, palette = [*shown, OTHER], [*palette, OTHER_COLOUR]
        totals.append(int(len(named) - sum(totals)))
    return Colouring(codes.to_numpy(dtype=int), tuple(palette), tuple(shown), tuple(totals))


def separation_strip(table: pd.DataFrame) -> go.Figure:
    """Mean silhouette of each category, on the map and in the space (``maps.separation``)."""
    names = [f"{html.escape(str(row.label))} ({row.n:,})" for row in table.itertuples()]
    figure = go.Figure()
    for column, name, symbol, colour in (
        ("in_space", "in the space", "circle-open", CATEGORY_COLOURS[5]),
        ("on_map", "on the map", "circle", CATEGORY_COLOURS[0]),
    ):
        if table[column].notna().any():
            figure.add_scatter(
                x=table[column].round(4),
                y=names,
                mode="markers",
                name=name,
                marker={"size": 9, "symbol": symbol, "color": colour},
                hovertemplate=f"%{{y}} {name}: %{{x:.3f}}<extra></extra>",
            )
    figure.add_vline(x=0, line={"color": PALE, "width": 1})
    styled(figure, "Mean silhouette (1 apart, 0 between two)", "")
    figure.update_yaxes(autorange="reversed")
    return figure.update_layout(height=STRIP_FRAME + STRIP_ROW * len(names))


def described(classifier: LinearClassifier) -> str:
    """How well a linear classifier does, as every accuracy is shown."""
    accuracy, low, high = (
        f"{100 * value:.0f}" for value in (classifier.accuracy, classifier.low, classifier.high)
    )
    p = "" if np.isnan(classifier.p) else f", {p_words(classifier.p)}"
    return (
        f"balanced accuracy {accuracy} % on held-out points (95 % {low} to {high}, chance "
        f"{100 * classifier.chance:.0f} %, n = {classifier.n:,}{p})"
    )
