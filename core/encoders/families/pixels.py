"""Pixels: what an image shows before anything is recognised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from core.encoders.encoder import Encoder, EncoderInfo, Family, Loaded, register
from core.registry import Parameter

INFO = EncoderInfo(
    id="pixels",
    label="Pixels",
    kind="low-level",
    description="Red, green and blue of the image at a small size: the baseline of any encoder.",
    parameters=(
        Parameter(
            "side",
            "Side",
            32,
            "The image is sized to side x side pixels",
            minimum=2,
            maximum=128,
        ),
    ),
)


class Pixels(Encoder):
    """Needs no checkpoint."""

    needs_torch = False

    def load(self, parameters: Mapping[str, Any], device: str) -> Loaded:
        return LoadedPixels(parameters["side"])


class LoadedPixels(Loaded):
    """Gives red, green and blue from 0 to 1, row by row."""

    def __init__(self, side: int) -> None:
        self._size = (side, side)
        self.dimensions = 3 * side * side

    def prepare(self, images: Sequence[Image.Image]) -> list[np.ndarray]:
        sized = (image.resize(self._size, Image.Resampling.BOX) for image in images)
        return [np.asarray(image).reshape(-1) for image in sized]

    def images(self, prepared: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack(prepared).astype(np.float32) / np.float32(255)


register(INFO.id, Family(lambda name: Pixels(INFO)))
