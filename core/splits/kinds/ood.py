"""Images out of distribution, which the recording names by their source."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import InputError
from core.registry import Parameter
from core.splits.cutting import fold_of, share_of
from core.splits.fold import Fold
from core.splits.groups import images
from core.splits.kind import Kind, register, share
from core.splits.pool import Pool
from core.validation import enumerate_names

SOURCE = "ood"


def cut(pool: Pool, values: dict[str, Any], seed: int) -> list[Fold]:
    """Test every image of one source; validation is a share of all others."""
    sources, groups = pool.texts("source"), images(pool)
    is_tested = np.array([source.lower() == values["source"].lower() for source in sources])
    if not is_tested.any():
        names = sorted(set(sources) - {""})
        raise InputError(
            f"No usable stimulus is of the source {values['source']!r}",
            enumerate_names(names) if names else "a column 'source' in the stimulus list",
            "Give source= one that the recording names, or choose another split.",
        )
    # An image that has a copy of that source is tested with it.
    test = np.unique(groups.codes[is_tested])
    rest = np.setdiff1d(groups.codes, test)
    validated = share_of(groups, len(rest), values["validation"], "validation")
    order = np.random.default_rng(seed).permutation(rest)
    return [fold_of(pool, groups, order[:validated], test)]


register(
    Kind(
        "ood",
        "Out of distribution",
        "Tests images of a kind that was never trained, such as gratings or shapes after "
        "photographs.",
        "LAION-fMRI (2026), split ood: images of nine kinds out of distribution",
        (
            Parameter(
                "source",
                "Source of the test images",
                SOURCE,
                "What the column 'source' says of them, in capitals or not",
            ),
            share("validation", "all other images"),
        ),
        cut=cut,
    )
)
