"""Rows of an ablation against each other: means, spread, and what lies outside the noise."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.ablations.design import Ablation
from core.decoders.scoring.score_table import PROTOCOLS, RANKS
from core.statistics import holm_levels, t_interval

CERTAIN = 0.05
FEWEST = 2
# Scores are means over images: differences that rounding alone makes count as none.
ROUNDING = 1e-9


@dataclass(frozen=True)
class RowComparison:
    """Rows compared at one measure.

    Attributes
    ----------
    protocol, measure : str
    table : pd.DataFrame
        A row each: ``mean, sd, low, high`` (95 % t interval) and ``n`` over the unit;
        ``chance``; ``difference`` to the best row, paired, with ``difference_low`` and
        ``difference_high`` (95 % t interval) and ``p``, both corrected by Holm's method over the
        other rows;
        ``done`` replicates; ``error``, the first reason why one failed.
    values : np.ndarray of shape (rows, subjects, seeds)
        NaN where a decoder is missing.
    unit : str
        'subjects' where there are several, of which each has the mean of its seeds; 'seeds'.
    n : int
        Of the unit.
    best : int or None
        The row of the best mean; None where nothing was scored.
    is_complete : bool
        Whether no decoder is still to come.
    is_marked : bool
        Whether the best row differs from every other by more than the noise.
    noise : float
        Half the width of the paired interval of a difference to the best row, the median.
    """

    protocol: str
    measure: str
    table: pd.DataFrame
    values: np.ndarray
    unit: str
    n: int
    best: int | None
    is_complete: bool
    is_marked: bool
    noise: float


def protocols(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """Protocols that decoders were scored in."""
    scored = {score["protocol"] for cell in cells for score in cell["scores"]}
    return [name for name in PROTOCOLS if name in scored]


def measures(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """Measures that decoders were scored by."""
    return list(dict.fromkeys(score["measure"] for cell in cells for score in cell["scores"]))


def compare(
    ablation: Ablation, cells: Sequence[Mapping[str, Any]], protocol: str, measure: str
) -> RowComparison:
    """Compare the rows of an ablation at one measure.

    The noise is that of the unit: of training (seeds) with one subject, of subjects with
    several. All decoders are tested on the same images, so that nothing is said about
    others. The best row is chosen by its mean, and is marked only where it differs from
    every other row: of equal rows it is marked in 5 % of ablations or fewer.

    Parameters
    ----------
    ablation : Ablation
    cells : sequence of mapping
        As ``job.so_far`` gives them.
    protocol, measure : str

    Source: paired t tests (Student 1908), corrected by :func:`core.statistics.holm_levels`.
    """
    values, chance = _values(ablation, cells, protocol, measure)
    over = 2 if len(ablation.subjects) > 1 else 1
    units = _mean(values, over)
    table = _means(units)
    table["chance"] = chance
    means = -table["mean"] if measure in RANKS else table["mean"]
    best = None if means.isna().all() else int(np.nanargmax(means))
    differences = _differences(values, best, over)
    table = table.join(pd.DataFrame(differences))
    _add_cells(table, cells)
    is_complete = int(table["done"].sum()) == len(ablation.replicates)
    others = table["p"].drop(index=[] if best is None else best)
    others = others[table["mean"].notna()]
    return RowComparison(
        protocol,
        measure,
        table,
        values,
        "subjects" if over == 2 else "seeds",
        units.shape[1],
        best,
        is_complete,
        bool(is_complete and len(others) and (others <= CERTAIN).all()),
        float((table["difference_high"] - table["difference_low"]).median() / 2),
    )


def _values(
    ablation: Ablation, cells: Sequence[Mapping[str, Any]], protocol: str, measure: str
) -> tuple[np.ndarray, np.ndarray]:
    """Values (rows, subjects, seeds) and chance (rows,), NaN where there are none."""
    values = np.full((len(ablation.rows), len(ablation.subjects), len(ablation.seeds)), np.nan)
    chance = np.full(values.shape, np.nan)
    for cell in cells:
        place = (
            cell["row"],
            ablation.subjects.index(cell["subject"]),
            ablation.seeds.index(cell["seed"]),
        )
        for score in cell["scores"]:
            if (score["protocol"], score["measure"]) == (protocol, measure):
                values[place], chance[place] = score["value"], score["chance"]
    return values, _mean(chance, (1, 2))


def _mean(values: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """Mean over an axis of what is there, NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        mean: np.ndarray = np.nanmean(values, axis=axis)
    return mean


def _means(units: np.ndarray) -> pd.DataFrame:
    rows = []
    for row in units:
        present = row[np.isfinite(row)]
        mean, low, high = t_interval(present) if len(present) else [np.nan] * 3
        sd = present.std(ddof=1) if len(present) >= FEWEST else np.nan
        rows.append({"mean": mean, "sd": sd, "low": low, "high": high, "n": len(present)})
    return pd.DataFrame(rows)


def _differences(values: np.ndarray, best: int | None, over: int) -> dict[str, np.ndarray]:
    """Paired differences of each row to the best one, and their p with Holm's correction."""
    count = len(values)
    names = ("difference", "difference_low", "difference_high", "p")
    columns = {name: np.full(count, np.nan) for name in names}
    if best is None:
        return columns
    # Pairs first: a replicate that one row lacks is left out of both.
    pairs = _mean(values - values[best], over)
    for row in range(count):
        present = pairs[row][np.isfinite(pairs[row])]
        if row != best and len(present):
            columns["p"][row] = p_of(present)
    columns["p"], levels = holm_levels(columns["p"], CERTAIN)
    for row in np.flatnonzero(np.isfinite(columns["p"])).tolist():
        present = pairs[row][np.isfinite(pairs[row])]
        for name, part in zip(names, t_interval(present, level=levels[row]), strict=False):
            columns[name][row] = part
    return columns


def p_of(differences: np.ndarray) -> float:
    """Two-sided p of paired differences (n,) by Student's t; 1 where they do not vary.

    Differences that are all the same say nothing about their noise: few images give few
    values, and a head in closed form the same one with every seed.
    """
    from scipy import stats

    if len(differences) < FEWEST or np.ptp(differences) <= ROUNDING:
        return 1.0
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    return float(2 * stats.t.sf(abs(differences.mean()) / error, len(differences) - 1))


def _add_cells(table: pd.DataFrame, cells: Sequence[Mapping[str, Any]]) -> None:
    table["done"], table["error"] = 0, ""
    for cell in cells:
        table.loc[cell["row"], "done"] += 1
        if cell["error"] and not table.loc[cell["row"], "error"]:
            table.loc[cell["row"], "error"] = cell["error"]
