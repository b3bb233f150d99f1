"""Scores of predicted responses: r and R^2 of each unit, intervals of regions, p by permutation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.encoding import jackknife
from core.progress import Progress, silent
from core.scores.resampling import is_one_to_one, permutations, permuted_unit
from core.validation import row_blocks

PERMUTATIONS = 1000
# Below this share of the largest sum of squares a column holds rounding errors alone.
NOTHING = 1e-12
# Of single precision: so little above is a tie.
ROUNDING = 1e-6


class Sums(NamedTuple):
    """What a correlation is made of: rows (u, 1), and sums over the rows of each group (u, v)."""

    rows: np.ndarray
    y: np.ndarray
    p: np.ndarray
    yy: np.ndarray
    pp: np.ndarray
    yp: np.ndarray

    def total(self) -> Sums:
        """Over all groups. (1, v) each"""
        return Sums(*(part.sum(axis=0, keepdims=True) for part in self))

    def without_each(self) -> Sums:
        """Over all groups but one, for each. (u, v) each"""
        whole = self.total()
        return Sums(*(all_of - part for all_of, part in zip(whole, self, strict=True)))

    def correlation(self) -> np.ndarray:
        """Pearson's r of each unit; NaN where measured or predicted responses are constant."""
        n = np.maximum(self.rows, 1)
        across = self.yp - self.y * self.p / n
        spread_y, spread_p = self.yy - self.y**2 / n, self.pp - self.p**2 / n
        known = (spread_y > NOTHING * self.yy) & (spread_p > NOTHING * self.pp)
        with np.errstate(all="ignore"):
            r = across / np.sqrt(spread_y * spread_p)
        return np.where(known & (self.rows > 2), np.clip(r, -1.0, 1.0), np.nan)


@dataclass(frozen=True)
class RegionScores:
    """Median over the units of each region, of r and of r over its ceiling.

    Attributes
    ----------
    raw, normalised : np.ndarray of shape (regions,)
    raw_without, normalised_without : np.ndarray of shape (u, regions)
        The same without each group of test images (``jackknife.groups``).
    weight : np.ndarray of shape (u,)
        Images of each group.
    p : np.ndarray of shape (regions,)
        Of the raw median.
    chance : np.ndarray of shape (regions, 2)
        2.5th and 97.5th percentile of the raw median where responses are permuted.
    unit : str
        'categories' or 'images', which intervals and p are over.
    """

    raw: np.ndarray
    normalised: np.ndarray
    raw_without: np.ndarray
    normalised_without: np.ndarray
    weight: np.ndarray
    p: np.ndarray
    chance: np.ndarray
    unit: str


@dataclass(frozen=True)
class UnitScore:
    """Scores of every unit. (v,) each; NaN where the unit does not vary.

    ``p`` is one-sided: how often permuted responses correlate as much with the predictions.
    """

    r: np.ndarray
    r2: np.ndarray
    p: np.ndarray

    @property
    def q(self) -> np.ndarray:
        """p with the false discovery rate over the units that have one controlled. (v,)"""
        return corrected(self.p)


def correlations(measured: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Pearson's r of each column. Two (m, v) -> (v,) float64; NaN where one is constant."""
    one_group = np.zeros(len(measured), dtype=np.intp)
    return np.asarray(sums_by(measured, predicted, one_group).correlation()[0])


def explained(measured: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """R^2 of each column, 1 - residual over total squares about the mean. (m, v) -> (v,)"""
    r2 = np.empty(measured.shape[1])
    for block in row_blocks(measured.shape[1], len(measured)):
        y = measured[:, block].astype(np.float64)
        total = ((y - y.mean(axis=0)) ** 2).sum(axis=0)
        left = ((y - predicted[:, block]) ** 2).sum(axis=0)
        known = total > NOTHING * (y**2).sum(axis=0)
        r2[block] = np.where(known, 1.0 - left / np.where(known, total, 1.0), np.nan)
    return r2


def sums_by(measured: np.ndarray, predicted: np.ndarray, group: np.ndarray) -> Sums:
    """Sums over the rows of each group, numbered from 0 by ``group`` (m,)."""
    groups = int(group.max(initial=-1)) + 1
    member = np.zeros((groups, len(group)))
    member[group, np.arange(len(group))] = 1.0
    parts = [np.empty((groups, measured.shape[1])) for _ in range(5)]
    for block in row_blocks(measured.shape[1], len(measured)):
        y = measured[:, block].astype(np.float64)
        p = predicted[:, block].astype(np.float64)
        for part, values in zip(parts, (y, p, y * y, p * p, y * p), strict=True):
            part[:, block] = member @ values
    return Sums(member.sum(axis=1, keepdims=True), *parts)


def corrected(p: np.ndarray) -> np.ndarray:
    """p-values with the false discovery rate controlled; NaN does not count and stays. (k,)

    Source: Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57:289-300.
    """
    from scipy.stats import false_discovery_control

    q, known = np.full(len(p), np.nan), np.isfinite(p)
    if known.any():
        q[known] = false_discovery_control(p[known])
    return q


def score(
    measured: np.ndarray,
    predicted: np.ndarray,
    category: np.ndarray,
    ceiling: np.ndarray,
    regions: Mapping[str, np.ndarray],
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[UnitScore, RegionScores]:
    """Score predictions of the test images, unit by unit and region by region.

    Parameters
    ----------
    measured, predicted : np.ndarray of shape (m, v)
        Complete rows.
    category : np.ndarray of shape (m,), str
        Of each test image. Three or more known ones are what is resampled and permuted.
    ceiling : np.ndarray of shape (v,)
        Correlation of a perfect model, NaN where none is known.
    regions : mapping of str to int array
        Columns of each region.
    seed : int
        Of the permutations.

    Source: Schrimpf et al. (2018), bioRxiv 407007 (scores over ceilings, medians over units);
    Ernst (2004), Statistical Science 19:676-685 (permutation p).
    """
    group = jackknife.groups(category)
    of_groups = sums_by(measured, predicted, group)
    r = of_groups.total().correlation()[0]
    without = of_groups.without_each().correlation()
    null = _permuted(measured, predicted, category, seed, progress)
    of_regions = medians(null, regions)
    raw = medians(r[None], regions)[0]
    with np.errstate(all="ignore"):
        normalised = [medians(values / ceiling, regions) for values in (r[None], without)]
    by_region = RegionScores(
        raw,
        normalised[0][0],
        medians(without, regions),
        normalised[1],
        np.bincount(group),
        _p_of(raw, of_regions),
        np.percentile(of_regions, [2.5, 97.5], axis=0).T,
        permuted_unit(category),
    )
    return UnitScore(r, explained(measured, predicted), _p_of(r, null)), by_region


def medians(values: np.ndarray, regions: Mapping[str, np.ndarray]) -> np.ndarray:
    """Median over the units of each region that have a value. (k, v) -> (k, regions)"""
    medians = np.full((len(values), len(regions)), np.nan)
    for column, units in enumerate(regions.values()):
        own = values[:, units]
        own = own[:, np.isfinite(own).all(axis=0)]
        if own.shape[1]:
            medians[:, column] = np.median(own, axis=1)
    return medians


def _permuted(
    measured: np.ndarray,
    predicted: np.ndarray,
    category: np.ndarray,
    seed: int,
    progress: Progress,
) -> np.ndarray:
    """r of every unit under each permutation of the measured rows. (permutations, v) float32

    Rows of a category may stand twice in a map to a smaller one: each permuted column is scaled
    anew.
    """
    maps, whole = permutations(category, PERMUTATIONS, seed), is_one_to_one(category)
    y, p = _standard(measured), _standard(predicted)
    null = np.empty((len(maps), y.shape[1]), dtype=np.float32)
    for number, rows in enumerate(maps):
        if number % 50 == 0:
            progress(number / len(maps), "Permuting responses")
        moved = y[rows]
        null[number] = np.einsum("ij,ij->j", moved, p)
        if not whole:
            centre = moved.mean(axis=0)
            spread = np.einsum("ij,ij->j", moved, moved) - len(moved) * centre**2
            null[number] /= np.sqrt(np.maximum(spread, NOTHING))
    return null


def _p_of(value: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Share of permutations at least as high, the data themselves among them. (k,)"""
    more = (null >= value - ROUNDING).sum(axis=0)
    return np.where(np.isfinite(value), (1 + more) / (1 + len(null)), np.nan)


def _standard(values: np.ndarray) -> np.ndarray:
    """Columns with mean 0 and length 1, constant ones NaN. (m, v) float32"""
    centred = values - values.mean(axis=0, dtype=np.float64)
    length = np.sqrt((centred**2).sum(axis=0))
    flat = length <= np.sqrt(NOTHING) * np.abs(values).max(axis=0) * np.sqrt(len(values))
    with np.errstate(all="ignore"):
        return np.asarray(centred / np.where(flat, np.nan, length), dtype=np.float32)
