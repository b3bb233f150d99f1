"""Which decoders can be averaged, and what their average predicts; nothing here imports torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from core.decoders.config import Config
from core.errors import InputError
from core.scores import Queries
from core.vectors import unit_rows

FEWEST, MOST = 2, 30
# What the members have in common, in the words of the reader.
ALIKE: Mapping[str, Callable[[Config], Any]] = {
    "recording": lambda config: config.dataset,
    "options of the recording": lambda config: config.options,
    "subjects": lambda config: config.subjects,
    "encoder": lambda config: (config.encoder, config.encoder_parameters),
    "split": lambda config: (config.split, config.split_parameters, config.divided),
    "fold": lambda config: config.fold,
}


def differing(first: Config, second: Config) -> tuple[str, ...]:
    """What keeps two decoders from being averaged, by name; empty where nothing does."""
    return tuple(name for name, value in ALIKE.items() if value(first) != value(second))


def check_members(configs: Sequence[Config]) -> None:
    """Raise InputError unless decoders of these settings can be averaged."""
    if not FEWEST <= len(configs) <= MOST:
        raise InputError(
            f"{len(configs)} decoders cannot be averaged", f"{FEWEST} to {MOST} different ones"
        )
    for other in configs[1:]:
        names = differing(configs[0], other)
        if names:
            raise InputError(
                f"The decoders differ in {', '.join(names)}",
                "decoders of one recording, its subjects and options, one encoder, split and fold",
                "Choose others; head, loss, ROIs, training and seed may differ.",
            )


def averaged(members: Sequence[Queries]) -> Queries:
    """The average of several decoders as one: its cosine is the mean of the members' cosines.

    Each member predicts a direction from its own centre, the mean embedding of its training
    images, and is compared with the images as seen from there. Where the centres are the same,
    images are ordered as by the mean of the predictions scaled to length 1.

    Parameters
    ----------
    members : sequence of core.scores.Queries
        Of the same responses and images, row for row.

    Returns
    -------
    core.scores.Queries
        Predictions and images of k d dimensions: those of k members, of length 1, beside one
        another.

    Raises
    ------
    InputError
        If two members were tested on other images or responses.

    Source: the mean of the outputs of networks trained from several seeds, Hansen & Salamon
    (1990), IEEE Transactions on Pattern Analysis and Machine Intelligence 12:993-1001.
    """
    first = members[0]
    for other in members[1:]:
        if not _is_same_test(first, other):
            raise InputError(
                f"The decoders were tested on {len(first.images)} and {len(other.images)} images "
                f"by {len(first.image)} and {len(other.image)} responses, not the same ones",
                "one test set",
                "Choose decoders whose ROIs have a response to the same images.",
            )
    predicted, images = (
        np.concatenate([unit_rows(rows) for rows in parts], axis=1)
        for parts in (
            [member.predicted for member in members],
            [member.images for member in members],
        )
    )
    return first._replace(predicted=predicted, images=images)


def _is_same_test(first: Queries, other: Queries) -> bool:
    whose = (first.subject is None) == (other.subject is None)
    if whose and first.subject is not None:
        whose = np.array_equal(first.subject, other.subject)
    return bool(
        whose
        and np.array_equal(first.image, other.image)
        and np.array_equal(first.category, other.category)
    )
