"""The split that the recording itself declares."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import InputError
from core.registry import Parameter
from core.splits.cutting import share_of
from core.splits.fold import SETS, Fold
from core.splits.groups import Groups, images
from core.splits.kind import Kind, register, share
from core.splits.pool import Pool, linked, numbered
from core.validation import enumerate_names

NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


def cut(pool: Pool, values: dict[str, Any], seed: int) -> list[Fold]:
    """The recording's sets; validation is its own, else a share of its training set."""
    sets = recorded_sets(pool)
    rows = {name: pool.rows[sets == name] for name in SETS}
    for name in ("train", "test"):
        if not len(rows[name]):
            raise InputError(
                f"No usable stimulus is in the {SETS[name]} of the recording",
                f"stimuli whose column 'split' says {name!r}",
                "Choose another kind of split.",
            )
    if len(rows["validation"]):
        return [Fold(**rows)]
    training = pool.part(sets == "train")
    groups = _together(training, values["validation_by"])
    chosen = np.isin(groups.codes, _validated(groups, values["validation"], seed))
    return [Fold(training.rows[~chosen], training.rows[chosen], rows["test"])]


def recorded_sets(pool: Pool) -> np.ndarray:
    """Set of each usable row as the recording says, '' where it says none. (m,) object."""
    labels = np.array([text.lower() for text in pool.texts("split")], dtype=object)
    unknown = sorted({text for text in labels if text and text not in NAMES})
    if unknown:
        raise InputError(
            f"The column 'split' says {enumerate_names(unknown)}", "one of the names", choices=NAMES
        )
    if not any(labels):
        raise InputError(
            "The recording declares no split",
            "a column 'split' that says train or test",
            "Choose another kind of split.",
        )
    return np.array([NAMES.get(text, "") for text in labels], dtype=object)


def _together(pool: Pool, by: str) -> Groups:
    """Categories, with an image of unknown category by itself; images where none is known."""
    names = pool.texts("category")
    if by == "image" or not (names != "").any():
        return images(pool)
    codes = linked(numbered(names, unknown=""), pool.images)
    return Groups(codes, "category", "categories")


def _validated(groups: Groups, share: float, seed: int) -> np.ndarray:
    if groups.count < 2:
        raise InputError(
            f"The training set of the recording is in {groups.counted()}",
            f"at least two {groups.plural}, one of them to validate with",
            "Give validation_by='image' to validate with single images.",
        )
    count = share_of(groups, groups.count, share, "validation")
    if count == groups.count:
        raise InputError(
            f"{groups.counted(count)} to validate leave nothing to train on",
            "a smaller share 'validation'",
        )
    return np.random.default_rng(seed).permutation(groups.count)[:count]


register(
    Kind(
        "recorded",
        "As recorded",
        "Tests what the experimenters set aside for testing.",
        "The publication of the recording",
        (
            share("validation", "the recording's training set"),
            Parameter(
                "validation_by",
                "Validation of",
                "category",
                "What stays together when the validation set is cut from the training set; "
                "images where no category is known",
                choices=("category", "image"),
            ),
        ),
        cut=cut,
    )
)
