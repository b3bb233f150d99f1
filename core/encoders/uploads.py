"""An uploaded image: bounded in bytes and pixels before it is decoded."""

from __future__ import annotations

import io
import warnings

from PIL import Image

from core.datasets.image_files import as_rgb
from core.errors import CorruptDataError, InputError
from core.store.uploads import check_bytes

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000


def check_upload(content: bytes, name: str = "The image") -> Image.Image:
    """Decode an uploaded image.

    Parameters
    ----------
    content : bytes
        A PNG, JPEG, WebP, GIF, BMP or TIFF file.
    name : str
        How messages call it.

    Returns
    -------
    PIL.Image.Image
        RGB, turned as its camera says, alpha on white; the first frame of an animation.

    Raises
    ------
    InputError
        If it is larger than 20 MB or 50 million pixels.
    CorruptDataError
        If it is no image, or a truncated one.
    """
    check_bytes(name, len(content), MAX_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
        if image.width * image.height <= MAX_PIXELS:
            return as_rgb(image)
        size = f"{image.width} x {image.height} pixels"
    except Image.DecompressionBombError as error:
        size = str(error)
    except MemoryError:
        raise
    except Exception as error:  # decoders of foreign files raise whatever they like
        raise CorruptDataError(
            f"{name} could not be read as an image ({str(error).split(' <_io')[0]})",
            f"a whole image ({', '.join(FORMATS)})",
        ) from None
    raise InputError(
        f"{name} is too large ({size})", f"at most {MAX_PIXELS // 1_000_000} million pixels"
    )
