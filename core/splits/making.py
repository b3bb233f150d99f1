"""Folds of a recording, by any registered kind of split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from core.datasets import Dataset
from core.errors import InputError
from core.splits.fold import SETS, Fold
from core.splits.groups import images
from core.splits.kind import KINDS, Kind
from core.splits.pool import pool_of

LARGEST_SEED = 2**32 - 1


def make(
    ds: Dataset,
    kind: str,
    seed: int = 0,
    features: Any = None,
    beside: Sequence[Dataset] = (),
    **parameters: Any,
) -> list[Fold]:
    """Divide the stimuli of a recording into training, validation and test sets.

    Stimuli without a usable response, without a finite row of features (where features
    are given) or without a group (a category, in a split by category) are in no set;
    ``audit`` counts them. The validation set follows the rule of the test set, so that
    early stopping never sees that rule broken; whoever needs none joins it with ``train``.

    Parameters
    ----------
    ds : Dataset
    kind : str
        An id of ``KINDS``: 'image', 'category', 'cluster', 'neighbour', 'ood', 'kfold',
        'recorded' or 'pair' (which leaks).
    seed : int
        0 to 2**32 - 1; the same seed gives the same folds.
    features : array_like of shape (n, d), optional
        Row i belongs to row i of ``ds.stimuli``, NaN where missing. Clusters and
        neighbours need it.
    beside : sequence of Dataset
        Other subjects with the same stimuli: a response of any of them is usable.
    **parameters
        Those that the kind declares, e.g. ``test=0.2``. Shares are shares of whole groups
        (images with their copies, categories, clusters), rounded to whole groups.

    Returns
    -------
    list of Fold
        One fold, or k of them.

    Raises
    ------
    InputError
        If the kind or a parameter is unknown, the features have another length than the
        stimuli, there are too few groups, or a set would be empty.

    Source: Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning, ch. 7.
    """
    if kind not in KINDS:
        raise InputError(f"There is no kind of split {kind!r}", choices=KINDS)
    chosen = KINDS[kind]
    values = chosen.check(parameters)
    folds = chosen.folds(pool_of(ds, features, beside), values, check_seed(seed))
    for fold in folds:
        _check_fold(fold, chosen)
    return folds


class Labels(NamedTuple):
    """What stays together in one set: its number for each stimulus, and what it is called.

    ``codes`` (n,) int counts from 0 and is -1 for stimuli in no set; ``plural`` such as
    'categories'.
    """

    codes: np.ndarray
    plural: str


def together(
    ds: Dataset,
    kind: str,
    seed: int = 0,
    features: Any = None,
    beside: Sequence[Dataset] = (),
    **parameters: Any,
) -> Labels:
    """What a kind of split keeps together; an image and its copies where it does not say.

    Parameters and errors are those of ``make``.
    """
    pool = pool_of(ds, features, beside)
    chosen = KINDS[kind]
    values = chosen.check(parameters)
    of_pool = images(pool) if chosen.groups is None else chosen.groups(pool, values, seed)
    codes = np.full(len(ds.stimuli), -1, dtype=np.intp)
    codes[pool.rows] = of_pool.codes
    return Labels(codes, of_pool.plural)


def check_seed(seed: Any) -> int:
    """A seed that numpy and scikit-learn both take, or InputError."""
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if not whole or not 0 <= seed <= LARGEST_SEED:
        raise InputError(f"The seed is {seed!r}", f"a whole number from 0 to {LARGEST_SEED}")
    return int(seed)


def _check_fold(fold: Fold, kind: Kind) -> None:
    empty = [name for name in SETS if len(getattr(fold, name)) == 0]
    if empty:
        raise InputError(
            f"The split {kind.id!r} leaves the {SETS[empty[0]]} empty", "stimuli in every set"
        )
    if not (kind.leaks or fold.is_disjoint):
        raise InputError(
            f"The split {kind.id!r} puts stimuli into two sets",
            "disjoint sets",
            "Declare leaks=True where that is meant.",
        )
