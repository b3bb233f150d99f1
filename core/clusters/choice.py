"""How many clusters: four rules over k, whether theirs are set apart, and one recommendation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.clusters.kmeans import Clustering, check_enough, clustering_of
from core.clusters.metrics import METRICS, PreparedRows
from core.clusters.reproducibility import gap_statistic, silhouettes, stability
from core.clusters.separation import measure_separation
from core.errors import InputError
from core.progress import Progress, portion
from core.registry import Registry
from core.words import counted, p_words

KS = range(2, 21)
STABLE = 0.8
LEVEL = 0.05
REFERENCES, RESAMPLES, MOST = 10, 10, 3000
COLUMNS = (
    "objective",
    "r2",
    "gain",
    "silhouette",
    "gap",
    "gap_se",
    "stability",
    "stability_low",
    "stability_high",
)


@dataclass(frozen=True)
class Rule:
    """A way to choose k from the table of ``choose_k``."""

    label: str
    help: str


RULES: Registry[Rule] = Registry("rule")
RULES.register(
    "r2",
    Rule("R² gain", "the smallest k where one more cluster adds less than the least gain to R²"),
)
RULES.register("silhouette", Rule("Silhouette", "the k with the largest mean silhouette"))
RULES.register(
    "gap",
    Rule(
        "Gap statistic",
        "the smallest k with gap(k) ≥ gap(k+1) − s(k+1), against points spread evenly along the "
        "principal components (Tibshirani et al. 2001); 1 means that it finds no clusters",
    ),
)
RULES.register(
    "stability",
    Rule(
        "Stability",
        f"the largest k whose clusters agree between bootstrap resamples (mean adjusted Rand "
        f"index ≥ {STABLE:g}), else the k that agrees best",
    ),
)


@dataclass(frozen=True)
class Resampling:
    """How much silhouette, gap statistic and stability draw.

    Attributes
    ----------
    references : int
        Reference sets of the gap statistic.
    resamples : int
        Bootstrap resamples of the stability.
    most : int
        All three use at most as many rows, evenly spread.

    Raises
    ------
    InputError
        If a number is below 2.
    """

    references: int = REFERENCES
    resamples: int = RESAMPLES
    most: int = MOST

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 2:
                raise InputError(f"{name} is {value}", "at least 2")


@dataclass(frozen=True)
class Choice:
    """What speaks for which number of clusters.

    Attributes
    ----------
    table : pd.DataFrame
        A row for each k: ``k, objective, r2, gain`` (R² of k + 1 clusters minus that of
        k; NaN where rows do not suffice), ``silhouette``, ``gap, gap_se``, ``stability``
        and ``stability_low, stability_high`` (the middle 95 % of the pairs of resamples).
    chosen : dict of str to int or None
        The k of each rule of ``RULES``; None where it finds none.
    apart : dict of int to float
        p of the clusters of each k: of the hypothesis that they only divide what varies
        gradually. See ``measure_separation``.
    k : int
        The recommended number of clusters; 1 where there are no clusters.
    recommendation : str
        Why, in plain words.
    clusterings : dict of int to Clustering
        Of every k, on all rows.
    rows, most_rows : int
        Usable rows; how many of them, evenly spread, silhouette, gap and stability used.
    metric : str
    seed : int
    minimum_gain : float
    notes : tuple of str
        Adjustments.
    """

    table: pd.DataFrame
    chosen: Mapping[str, int | None]
    apart: Mapping[int, float]
    k: int
    recommendation: str
    clusterings: Mapping[int, Clustering]
    rows: int
    most_rows: int
    metric: str
    seed: int
    minimum_gain: float
    notes: tuple[str, ...] = ()

    @property
    def shown(self) -> int:
        """The number of clusters to show: the recommended, or else that of the R² rule."""
        for k in (self.k, self.chosen.get("r2"), self.chosen.get("silhouette")):
            if k is not None and k in self.clusterings and (k > 1 or len(self.clusterings) == 1):
                return k
        return max(self.clusterings)


def choose_k(
    responses: Any,
    ks: Iterable[int] = KS,
    metric: str = "correlation",
    seed: int = 0,
    minimum_gain: float = 0.01,
    resampling: Resampling = Resampling(),
    progress: Progress | None = None,
    groups: np.ndarray | None = None,
) -> Choice:
    """Cluster with every k and say which number of clusters the data support.

    The clusters of each k are tested: whether fewer rows lie between them than at them
    (``measure_separation``), at the 5 % level. Where that holds for no k, there are no clusters,
    and k is 1. The level is not divided by the number of k: where rows vary gradually, p is high
    at nearly every k. In simulations that had no part in the choice of this rule, some k from 2
    to 20 was apart in 2 of 168 without clusters (noise, skew, lines, planes, curves, rings; 2 of
    60 more lines of 300 rows), and in 70 of 72 with six clusters. Recommended else is the k of
    the R² rule, where its clusters are set apart; or the k set apart nearest to it (of two, the
    smaller); where the gain never falls below ``minimum_gain``, the k set apart with the
    largest silhouette.
    Stability is told beside it, and decides nothing: it is high on a gradient too.

    Parameters
    ----------
    responses : array_like of shape (n, v)
    ks : iterable of int
        Those above the number of usable rows are left out, and the result says so.
    metric : str
        An id of ``METRICS``.
    seed : int
    minimum_gain : float
        Of the R² rule.
    resampling : Resampling
        How much the other rules draw.
    progress : callable, optional
        Called with (fraction, message); may raise ``Cancelled``.
    groups : array_like of shape (n,), optional
        What each row is of, where several rows are of one stimulus.

    Raises
    ------
    InputError
        If no k is left.
    """
    prepared = METRICS[metric].prepare(responses)
    kept, notes = _possible(ks, prepared)
    fits = _fits(prepared, kept, metric, seed, portion(progress, 0.0, 0.5))
    part = _evenly(prepared, resampling.most)
    drawing = portion(progress, 0.5, 0.95)
    table, gaps = _measured(part, kept, fits, metric, seed, resampling, drawing)
    chosen = {
        "r2": _first(table["gain"] < minimum_gain),
        "silhouette": _best(table["silhouette"]),
        "gap": _gap_rule(gaps),
        "stability": _stability_rule(table["stability"]),
    }
    portion(progress, 0.95, 1.0)(0.0, "Rows between the clusters")
    whole = _evenly(prepared, max(MOST, resampling.most))
    apart = _apart(np.asarray(responses), whole, kept, metric, seed, groups)
    k, recommendation = recommend(table, chosen, apart, minimum_gain)
    return Choice(
        table=table.reset_index(names="k"),
        chosen=chosen,
        apart=apart,
        k=k,
        recommendation=recommendation,
        clusterings={number: fits[number] for number in kept},
        rows=len(prepared.kept),
        most_rows=len(part.rows),
        metric=metric,
        seed=seed,
        minimum_gain=minimum_gain,
        notes=notes,
    )


def _possible(ks: Iterable[int], prepared: PreparedRows) -> tuple[list[int], tuple[str, ...]]:
    """The numbers of clusters that the rows suffice for, and a note where they do not."""
    requested = sorted({int(k) for k in ks})
    if not requested or requested[0] < 1:
        raise InputError(f"The numbers of clusters are {requested}", "numbers of at least 1")
    check_enough(prepared, requested[0])
    usable = len(prepared.kept)
    kept = [k for k in requested if k <= usable]
    note = f"k above the {usable} usable rows was left out."
    return kept, () if kept == requested else (note,)


def _fits(
    prepared: PreparedRows, ks: list[int], metric: str, seed: int, progress: Progress
) -> dict[int, Clustering]:
    """Clusterings of every k, and of one more, which the gain is measured with."""
    usable = len(prepared.kept)
    every = sorted({*ks, *(k + 1 for k in ks if k < usable)})
    fits = {}
    for place, k in enumerate(every):
        progress(place / len(every), f"{counted(k, 'cluster')} of {usable:,} rows")
        fits[k] = clustering_of(prepared, k, metric, seed)
    return fits


def _measured(
    part: PreparedRows,
    ks: list[int],
    fits: Mapping[int, Clustering],
    metric: str,
    seed: int,
    resampling: Resampling,
    progress: Progress,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table of ``choose_k``, indexed by k, and the gap statistic at its further k."""
    table = pd.DataFrame(index=ks, columns=list(COLUMNS), dtype=np.float64)
    r2 = pd.Series({k: clustering.r2 for k, clustering in fits.items()})
    table["objective"] = [fits[k].objective for k in ks]
    table["r2"] = r2[ks]
    table["gain"] = [r2.get(k + 1, np.nan) - r2[k] for k in ks]
    labels = {k: fits[k].labels[part.kept] for k in ks}
    table["silhouette"] = pd.Series(silhouettes(part, labels, metric))
    small = [k for k in fits if k <= len(part.rows)]
    # One cluster belongs to the gap rule: without it, the rule would always find two.
    grid = [1, *small] if 1 not in small and 2 in small else small
    first, second = portion(progress, 0.0, 0.5), portion(progress, 0.5, 1.0)
    gaps = gap_statistic(part, grid, metric, seed, resampling.references, first)
    kept = [k for k in ks if k in small]
    agreement = stability(part, kept, metric, seed, resampling.resamples, second)
    for column in (*gaps, *agreement):
        table[column] = (gaps if column in gaps else agreement)[column]
    return table, gaps


def _apart(
    responses: np.ndarray,
    part: PreparedRows,
    ks: Sequence[int],
    metric: str,
    seed: int,
    groups: np.ndarray | None,
) -> dict[int, float]:
    """p of the clusters of each k, on at least ``MOST`` rows; see ``Choice``."""
    rows = responses[part.kept].astype(np.float64)
    own = None if groups is None else np.asarray(groups)[part.kept]
    return {k: measure_separation(rows, k, metric, seed, own) for k in ks if k > 1}


def recommend(
    table: pd.DataFrame,
    chosen: Mapping[str, int | None],
    apart: Mapping[int, float],
    minimum_gain: float,
) -> tuple[int, str]:
    """The recommended k and why; ``table`` is indexed by k. See ``choose_k``."""
    separate = [k for k, p in apart.items() if p <= LEVEL and k in table.index]
    if not separate:
        return 1, _none(apart)
    by_gain = chosen["r2"]
    if by_gain is None:
        k = max(separate, key=lambda number: (table["silhouette"][number], -number))
        why = f"one more cluster adds {minimum_gain:g} or more to R² at every k; of the numbers "
        why += "whose clusters are set apart, this has the largest silhouette"
    elif by_gain in separate:
        k, why = by_gain, f"one more cluster adds less than {minimum_gain:g} to R²"
    else:
        k = min(separate, key=lambda number: (abs(number - by_gain), number))
        why = f"the R² rule says {by_gain}, but those clusters are not set apart; this is the "
        why += "nearest number whose clusters are"
    agreement = float(table["stability"][k])
    sentence = f"{counted(k, 'cluster')}: {why}. Between them lie fewer rows "
    sentence += f"than at them ({p_words(apart[k])})"
    if np.isfinite(agreement):
        sentence += ", and they are stable" if agreement >= STABLE else ", but they are not stable"
        sentence += f" (adjusted Rand index of resamples {agreement:.2f})"
    return k, sentence + "."


def _none(apart: Mapping[int, float]) -> str:
    if not apart:
        return "There are no clusters at all: no number of them can be tested."
    return (
        f"There are no clusters at all: those of no k from {min(apart)} to {max(apart)} are set "
        "apart, for between them lie about as many rows as at them (the lowest p is "
        f"{min(apart.values()):.2g}). The responses vary gradually, or there are too few to tell, "
        "and clusters only divide them."
    )


def _evenly(prepared: PreparedRows, most: int) -> PreparedRows:
    """A part of the rows, evenly spread, so that every subject of a pool has its share."""
    if len(prepared.rows) <= most:
        return prepared
    places = np.linspace(0, len(prepared.rows) - 1, most).round().astype(np.intp)
    return prepared.part(places)


def _first(holds: pd.Series) -> int | None:
    places = np.flatnonzero(holds)
    return int(holds.index[places[0]]) if len(places) else None


def _best(values: pd.Series) -> int | None:
    return None if values.isna().all() else int(values.index[int(np.nanargmax(values))])


def _gap_rule(gaps: pd.DataFrame) -> int | None:
    for k in gaps.index:
        if k + 1 not in gaps.index:
            continue
        if gaps["gap"][k] >= gaps["gap"][k + 1] - gaps["gap_se"][k + 1]:
            return int(k)
    return None


def _stability_rule(values: pd.Series) -> int | None:
    stable = values.index[values >= STABLE]
    return int(stable[-1]) if len(stable) else _best(values)
