"""Whole groups dealt to the sets of a fold, at random or in order."""

from __future__ import annotations

import numpy as np

from core.errors import InputError
from core.splits.fold import Fold
from core.splits.groups import Groups
from core.splits.pool import Pool


def hold_out(pool: Pool, groups: Groups, test: float, validation: float, seed: int) -> Fold:
    """One fold whose test and validation sets are random shares of all groups.

    Raises
    ------
    InputError
        If there are fewer than three groups, or a set would be empty.
    """
    if groups.count < 3:
        raise InputError(
            f"The usable stimuli are in {groups.counted()}",
            f"at least three {groups.plural}, one for each set",
            "Choose another kind of split.",
        )
    first = share_of(groups, groups.count, test, "test")
    second = share_of(groups, groups.count, validation, "validation")
    if first + second >= groups.count:
        raise InputError(
            f"{groups.counted(first)} to test and {groups.counted(second)} to validate leave "
            f"none of the {groups.count:,} to train on",
            "shares that leave a training set",
            "Lower the share 'test' or 'validation'.",
        )
    order = np.random.default_rng(seed).permutation(groups.count)
    return fold_of(pool, groups, order[first : first + second], order[:first])


def k_folds(
    pool: Pool, groups: Groups, k: int, validation: float, contiguous: bool, seed: int
) -> list[Fold]:
    """k folds that test each group once; validation is a share of the groups left to train on.

    In order, the test sets are ``numpy.array_split`` of the groups as they come, and the
    validation set is the block after the test set, from the start again after the last.

    Raises
    ------
    InputError
        If there are fewer groups than folds, or a set would be empty.
    """
    if groups.count < k:
        raise InputError(
            f"The usable stimuli are in {groups.counted()}, fewer than {k} folds",
            f"at least {k} {groups.plural}",
            "Lower k, or make folds of something smaller, such as images.",
        )
    rng = np.random.default_rng(seed)
    order = np.arange(groups.count) if contiguous else rng.permutation(groups.count)
    folds, start = [], 0
    for test in np.array_split(order, k):
        start += len(test)
        rest = np.roll(order, -start)[: -len(test)]
        count = share_of(groups, len(rest), validation, "validation")
        if count == len(rest):
            raise InputError(
                f"{groups.counted(count)} to validate leave nothing to train on",
                f"at least three {groups.plural}, or a smaller share 'validation'",
            )
        folds.append(fold_of(pool, groups, rest[:count], test))
    return folds


def share_of(groups: Groups, count: int, share: float, name: str) -> int:
    """A share of ``count`` groups, rounded; InputError where that is none."""
    chosen = int(share * count + 0.5)
    if chosen == 0:
        raise InputError(
            f"A share of {share:g} of {groups.counted(count)} leaves the {name} set empty",
            f"at least one of the {groups.plural}",
            f"Raise the share {name!r}" + (f" to {0.5 / count:.3f} or more." if count else "."),
        )
    return chosen


def fold_of(pool: Pool, groups: Groups, validation: np.ndarray, test: np.ndarray) -> Fold:
    """The fold with these groups in its sets and every other group in training."""
    tested, validated = np.isin(groups.codes, test), np.isin(groups.codes, validation)
    trained = (groups.codes >= 0) & ~tested & ~validated
    return Fold(pool.rows[trained], pool.rows[validated], pool.rows[tested])
