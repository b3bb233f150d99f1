"""Which category is taken for which: counts, shares, and the responses of a cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import InputError

LEVELS = {"supercategory": "predicted_supercategory", "category": "predicted"}


@dataclass(frozen=True)
class Confusion:
    """Right categories against predicted ones.

    Attributes
    ----------
    names : tuple of str
        Of the rows (seen) and the columns (predicted); categories stand by supercategory.
    counts : np.ndarray of shape (k, k), int64
        Responses.
    level : str
        'supercategory' or 'category'.
    """

    names: tuple[str, ...]
    counts: np.ndarray
    level: str

    @property
    def shares(self) -> np.ndarray:
        """Of the responses of each row, 0 where there is none. (k, k)"""
        return self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1)

    @property
    def most_confused(self) -> tuple[int, int]:
        """Row and column of the most frequent confusion; of the first cell without any."""
        wrong = self.counts * (1 - np.eye(len(self.names), dtype=np.int64))
        row, column = np.unravel_index(wrong.argmax(), wrong.shape)
        return int(row), int(column)

    @property
    def right(self) -> float:
        """Share of all responses on the diagonal."""
        return float(np.trace(self.counts) / self.counts.sum())

    @property
    def chance(self) -> float:
        """Share expected on the diagonal if the two were independent, as in Cohen's kappa.

        Source: Cohen (1960), Educ. Psychol. Meas. 20:37-46.
        """
        total = self.counts.sum()
        return float(self.counts.sum(axis=1) @ self.counts.sum(axis=0) / total**2)


def levels_of(answers: pd.DataFrame) -> list[str]:
    """Levels at which answers tell two or more names apart, the coarser first."""
    levels = []
    for level, predicted in LEVELS.items():
        known = _known(answers, level)
        if len(set(known[level]) | set(known[predicted])) > 1:
            levels.append(level)
    return levels


def confusion(answers: pd.DataFrame, level: str = "category") -> Confusion:
    """Count how often each name was predicted for each that was seen.

    Parameters
    ----------
    answers : pd.DataFrame
        From ``core.zero_shot.analyse``, of one protocol.
    level : {'supercategory', 'category'}

    Raises
    ------
    InputError
        If the level is unknown, or no response has a name on it.
    """
    known = _known(answers, level)
    if known.empty:
        raise InputError(f"No response has a known {level}", "one or more")
    above = dict(zip(known[level], known["supercategory"], strict=True))
    above |= dict(zip(known[LEVELS[level]], known["predicted_supercategory"], strict=True))
    names = sorted(above, key=lambda name: (above[name], name))
    counts = pd.crosstab(known[level], known[LEVELS[level]])
    counts = counts.reindex(index=names, columns=names, fill_value=0)
    return Confusion(tuple(names), counts.to_numpy(dtype=np.int64), level)


def responses_of(answers: pd.DataFrame, level: str, seen: str, predicted: str) -> pd.DataFrame:
    """The answers of a cell: those that saw one name and were nearest to another."""
    known = _known(answers, level)
    return known[(known[level] == seen) & (known[LEVELS[level]] == predicted)]


def _known(answers: pd.DataFrame, level: str) -> pd.DataFrame:
    if level not in LEVELS:
        raise InputError(f"level is {level!r}", choices=LEVELS)
    return answers[(answers[level] != "") & (answers[LEVELS[level]] != "")]
