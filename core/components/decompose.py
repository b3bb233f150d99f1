"""Responses taken apart into components, ordered by variance or by reliability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import core.components.methods  # noqa: F401  (each method registers itself)
from core.components.method import METHODS
from core.errors import InputError
from core.validation import check_responses
from core.words import counted

FEWEST_ROWS = 10
# Values of a component beyond which its skew says nothing of a sign.
FLAT = 1e-12


@dataclass(frozen=True, eq=False)
class ResponseComponents:
    """Components of responses.

    Attributes
    ----------
    scores : np.ndarray of shape (n, k), float32
        Of each stimulus, with mean 0 and deviation 1 over the usable ones; NaN for the others.
    profiles : np.ndarray of shape (k, v), float32
        Response of each unit to one deviation of a component, in the units of the responses.
    variance : np.ndarray of shape (k,)
        Share of the variance of the responses that each has alone. Those of PCA and ICA add
        to ``explained``; those of NMF overlap.
    explained : float
        Share of the variance that all have together.
    converged : bool
    shifted : int
        Units whose negative values were raised.
    constant : int
        Units that do not vary, whose profile is 0.
    """

    scores: np.ndarray
    profiles: np.ndarray
    variance: np.ndarray
    explained: float
    converged: bool
    shifted: int
    constant: int

    @property
    def k(self) -> int:
        return len(self.profiles)

    def ordered(self, order: np.ndarray) -> ResponseComponents:
        """The same components in another order."""
        from dataclasses import replace

        return replace(
            self,
            scores=self.scores[:, order],
            profiles=self.profiles[order],
            variance=self.variance[order],
        )


def decompose(responses: Any, method: str = "pca", k: int = 8, seed: int = 0) -> ResponseComponents:
    """Take responses apart; components of the largest variance first.

    Parameters
    ----------
    responses : array_like of shape (n, v)
        Rows that are NaN are left out.
    method : str
        Id of ``METHODS``.
    k : int
        Number of components.
    seed : int

    Returns
    -------
    ResponseComponents
        The sign of a component of PCA or ICA is arbitrary: it is chosen so that few stimuli
        stand far out above rather than below (positive skew).

    Raises
    ------
    InputError
        With fewer than ten usable rows, or more components than rows or units that vary.
    """
    chosen = METHODS[method]
    responses = check_responses(responses, "responses")
    usable = ~np.isnan(responses[:, 0])
    rows = responses[usable].astype(np.float64)
    varies = rows.max(axis=0, initial=-np.inf) > rows.min(axis=0, initial=np.inf)
    check_size(k, len(rows), int(varies.sum()))
    fitted = chosen.fit(rows[:, varies], k, seed)
    raw = fitted.own
    deviation = raw.std(axis=0)
    known = np.where(deviation > FLAT, deviation, 1.0)
    signs = np.where(skew(raw) < 0, -1.0, 1.0) if chosen.is_signed else np.ones(k)
    scores = np.full((len(responses), k), np.nan, dtype=np.float32)
    scores[usable] = (raw - raw.mean(axis=0)) / known * signs
    profiles = np.zeros((k, responses.shape[1]), dtype=np.float32)
    profiles[:, varies] = (
        fitted.profiles * (np.where(deviation > FLAT, deviation, 0.0) * signs)[:, None]
    )
    total = rows[:, varies].var(axis=0).sum()
    variance = (profiles.astype(np.float64) ** 2).sum(axis=1) / total
    left = rows[:, varies] - fitted.shift - raw @ fitted.profiles
    explained = 1.0 - float(left.var(axis=0).sum() / total)
    shifted = 0 if chosen.is_signed else int((fitted.shift < 0).sum())
    result = ResponseComponents(
        scores, profiles, variance, explained, fitted.converged, shifted, int((~varies).sum())
    )
    return result.ordered(np.argsort(-variance, kind="stable"))


def check_size(k: int, rows: int, units: int) -> None:
    """Raise InputError where there are too few rows or units for so many components."""
    if rows < FEWEST_ROWS:
        raise InputError(
            f"{counted(rows, 'stimulus has', 'stimuli have')} a response", f"at least {FEWEST_ROWS}"
        )
    most = min(rows - 1, units)
    if not 1 <= k <= most:
        raise InputError(
            f"{counted(k, 'component')} of {counted(rows, 'stimulus', 'stimuli')} and "
            f"{counted(units, 'unit')} that vary",
            f"1 to {most}",
        )


def skew(scores: np.ndarray) -> np.ndarray:
    """Third standardised moment of each column. (k,)"""
    centred = scores - scores.mean(axis=0)
    deviation = np.maximum(centred.std(axis=0), FLAT)
    return np.asarray((centred * centred * centred).mean(axis=0) / deviation**3)


def matched(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Match columns of scores of the same stimuli one to one by \\|r\\|.

    Parameters
    ----------
    first, second : np.ndarray of shape (n, k), (n, l)
        Complete rows.

    Returns
    -------
    place : np.ndarray of shape (k,), intp
        Column of ``second`` for each of ``first``, -1 where there are none left.
    r : np.ndarray of shape (k,)
        Their correlation, NaN where there is none.

    Source: Kuhn (1955), Naval Research Logistics Quarterly 2:83-97.
    """
    from scipy.optimize import linear_sum_assignment

    across = correlate(first, second)
    rows, columns = linear_sum_assignment(np.abs(across), maximize=True)
    place, r = np.full(first.shape[1], -1), np.full(first.shape[1], np.nan)
    place[rows], r[rows] = columns, across[rows, columns]
    return place, r


def correlate(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson's r of every column with every column; 0 with a constant one. (k, l)"""
    a, b = standardised(first), standardised(second)
    return np.asarray(a.T @ b)


def standardised(columns: np.ndarray) -> np.ndarray:
    """Columns with mean 0 and length 1; constant ones 0. (n, k) float64"""
    centred = columns - columns.mean(axis=0, dtype=np.float64)
    length = np.sqrt((centred**2).sum(axis=0))
    return np.asarray(np.where(length > FLAT, centred / np.maximum(length, FLAT), 0.0))
