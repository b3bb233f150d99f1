"""Two RDMs cell by cell, as points in percentiles."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS
from core.rdm.comparisons.vectors import count_stimuli
from core.rdm.disagreement import percentiles

MOST_POINTS = 6000
WITHIN, ACROSS = CATEGORY_COLOURS[5], f"{CATEGORY_COLOURS[0]}55"


class CellPoints(NamedTuple):
    """Pairs of stimuli as points.

    ``coordinates`` (m, 2) are percentiles in the first and the second RDM; ``rows`` (m, 2) the
    two stimuli of each; ``star`` the point of the picked pair; ``total`` the pairs that there are.
    """

    coordinates: np.ndarray
    rows: np.ndarray
    star: int | None
    total: int


def scatter_of(
    first: np.ndarray, second: np.ndarray, picked: tuple[int, int] | None = None
) -> CellPoints:
    """Points of the pairs (pairs,) that both define; of many a sample, the picked one always."""
    x, y = percentiles(first), percentiles(second)
    rows = np.stack(np.triu_indices(count_stimuli(len(first)), 1), axis=1)
    defined = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    taken = defined
    if len(defined) > MOST_POINTS:
        taken = np.sort(np.random.default_rng(0).choice(defined, MOST_POINTS, replace=False))
    star = None
    if picked is not None:
        place = int(np.flatnonzero((rows == sorted(picked)).all(axis=1))[0])
        taken = np.unique(np.append(taken, place))
        star = int(np.searchsorted(taken, place))
    return CellPoints(np.stack([x[taken], y[taken]], axis=1), rows[taken], star, len(defined))


def chart(points: CellPoints, is_same: np.ndarray | None, names: tuple[str, str]) -> go.Figure:
    """The points on axes, for print; pairs of one category in a colour of their own."""
    figure = go.Figure()
    every = np.zeros(len(points.rows), dtype=bool)
    same = every if is_same is None else is_same
    for chosen, colour, name in (
        (~same, ACROSS, "across categories" if is_same is not None else "pairs"),
        (same, WITHIN, "within a category"),
    ):
        if chosen.any():
            x, y = points.coordinates[chosen].round(2).T
            figure.add_scatter(
                x=x, y=y, mode="markers", name=name, marker={"size": 4, "color": colour}
            )
    styled(figure, f"Percentile in {names[0]}", f"Percentile in {names[1]}")
    return figure.update_layout(height=430).update_yaxes(scaleanchor="x")


def within(stimuli: pd.DataFrame, rows: np.ndarray) -> np.ndarray | None:
    """Whether both stimuli of each pair (m, 2) are of one category; None without categories."""
    for column in ("supercategory", "category"):
        names = stimuli[column].astype(str).to_numpy()
        if (names != "").any() and len(set(names)) > 1:
            return np.asarray((names[rows[:, 0]] == names[rows[:, 1]]) & (names[rows[:, 0]] != ""))
    return None
