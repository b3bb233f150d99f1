"""Test images far from every other image, distributed as the training images are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.errors import InputError
from core.splits.cutting import fold_of, share_of
from core.splits.distances import SetMatching, gaussian_scale, nearest_distances
from core.splits.fold import Fold
from core.splits.groups import Groups, image_directions, images
from core.splits.kind import Kind, register, share
from core.splits.pool import Pool

# The distance is sought to such a share of the images.
PRECISION = 0.01


def cut(pool: Pool, values: dict[str, Any], seed: int) -> list[Fold]:
    """One fold, at the largest distance at which its sets can be matched.

    Test and validation images are drawn from those whose nearest other image is at least so
    far away.
    """
    rows, groups = image_directions(pool, "neighbour"), images(pool)
    sizes = _sizes(groups, values)
    far = np.argsort(-nearest_distances(rows), kind="stable")
    matching = SetMatching(rows, gaussian_scale(rows, seed))

    def drawn(count: int) -> list[np.ndarray] | None:
        return matching.draw(far[:count], sizes, np.random.default_rng([seed, 6]))

    test, validation = _from_fewest(drawn, sum(sizes), len(rows))
    return [fold_of(pool, groups, validation, test)]


def _sizes(groups: Groups, values: dict[str, Any]) -> list[int]:
    sizes = [share_of(groups, groups.count, values[name], name) for name in ("test", "validation")]
    if sum(sizes) >= groups.count:
        raise InputError(
            f"{groups.counted(sum(sizes))} to test and validate leave none of the "
            f"{groups.count:,} to train on",
            "shares that leave a training set",
            "Lower the share 'test' or 'validation'.",
        )
    return sizes


def _from_fewest(
    drawn: Callable[[int], list[np.ndarray] | None], fewest: int, every: int
) -> list[np.ndarray]:
    """Sets drawn from as few of the farthest images as can be matched, by halving."""
    sets = drawn(every)
    if sets is None:
        raise InputError(
            "Sets of these sizes cannot be matched with the training set",
            "test and validation sets that are distributed as the rest",
            "Raise or lower the share 'test' or 'validation', or choose another split.",
        )
    too_few, enough = fewest - 1, every
    while enough - too_few > max(1, PRECISION * every):
        count = (too_few + enough) // 2
        better = drawn(count)
        if better is None:
            too_few = count
        else:
            sets, enough = better, count
    return sets


register(
    Kind(
        "neighbour",
        "Far from training",
        "Tests images that resemble no training image, while both sets are distributed alike "
        "(maximum mean discrepancy at most that of random sets).",
        "LAION-fMRI (2026), split tau: a minimum distance to the nearest image with matched "
        "discrepancy; Gretton et al. (2012), A kernel two-sample test, JMLR 13:723-773",
        (share("test", "the images"), share("validation", "the images")),
        cut=cut,
        needs_features=True,
    )
)
