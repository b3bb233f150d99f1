"""What an image is compared by: small pictures of it, whole and without a plain border."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

# Pixels of the grey and of the coloured thumbnails, whatever the shape of the image.
GREY, COLOURED = 96, 48
# Longest edge in which a border is looked for.
LONGEST = 384
# Standard deviation in grey levels up to which a line of pixels is border.
PLAIN = 4.0
# A border leaves at least this share of each edge, and takes at least this share of the area.
LEAST_LEFT, LEAST_TAKEN = 0.3, 0.03

Box = tuple[int, int, int, int]


class View(NamedTuple):
    """Thumbnails of an image: ``grey`` (96, 96) and ``coloured`` (48, 48, 3) YCbCr, uint8."""

    grey: np.ndarray
    coloured: np.ndarray


def views_of(image: Image.Image) -> list[View]:
    """The whole image stretched to a square, and what a plain border leaves of it, if any."""
    ratio = max(1.0, max(image.size) / LONGEST)
    size = (max(1, round(image.width / ratio)), max(1, round(image.height / ratio)))
    small = _resized(image.convert("RGB"), size).convert("YCbCr")
    inside = border_box(np.asarray(small.getchannel(0), dtype=np.float32))
    parts = [small] if inside is None else [small, small.crop(inside)]
    return [_view(part) for part in parts]


def border_box(grey: np.ndarray) -> Box | None:
    """Left, top, right, bottom of what is inside a plain border; None where there is none.

    Parameters
    ----------
    grey : np.ndarray of shape (height, width), float32
    """
    height, width = grey.shape
    top, bottom = _inside(grey)
    left, right = _inside(grey[top:bottom].T)
    area = (bottom - top) * (right - left)
    if bottom - top < LEAST_LEFT * height or right - left < LEAST_LEFT * width:
        return None
    return None if area > (1 - LEAST_TAKEN) * height * width else (left, top, right, bottom)


def _inside(lines: np.ndarray) -> tuple[int, int]:
    """The first line that is no border, and the one after the last.

    Border is plain and of the brightness of the outermost line: a plain ground within it stays.
    """
    plain, brightness = lines.std(axis=1) < PLAIN, lines.mean(axis=1)
    first, last = (
        np.flatnonzero(~(plain & (np.abs(brightness - brightness[end]) < PLAIN))) for end in (0, -1)
    )
    return (int(first[0]), int(last[-1]) + 1) if len(first) and len(last) else (0, len(lines))


def _view(part: Image.Image) -> View:
    grey = _resized(part.getchannel(0), (GREY, GREY))
    coloured = _resized(part, (COLOURED, COLOURED))
    return View(np.asarray(grey, dtype=np.uint8), np.asarray(coloured, dtype=np.uint8))


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Means of areas where an image shrinks: other ways alias differently in two sizes."""
    shrinks = image.width >= size[0] and image.height >= size[1]
    return image.resize(size, Image.Resampling.BOX if shrinks else Image.Resampling.BICUBIC)
