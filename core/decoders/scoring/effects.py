"""What the images that an audit names do to the score: with them, and without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core import scores
from core.scores.resampling import permuted_unit
from core.splits import Finding
from core.vectors import unit_rows

if TYPE_CHECKING:
    from core.decoders.runs import Run
    from core.decoders.training.data import Data

# Findings that are about alikeness, whose level follows from what they do to the score.
ALIKE = ("near-duplicates", "categories", "clusters")
# Those that are measured: every one about test images that training knew something of.
MEASURED = ("same-image", "same-content", "copies", *ALIKE)
MEASURE = "two-way"
RESAMPLES = 1000
# Fewer images on either side of the division say nothing.
FEWEST = 2


@dataclass(frozen=True)
class Effect:
    """A score with and without the test images of a finding.

    Every image stays among the candidates; only those that are asked about leave.

    Attributes
    ----------
    measure : str
    every, without : float
        The score of all test images, and of those that the finding does not name.
    difference, low, high : float
        ``every - without`` and its 95 % interval: above 0 where the named images raise the score.
    left_out, images : int
        Images that the finding names; all.
    unit : str
        What was resampled: 'categories' (and images in them) or 'images'.
    """

    measure: str
    every: float
    without: float
    difference: float
    low: float
    high: float
    left_out: int
    images: int
    unit: str

    @property
    def raises(self) -> bool:
        """Whether the named images raise the score, beyond the interval."""
        return self.low > 0

    @property
    def sentence(self) -> str:
        """Both scores, the difference and its interval, in words."""
        seen = "" if self.low > 0 or self.high < 0 else "; no difference seen"
        return (
            f"Leaving {self.left_out:,} of {self.images:,} images out moves {self.measure} from "
            f"{self.every:.1%} to {self.without:.1%} (difference {self.difference:+.1%}, 95 % "
            f"{self.low:+.1%} to {self.high:+.1%}, over {self.unit}{seen})"
        )


def measured(run: Run, data: Data, findings: Sequence[Finding]) -> list[Finding]:
    """The findings with their effect on the score of a decoder, and the level that follows.

    One image in two sets is red whatever it does. What is merely alike is amber where the
    images raise the score beyond the interval, and else green. Where it cannot be measured, since
    every test image is named or all but one, the level of the kind stays.

    Source: the interval is the percentile bootstrap of the difference (Efron & Tibshirani
    1993, ch. 13), over categories and then images where three or more are known.
    """
    credit, image = _credits(run, data)
    return [
        _with_effect(finding, credit, image, data) if finding.id in MEASURED else finding
        for finding in findings
    ]


def _with_effect(finding: Finding, credit: np.ndarray, image: np.ndarray, data: Data) -> Finding:
    if not finding.count:
        return finding
    ids = data.opened[0].stimuli["id"].to_numpy(dtype=object)
    named = np.isin(ids[image], finding.concerned)
    categories = np.array([*data.names, ""])[data.category[image]]
    effect = effect_of(credit, named, categories, data.fold.test[0])
    if effect is None:  # nothing is left to compare with; an empty effect says so
        return replace(finding, effect={})
    level = finding.level
    if finding.id in ALIKE:
        level = "amber" if effect.raises else "green"
    return replace(finding, level=level, effect=asdict(effect))


def effect_of(
    credit: np.ndarray, named: np.ndarray, category: np.ndarray, seed: int = 0
) -> Effect | None:
    """The effect of the named images; None where fewer than two are named, or are not.

    Parameters
    ----------
    credit : np.ndarray of shape (m,), float
        Score of each image.
    named : np.ndarray of shape (m,), bool
    category : np.ndarray of shape (m,), str
        '' where unknown.
    seed : int
    """
    if min(np.count_nonzero(named), np.count_nonzero(~named)) < FEWEST:
        return None
    unit = permuted_unit(category)
    weights = _weights(category if unit == "categories" else None, len(credit), int(seed))
    every = weights @ credit / weights.sum(axis=1)
    rest = weights * ~named
    total = rest.sum(axis=1)
    drawn = (every - rest @ credit / np.maximum(total, 1))[total > 0]
    low, high = np.percentile(drawn, [2.5, 97.5])
    mean, without = float(credit.mean()), float(credit[~named].mean())
    count = int(np.count_nonzero(named))
    return Effect(
        MEASURE, mean, without, mean - without, float(low), float(high), count, len(credit), unit
    )


def _weights(category: np.ndarray | None, images: int, seed: int) -> np.ndarray:
    """How often each image is drawn: categories first, where they are known. (resamples, m)"""
    rng = np.random.default_rng([seed, 3])
    if category is None:
        return rng.multinomial(images, np.full(images, 1 / images), RESAMPLES)
    # An image without a category is one of its own.
    own = np.array([name or f"\0{place}" for place, name in enumerate(category)])
    names, codes = np.unique(own, return_inverse=True)
    often = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES)
    weights = np.zeros((RESAMPLES, images))
    for number in range(len(names)):
        members = np.flatnonzero(codes == number)
        draws = often[:, number] * len(members)
        weights[:, members] = rng.multinomial(draws, np.full(len(members), 1 / len(members)))
    return weights


def _credits(run: Run, data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Two-way identification of each test image with a response, and its row. Two (m,)"""
    stimuli = data.fold.test
    rows = data.rows(stimuli, "mean", run.scaling)
    place = np.full(len(data.category), -1)
    place[stimuli] = np.arange(len(stimuli))
    predicted = unit_rows(run.predict(rows.x, rows.subject))
    images = unit_rows(unit_rows(data.embeddings[stimuli]) - run.centre)
    usable = np.isfinite(images).all(axis=1)
    candidates = np.flatnonzero(usable)
    seen = usable[place[rows.stimulus]]
    similarity = (predicted[seen] @ images[candidates].T).astype(np.float32)
    right = np.searchsorted(candidates, place[rows.stimulus][seen])
    credit = scores.two_way(scores.mean_ranks(similarity, right), max(2, len(candidates)))
    table = pd.Series(credit).groupby(rows.stimulus[seen]).mean()
    return table.to_numpy(dtype=float), table.index.to_numpy()
