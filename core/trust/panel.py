"""What the checks of a decoder's score came to, with a sentence for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import store
from core.trust.bottleneck import needed
from core.trust.identification import CHANCE
from core.trust.nearness import Nearness
from core.words import p_words

# Below this share of the dimensions of the targets, predictions count as collapsed.
COLLAPSED = 0.5
CERTAIN = 0.05
ENOUGH = 0.9


@dataclass(frozen=True)
class Trust:
    """Checks of a score, the two-way identification of a decoder in its test set.

    Attributes
    ----------
    score, low, high : float
        With its 95 % interval.
    over : str
        What the interval is over.
    controls, bottleneck, dimensions, learning : mapping or list
        As the functions of these names give them.
    nearness : Nearness
    images : tuple of str
        Ids of its test images.
    """

    score: float
    low: float
    high: float
    over: str
    controls: Mapping[str, list[float]]
    bottleneck: list[dict[str, float]]
    dimensions: Mapping[str, float]
    learning: Mapping[str, Any]
    nearness: Nearness
    images: tuple[str, ...]

    @property
    def sentences(self) -> dict[str, str]:
        """One for each check, for a reader who is no statistician."""
        return {
            "controls": self._of_controls(),
            "bottleneck": self._of_bottleneck(),
            "dimensions": self._of_dimensions(),
            "learning": self._of_learning(),
            "nearness": self._of_nearness(),
        }

    def _of_controls(self) -> str:
        noise, permuted = (self.controls[kind] for kind in ("noise", "permuted"))
        highest = max(*noise, *permuted)
        verdict = (
            "the score lies above all of them"
            if self.score > highest
            else "the score does not lie above them: nothing shows that it comes from the responses"
        )
        return (
            f"Fed with noise instead of responses, decoders of these settings reach "
            f"{_range(noise)}, with the responses to other images {_range(permuted)} "
            f"({len(noise)} each); {verdict}."
        )

    def _of_bottleneck(self) -> str:
        if self.score <= CHANCE:
            return "The score is not above chance, so that no part of it needs any component."
        width = needed(self.bottleneck, self.score, CHANCE, ENOUGH)
        last = int(self.bottleneck[-1]["components"])
        varied = next(r["variance"] for r in self.bottleneck if r["components"] == width)
        return (
            f"{width:,} of {last:,} components of the responses, {varied:.0%} of what varies in "
            f"them, suffice for {ENOUGH:.0%} of the score above chance: so much of the brain's "
            "response is used."
        )

    def _of_dimensions(self) -> str:
        share = self.dimensions["predicted"] / self.dimensions["embedded"]
        verdict = (
            "they have collapsed: images that differ only in the other dimensions look alike "
            "to the decoder"
            if share < COLLAPSED
            else "they have not collapsed"
        )
        return (
            f"The predictions vary in {self.dimensions['predicted']:.0f} dimensions, the "
            f"embeddings of the same images in {self.dimensions['embedded']:.0f} ({share:.0%}): "
            f"{verdict}. "
            f"There are {self.dimensions['samples']:.1f} training images for each dimension of "
            "the embeddings."
        )

    def _of_learning(self) -> str:
        gain, following = self.learning["gain"], self.learning["next"]
        if gain is None:
            return "There are too few training images to tell how the score grows with them."
        largest = max(self.learning["images"])
        return (
            f"Each doubling of the training images brought {100 * gain:+.1f} points; if that goes "
            f"on, {2 * largest:,} of them would lead to {following:.1%} (a line through the "
            f"logarithm of their number, from {min(self.learning['images']):,} to {largest:,})."
        )

    def _of_nearness(self) -> str:
        parts, rho, p = self.nearness.parts, self.nearness.rho, self.nearness.p
        if np.isnan(rho):
            return "There are too few test images to compare near ones with far ones."
        near, far = parts[0], parts[-1]
        standing = f"(Spearman's rho {rho:.2f}, {p_words(p)}, images taken as independent)"
        if p > CERTAIN:
            return (
                "No difference is seen between images near to a training image and far ones "
                f"{standing}."
            )
        verdict = "better" if rho < 0 else "worse"
        return (
            f"Images near to a training image score {verdict} than far ones: {near[1]:.1%} in the "
            f"nearest third, {far[1]:.1%} in the farthest {standing}."
        )


def _range(values: list[float]) -> str:
    return f"{np.mean(values):.1%} ({min(values):.1%} to {max(values):.1%})"


def load(key: str) -> Trust | None:
    """From the store; None where it is not there."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        facts = dict(result.facts["checks"])
        distance, score = (np.array(result.arrays[name]) for name in ("distance", "score"))
        near = Nearness(distance, score, facts["rank"]["rho"], facts["rank"]["p"])
        images = tuple(facts["images"])
        return Trust(**facts["score"], **facts["parts"], nearness=near, images=images)
