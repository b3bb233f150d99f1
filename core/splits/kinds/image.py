"""Random pictures."""

from __future__ import annotations

from typing import Any

from core.splits.groups import Groups, pictures
from core.splits.kind import Kind, register, share
from core.splits.pool import Pool


def groups(pool: Pool, values: dict[str, Any], seed: int) -> Groups:
    """Each picture with its copies."""
    return pictures(pool)


register(
    Kind(
        "image",
        "Pictures",
        "Tests new pictures of things that were trained; copies of a picture stay on one side.",
        "Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning, section 7.2",
        (share("test", "the pictures"), share("validation", "the pictures")),
        groups,
    )
)
