"""A Gabor pyramid: oriented contrast at several scales, as in primary visual cortex."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from core.encoders.encoder import Encoder, EncoderInfo, Family, Loaded, register
from core.registry import Parameter

SIDE = 128
MARGIN = 32
SHORTEST_WAVELENGTH = 4.0
# Width of the envelope over the wavelength, for a bandwidth of one octave (Daugman 1985).
ENVELOPE = 0.56

INFO = EncoderInfo(
    id="gabor",
    label="Gabor pyramid",
    kind="low-level",
    description="Energy of quadrature pairs of Gabor filters of the luminance, averaged in places.",
    citation=(
        "Daugman JG (1985) J. Opt. Soc. Am. A 2(7):1160-1169; Kay KN, et al. (2008) Nature "
        "452:352-355."
    ),
    parameters=(
        Parameter(
            "orientations", "Orientations", 8, "From 0 to 180 degrees", minimum=2, maximum=16
        ),
        Parameter(
            "scales",
            "Scales",
            4,
            "Wavelengths of 4, 8, 16, ... pixels of 128",
            minimum=1,
            maximum=5,
        ),
        Parameter("grid", "Places", 8, "Places along each side", minimum=1, maximum=32),
    ),
)


class Gabor(Encoder):
    """Needs no checkpoint."""

    needs_torch = False

    def load(self, parameters: Mapping[str, Any], device: str) -> Loaded:
        return LoadedGabor(**parameters)


class LoadedGabor(Loaded):
    """Gives the energies, ordered by scale, orientation, row and column."""

    def __init__(self, orientations: int, scales: int, grid: int) -> None:
        self._grid = grid
        self._filters = filters(orientations, scales)
        self.dimensions = orientations * scales * grid * grid

    def prepare(self, images: Sequence[Image.Image]) -> list[np.ndarray]:
        """All the work: each image is filtered by itself, in the thread that decoded it."""
        return [self._energies(image) for image in images]

    def images(self, prepared: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack(prepared)

    def _energies(self, image: Image.Image) -> np.ndarray:
        from scipy.fft import fft2, ifft2

        small = image.resize((SIDE, SIDE), Image.Resampling.BOX).convert("L")
        luminance = np.asarray(small, dtype=np.float32) / np.float32(255)
        spectrum = fft2(np.pad(luminance - luminance.mean(), MARGIN, mode="reflect"))
        inner = slice(MARGIN, MARGIN + SIDE)
        places = [
            _pooled(np.abs(ifft2(spectrum * transfer))[inner, inner], self._grid)
            for transfer in self._filters
        ]
        return np.concatenate(places).astype(np.float32)


@functools.lru_cache(maxsize=4)
def filters(orientations: int, scales: int) -> np.ndarray:
    """Transfer functions on one side of the frequency plane: magnitude is energy.

    Returns
    -------
    np.ndarray of shape (scales * orientations, 192, 192), float32
        Orientation k prefers a grating whose luminance varies along the angle
        ``k * 180 / orientations`` degrees from the horizontal.
    """
    frequency = np.fft.fftfreq(SIDE + 2 * MARGIN)
    vertical, horizontal = np.meshgrid(frequency, frequency, indexing="ij")
    bank = []
    for scale in range(scales):
        centre = 1 / (SHORTEST_WAVELENGTH * 2**scale)
        width = centre / (2 * np.pi * ENVELOPE)
        for angle in np.arange(orientations) * np.pi / orientations:
            across = horizontal - centre * np.cos(angle)
            along = vertical - centre * np.sin(angle)
            bank.append(2 * np.exp(-(across**2 + along**2) / (2 * width**2)))
    return np.stack(bank).astype(np.float32)


def _pooled(energy: np.ndarray, grid: int) -> np.ndarray:
    """Mean in ``grid`` x ``grid`` places of about equal size."""
    starts = np.arange(grid) * SIDE // grid
    sizes = np.diff([*starts, SIDE])
    sums = np.add.reduceat(np.add.reduceat(energy, starts, axis=0), starts, axis=1)
    return np.ravel(sums / np.outer(sizes, sizes))


register(INFO.id, Family(lambda name: Gabor(INFO)))
