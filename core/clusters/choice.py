"""How many clusters: four rules over k, and one plain recommendation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.clusters.kmeans import Clustering, check_enough, clustering_of
from core.clusters.metrics import METRICS, Prepared
from core.clusters.reproducibility import gap_statistic, silhouettes, stability
from core.errors import InputError
from core.progress import Progress
from core.registry import Registry

KS = range(2, 21)
STABLE = 0.8
REFERENCES, RESAMPLES, MOST = 10, 10, 3000
Share = Callable[[str, float, str], None]
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
        "principal components (Tibshirani et al. 2001); 1 means that nothing speaks for clusters",
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
    k : int
        The recommended number of clusters.
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
    k: int
    recommendation: str
    clusterings: Mapping[int, Clustering]
    rows: int
    most_rows: int
    metric: str
    seed: int
    minimum_gain: float
    notes: tuple[str, ...] = ()


def choose_k(
    responses: Any,
    ks: Iterable[int] = KS,
    metric: str = "correlation",
    seed: int = 0,
    minimum_gain: float = 0.01,
    references: int = REFERENCES,
    resamples: int = RESAMPLES,
    most: int = MOST,
    progress: Progress | None = None,
) -> Choice:
    """Cluster with every k and say which number of clusters the data support.

    Recommended is the k of the R² rule where its clusters are stable (mean adjusted Rand
    index of bootstrap resamples of at least .8), else the stable k nearest to it (of two,
    the smaller), else the most stable k. Where the gain never falls below
    ``minimum_gain``, it is the k of the stability rule.

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
    references, resamples : int
        Reference sets of the gap statistic; bootstrap resamples. At least 2.
    most : int
        Silhouette, gap and stability use at most as many rows, evenly spread.
    progress : callable, optional
        Called with (fraction, message); may raise ``Cancelled``.

    Raises
    ------
    InputError
        If no k is left, or a number is out of its range.
    """
    _check(references, resamples, most)
    method = METRICS[metric]
    prepared = method.prepare(responses)
    usable = len(prepared.kept)
    wanted = sorted({int(k) for k in ks})
    if not wanted or wanted[0] < 1:
        raise InputError(f"The numbers of clusters are {wanted}", "numbers of at least 1")
    check_enough(prepared, wanted[0])
    kept = [k for k in wanted if k <= usable]
    notes = [] if kept == wanted else [f"k above the {usable} usable rows was left out."]
    every = sorted({*kept, *(k + 1 for k in kept if k < usable)})
    share = _shares(progress)
    fits = {}
    for place, k in enumerate(every):
        share("fit", place / len(every), f"{k} clusters of {usable:,} rows")
        fits[k] = clustering_of(prepared, k, metric, seed)
    part = _evenly(prepared, most)
    table, gaps = _measured(part, kept, fits, (metric, seed, references, resamples), share)
    chosen = {
        "r2": _first(table["gain"] < minimum_gain),
        "silhouette": _best(table["silhouette"]),
        "gap": _gap_rule(gaps),
        "stability": _stability_rule(table["stability"]),
    }
    k, recommendation = recommend(table, chosen, minimum_gain)
    return Choice(
        table=table.reset_index(names="k"),
        chosen=chosen,
        k=k,
        recommendation=recommendation,
        clusterings={number: fits[number] for number in kept},
        rows=usable,
        most_rows=len(part.rows),
        metric=metric,
        seed=seed,
        minimum_gain=minimum_gain,
        notes=tuple(notes),
    )


def _measured(
    part: Prepared,
    ks: list[int],
    fits: Mapping[int, Clustering],
    settings: tuple[str, int, int, int],
    share: Share,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table of ``choose_k``, indexed by k, and the gap statistic at its further k."""
    metric, seed, references, resamples = settings
    table = pd.DataFrame(index=ks, columns=list(COLUMNS), dtype=np.float64)
    r2 = pd.Series({k: found.r2 for k, found in fits.items()})
    table["objective"] = [fits[k].objective for k in ks]
    table["r2"] = r2[ks]
    table["gain"] = [r2.get(k + 1, np.nan) - r2[k] for k in ks]
    labels = {k: fits[k].labels[part.kept] for k in ks}
    table["silhouette"] = pd.Series(silhouettes(part, labels, metric))
    small = [k for k in fits if k <= len(part.rows)]
    # One cluster belongs to the gap rule: without it, the rule would always find two.
    grid = [1, *small] if 1 not in small and 2 in small else small
    gaps = gap_statistic(part, grid, metric, seed, references, lambda *told: share("gap", *told))
    agreement = stability(
        part,
        [k for k in ks if k in small],
        metric,
        seed,
        resamples,
        lambda *told: share("stability", *told),
    )
    for column in (*gaps, *agreement):
        table[column] = (gaps if column in gaps else agreement)[column]
    return table, gaps


def recommend(
    table: pd.DataFrame, chosen: Mapping[str, int | None], minimum_gain: float
) -> tuple[int, str]:
    """The recommended k and why; ``table`` is indexed by k. See ``choose_k``."""
    stable = [int(k) for k in table.index[table["stability"] >= STABLE]]
    by_gain = chosen["r2"]
    if by_gain is None:
        k = chosen["stability"] or int(table.index[-1])
        why = f"one more cluster adds {minimum_gain:g} or more to R² at every k; " + (
            "this is the largest stable number"
            if k in stable
            else "no number of clusters is stable, and this is the most stable"
        )
    elif by_gain in stable or table["stability"].isna().all():
        k, why = by_gain, f"one more cluster adds less than {minimum_gain:g} to R²"
        why += ", and the clusters are stable" if by_gain in stable else ""
    elif stable:
        k = min(stable, key=lambda number: (abs(number - by_gain), number))
        why = f"the R² rule says {by_gain}, but those clusters are not stable; this is the nearest"
        why += " stable number"
    else:
        k = chosen["stability"] or by_gain
        why = f"the R² rule says {by_gain}, but no number of clusters is stable, and this is the"
        why += " most stable"
    agreement = float(table["stability"][k])
    if np.isfinite(agreement):
        why += f" (adjusted Rand index of resamples {agreement:.2f})"
    sentence = f"{k} {'cluster' if k == 1 else 'clusters'}: {why}."
    if chosen["gap"] == 1:
        sentence += " The gap statistic finds no clusters at all: the responses vary gradually,"
        sentence += " and clusters only divide them."
    return k, sentence


def _check(references: int, resamples: int, most: int) -> None:
    for name, value in (("references", references), ("resamples", resamples), ("most", most)):
        if value < 2:
            raise InputError(f"{name} is {value}", "at least 2")


def _shares(progress: Progress | None) -> Share:
    """Progress of the parts of ``choose_k`` as one."""
    begins = {"fit": (0.0, 0.5), "gap": (0.5, 0.25), "stability": (0.75, 0.25)}

    def told(part: str, fraction: float, message: str) -> None:
        if progress is not None:
            start, size = begins[part]
            progress(start + size * fraction, message)

    return told


def _evenly(prepared: Prepared, most: int) -> Prepared:
    """A part of the rows, evenly spread, so that every subject of a pool has its share."""
    if len(prepared.rows) <= most:
        return prepared
    places = np.linspace(0, len(prepared.rows) - 1, most).round().astype(np.intp)
    return prepared.part(places)


def _first(holds: pd.Series) -> int | None:
    found = np.flatnonzero(holds)
    return int(holds.index[found[0]]) if len(found) else None


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
