"""One decoder under several splits: its scores, and how far they drop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core import splits, store
from core.decoders.scoring.score_table import from_json, worded

# What a score is compared with.
RANDOM = "image"
MEASURES = ("two-way", "image top-1", "image top-5", "two-way within category")


@dataclass(frozen=True)
class Generalisation:
    """A decoder under several splits.

    Attributes
    ----------
    sets : pd.DataFrame
        A row a split: ``split``, ``label``, ``error`` ('' or why there is no decoder), ``run``,
        ``badge``, ``train``, ``validation``, ``test`` (numbers of images), ``nearest``,
        ``nearest_low``, ``discrepancy`` and ``random`` of ``job.describe_sets``.
    scores : pd.DataFrame
        ``split`` and the columns of ``core.decoders.evaluate``, with ``drop`` from the random
        split and its 95 % interval ``drop_low, drop_high``, NaN at the random split.
    """

    sets: pd.DataFrame
    scores: pd.DataFrame

    @property
    def protocol(self) -> str:
        """Averaged repeats where they were scored."""
        return str(self.scores["protocol"].iloc[0])

    @property
    def measures(self) -> tuple[str, ...]:
        """Those whose chance does not depend on how many categories a split tests."""
        there = set(self.scores["measure"])
        return tuple(name for name in MEASURES if name in there)

    def rows(self, measure: str) -> pd.DataFrame:
        """Scores of one measure beside what is known of the sets, a row a split."""
        scores = self.scores[self.scores["protocol"] == self.protocol]
        return self.sets.merge(scores[scores["measure"] == measure], on="split", how="left")

    def sentence(self, measure: str) -> str:
        """What the drops come to, in words."""
        rows = self.rows(measure)
        rows = rows[rows["drop"].notna()]
        words = [_sentence(row, measure) for row in rows.to_dict("records")]
        random = self.rows(measure).set_index("split")["value"].get(RANDOM)
        first = f"{measure} {worded(measure, random)} with random images"
        return f"{first}; {'; '.join(words)}." if words else f"{first}."

    def verdict(self, measure: str) -> str:
        """Whether the score holds where test images are unlike training images, for anyone."""
        rows = self.rows(measure)
        rows = rows[rows["drop"].notna()]
        if rows.empty:
            return "There is no other split to compare with."
        seen = rows[rows["drop_low"] > 0]
        if seen.empty:
            return "No drop is seen where test images are unlike training images."
        worst = seen.sort_values("drop").iloc[-1]
        value, chance = (worded(measure, worst[name]) for name in ("value", "chance"))
        return (
            f"The score drops most under the split '{worst['label']}', to {value} (chance "
            f"{chance}): so much of it holds for images unlike those of training."
        )


def load(key: str) -> Generalisation | None:
    """From the store; None where it is not there."""
    result = store.load(key)
    if result is None:
        return None
    sets = pd.DataFrame(result.facts["sets"])
    sets.insert(1, "label", [splits.KINDS[kind].label for kind in sets["split"]])
    return Generalisation(sets, with_drops(from_json(result.facts["scores"])))


def _sentence(row: Mapping[Any, Any], measure: str) -> str:
    """Such as 'categories 29.3% (a drop of 27.3%, 14.9% to 38.6%)'."""
    low, high = row["drop_low"], row["drop_high"]
    said, bounds = f"a drop of {worded(measure, row['drop'])}", (low, high)
    if high < 0:
        said, bounds = f"a rise of {worded(measure, -row['drop'])}", (-high, -low)
    elif low <= 0:
        said = "no drop seen"
    between = " to ".join(worded(measure, bound) for bound in bounds)
    return f"{row['label'].lower()} {worded(measure, row['value'])} ({said}, {between})"


def with_drops(scores: pd.DataFrame) -> pd.DataFrame:
    """Add how much lower each score is than under the random split, with a 95 % interval.

    Both scores are of other images and other decoders, and are taken as independent. What
    they share makes the interval too wide, not too narrow.
    """
    scores = scores.copy()
    for name in ("drop", "drop_low", "drop_high"):
        scores[name] = np.nan
    for _, rows in scores.groupby(["protocol", "measure"], sort=False):
        random = rows[rows["split"] == RANDOM]
        others = rows[rows["split"] != RANDOM]
        if len(random) and len(others):
            first = random.iloc[[0]][["value", "low", "high"]].to_numpy(dtype=float)
            second = others[["value", "low", "high"]].to_numpy(dtype=float)
            drops = difference(first, second)
            scores.loc[others.index, ["drop", "drop_low", "drop_high"]] = drops
    return scores


def difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """First less second, with an interval from the intervals of both.

    Parameters
    ----------
    first, second : np.ndarray of shape (n, 3)
        An estimate with the bounds of its interval, independent of the other's.

    Returns
    -------
    np.ndarray of shape (n, 3)
        The difference with the bounds of an interval of the same level.

    Source: Zou & Donner (2008), Statistics in Medicine 27:1693-1702: the variance at each bound
    is that which the intervals tell there; of proportions, Newcombe's (1998) method 10.
    """
    (a, a_low, a_high), (b, b_low, b_high) = first.T, second.T
    below = np.hypot(a - a_low, b_high - b)
    above = np.hypot(a_high - a, b - b_low)
    return np.column_stack([a - b, a - b - below, a - b + above])
