"""Random images."""

from __future__ import annotations

from typing import Any

from core.splits.groups import Groups, images
from core.splits.kind import Kind, register, share
from core.splits.pool import Pool


def groups(pool: Pool, values: dict[str, Any], seed: int) -> Groups:
    """Each image with its copies."""
    return images(pool)


register(
    Kind(
        "image",
        "Images",
        "Tests new images of object categories that were trained; copies of an image stay in one "
        "set.",
        "Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning, section 7.2",
        (share("test", "the images"), share("validation", "the images")),
        groups,
    )
)
