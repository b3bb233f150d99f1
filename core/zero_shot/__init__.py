"""Zero-shot classification: accuracy against n, confusions, published numbers."""

from typing import TYPE_CHECKING

from core.zero_shot.confusion import LEVELS, Confusion, confusion, levels_of, responses_of
from core.zero_shot.job import ZeroShot, ZeroShotRequest, load
from core.zero_shot.published import PUBLISHED, Published

if TYPE_CHECKING:
    from core.zero_shot.analysis import analyse

__all__ = [
    "LEVELS",
    "PUBLISHED",
    "Confusion",
    "Published",
    "ZeroShot",
    "ZeroShotRequest",
    "analyse",
    "confusion",
    "levels_of",
    "load",
    "responses_of",
]


def __getattr__(name: str) -> object:
    """``analyse`` imports torch, which pages do without."""
    if name == "analyse":
        from core.zero_shot.analysis import analyse

        return analyse
    raise AttributeError(name)
