"""Two selections of stimuli beside each other: sizes, labels, mean responses of regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from core.datasets import Dataset
from core.errors import InputError
from core.statistics import holm_levels, t_interval

Z_95 = 1.959963984540054


@dataclass(frozen=True)
class SelectionComparison:
    """What two selections have in common, and what differs.

    Differences and their p are of the stimuli that are in one selection alone, for those in both
    would count on both sides. The unit is the stimulus, of one subject.

    Attributes
    ----------
    first, second, shared : int
        Stimuli of each, and in both.
    labels : pd.DataFrame
        A row a label, category or supercategory: ``label``; ``first, second``, stimuli with it;
        ``share_first, share_second`` of those with any label; ``difference`` of the shares,
        ``low`` and ``high`` of its 95 % interval; ``p``, corrected for the number of labels. The
        certain ones first, then the largest difference.
    regions : pd.DataFrame
        A row a region: ``region``; of each selection, whole, ``mean_first``, ``low_first``,
        ``high_first``, ``sd_first``, ``n_first`` (and ``_second``); ``difference`` with ``low``,
        ``high`` and ``p``, corrected for the number of regions: the interval leaves out 0 where p
        is at most .05. Empty without responses.
    """

    first: int
    second: int
    shared: int
    labels: pd.DataFrame
    regions: pd.DataFrame


def compare(ds: Dataset, first: Sequence[str], second: Sequence[str]) -> SelectionComparison:
    """Compare two selections of a recording.

    Raises
    ------
    NotFoundError
        If an id is not a stimulus.
    InputError
        If a selection is empty, or both are the same.

    Source: intervals of shares by Newcombe (1998), Statistics in Medicine 17:873-890, method 10;
    their p by Fisher's exact test; means by Student's t, their difference by Welch (1947),
    Biometrika 34:28-35; corrected by Holm (1979).
    """
    rows = _rows(ds, first), _rows(ds, second)
    if not all(map(len, rows)):
        raise InputError("One of the two selections is empty", "at least one stimulus in each")
    if np.array_equal(rows[0], rows[1]):
        raise InputError("Both selections hold the same stimuli", "two that differ")
    shared = np.intersect1d(rows[0], rows[1])
    alone = [np.setdiff1d(own, shared) for own in rows]
    return SelectionComparison(
        len(rows[0]),
        len(rows[1]),
        len(shared),
        _labels(ds.stimuli, alone),
        _regions(ds, rows, alone),
    )


def _rows(ds: Dataset, ids: Sequence[str]) -> np.ndarray:
    return np.unique(np.array([ds.row(name) for name in ids], dtype=np.intp))


def _labels(stimuli: pd.DataFrame, alone: Sequence[np.ndarray]) -> pd.DataFrame:
    from core.clusters import label_table

    rows = np.concatenate(alone)
    texts = [
        (*labels, str(category), str(supercategory))
        for labels, category, supercategory in zip(
            *(stimuli[name].iloc[rows] for name in ("labels", "category", "supercategory")),
            strict=True,
        )
    ]
    inside = np.arange(len(texts)) < len(alone[0])
    counted = label_table(texts, inside)
    table = counted[["label", "inside", "outside", "share_inside", "share_outside"]]
    table.columns = pd.Index(["label", "first", "second", "share_first", "share_second"])
    labelled = np.array([any(text.strip() for text in each) for each in texts], dtype=bool)
    sizes = int((labelled & inside).sum()), int((labelled & ~inside).sum())
    table = table.assign(difference=table["share_first"] - table["share_second"])
    bounds = _newcombe(table["first"].to_numpy(), table["second"].to_numpy(), *sizes)
    p, _ = holm_levels(_fisher(table["first"].tolist(), table["second"].tolist(), *sizes))
    table = table.assign(low=bounds[0], high=bounds[1], p=p, size=-table["difference"].abs())
    ordered = table.sort_values(["p", "size", "label"], ignore_index=True, na_position="last")
    return ordered.drop(columns="size")


def _newcombe(
    first: np.ndarray, second: np.ndarray, n_first: int, n_second: int
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of the difference of two shares; NaN where nothing was counted."""
    if not (n_first and n_second):
        unknown = np.full(len(first), np.nan)
        return unknown, unknown
    shares = first / n_first, second / n_second
    low, high = zip(*(_wilson(s, n) for s, n in zip(shares, (n_first, n_second), strict=True)),
                    strict=True)  # fmt: skip
    difference = shares[0] - shares[1]
    below = np.hypot(shares[0] - low[0], high[1] - shares[1])
    above = np.hypot(high[0] - shares[0], shares[1] - low[1])
    return difference - below, difference + above


def _wilson(share: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    middle = share + Z_95**2 / (2 * n)
    half = Z_95 * np.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n * n))
    scale = 1 + Z_95**2 / n
    return (middle - half) / scale, (middle + half) / scale


def _fisher(first: list[int], second: list[int], n_first: int, n_second: int) -> np.ndarray:
    """Two-sided p of each label; most labels share their few counts."""
    if not (n_first and n_second):
        return np.full(len(first), np.nan)
    from scipy.stats import fisher_exact

    @cache
    def p(a: int, b: int) -> float:
        return float(fisher_exact([[a, n_first - a], [b, n_second - b]]).pvalue)

    return np.array([p(a, b) for a, b in zip(first, second, strict=True)])


def _regions(ds: Dataset, rows: Sequence[np.ndarray], alone: Sequence[np.ndarray]) -> pd.DataFrame:
    if ds.betas is None or not ds.regions:
        return pd.DataFrame()
    means = ds.region_means().astype(np.float64)
    tests = [_welch(*(means[own, place] for own in alone)) for place in range(len(ds.regions))]
    corrected, levels = holm_levels(np.array([test.pvalue for test in tests]))
    table = []
    for place, region in enumerate(ds.regions):
        line: dict[str, object] = {"region": region}
        for side, own in zip(("first", "second"), rows, strict=True):
            line |= _described(means[own, place], side)
        interval = tests[place].confidence_interval(1 - levels[place])
        first, second = (np.nanmean(means[own, place]) if np.isfinite(means[own, place]).any()
                         else np.nan for own in alone)  # fmt: skip
        line |= {"difference": first - second, "low": interval.low, "high": interval.high}
        table.append(line | {"p": corrected[place]})
    return pd.DataFrame(table)


def _described(values: np.ndarray, side: str) -> dict[str, float | int]:
    values = values[np.isfinite(values)]
    interval = t_interval(values) if len(values) else (np.nan, np.nan, np.nan)
    deviation = values.std(ddof=1) if len(values) > 1 else np.nan
    numbers = (*interval, deviation, len(values))
    return {
        f"{name}_{side}": number
        for name, number in zip(("mean", "low", "high", "sd", "n"), numbers, strict=True)
    }


def _welch(first: np.ndarray, second: np.ndarray):  # type: ignore[no-untyped-def]
    """``scipy``'s test of the difference of means; NaN with fewer than two values on a side."""
    from scipy.stats import ttest_ind

    first, second = first[np.isfinite(first)], second[np.isfinite(second)]
    if min(len(first), len(second)) < 2:
        first = second = np.full(2, np.nan)
    return ttest_ind(first, second, equal_var=False)
