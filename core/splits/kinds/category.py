"""Whole categories."""

from __future__ import annotations

from typing import Any

from core.splits.groups import Groups, categories
from core.splits.kind import Kind, register, share
from core.splits.pool import Pool


def groups(pool: Pool, values: dict[str, Any], seed: int) -> Groups:
    """Each category; stimuli without one are left out."""
    return categories(pool)


register(
    Kind(
        "category",
        "Categories",
        "Tests categories of which no image was trained, as zero-shot decoding must; stimuli "
        "without a category are left out.",
        "Horikawa & Kamitani (2017), Nature Communications 8:15037",
        (share("test", "the categories"), share("validation", "the categories")),
        groups,
    )
)
