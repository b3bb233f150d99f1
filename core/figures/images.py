"""Thumbnails of stimuli, and a stable colour for each category."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Protocol

from PIL import Image

from core.errors import NeurogalleryError
from core.figures.heatmap import data_uri

# Twelve hues that stay apart under colour blindness and on light and dark ground
# (Okabe & Ito 2008, extended with tints of Tol's muted scheme).
CATEGORY_COLOURS = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#999933",
    "#882255",
    "#44aa99",
    "#ddcc77",
    "#6f4fa2",
    "#8c8c8c",
)


class HasImages(Protocol):
    """What gives images by their ids: a recording, a gallery."""

    def image(self, name: str, /) -> Image.Image: ...


def thumbnail(images: HasImages, name: str, size: int) -> str:
    """An image within size x size pixels as a data URI; '' where there is none."""
    try:
        image = images.image(name)
    except NeurogalleryError:
        return ""
    image.thumbnail((size, size), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return data_uri(buffer.getvalue(), "image/jpeg")


def category_colours(categories: Sequence[str]) -> dict[str, str]:
    """A colour for each category, in order of first appearance; they repeat after twelve."""
    names = dict.fromkeys(categories)
    return {
        name: CATEGORY_COLOURS[position % len(CATEGORY_COLOURS)]
        for position, name in enumerate(names)
    }
