"""Altered copies of an image: re-encoded, cropped, turned, mirrored, brightened, framed."""

from core.splits.copies.finding import MOST_IMAGES, Copies, find_copies
from core.splits.copies.stored import store_copies, stored_copies

__all__ = ["MOST_IMAGES", "Copies", "find_copies", "store_copies", "stored_copies"]
