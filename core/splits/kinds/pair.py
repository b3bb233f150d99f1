"""Pairs of images in place of images: it leaks, and is kept to teach."""

from __future__ import annotations

from typing import Any

from core.errors import InputError
from core.splits.fold import Fold
from core.splits.kind import Kind, register
from core.splits.pool import Pool
from core.words import counted


def cut(pool: Pool, values: dict[str, Any], seed: int) -> list[Fold]:
    """Every image in every set: only the pairs of them are dealt out."""
    if len(pool.rows) < 3:
        raise InputError(
            f"{counted(len(pool.rows), 'stimulus is', 'stimuli are')} usable",
            "at least three, to form three pairs",
        )
    return [Fold(pool.rows, pool.rows, pool.rows)]


register(
    Kind(
        "pair",
        "Pairs (leaks)",
        "Leaks, and is kept to teach: pairs are dealt out in place of images, so training and "
        "test contain the same images and a score needs no image at all.",
        "Kaufman et al. (2012), Leakage in data mining, ACM Trans. Knowl. Discov. Data 6(4):15",
        cut=cut,
        leaks=True,
    )
)
