"""Image files of people's folders: which they are, and reading them."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from core.datasets.dataset import as_rgb
from core.errors import CorruptDataError, InputError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
MAX_PIXELS = 50_000_000


def read_image(path: Path, name: str) -> Image.Image:
    """Read the image ``name`` from a file, RGB.

    Raises
    ------
    CorruptDataError
        If the file is no image, or not a whole one.
    InputError
        If it has more than 50 million pixels, and is then not decoded.
    """
    try:
        with Image.open(path) as image:
            if image.width * image.height <= MAX_PIXELS:
                return as_rgb(image)
            size = f"{image.width} x {image.height}"
    except Image.DecompressionBombError as error:
        size = str(error)
    except (OSError, SyntaxError, ValueError) as error:
        raise CorruptDataError(
            f"The image {path} of {name!r} could not be read ({error})", "a whole image"
        ) from None
    raise InputError(
        f"The image {path} of {name!r} is too large ({size})",
        f"at most {MAX_PIXELS // 1_000_000} million pixels",
    )
