"""What early regions see: a Gabor pyramid, and colour and texture, of each image."""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image

SIDE = 128
GRID = 8
COARSE_GRID = 4
WAVELENGTHS = (4.0, 8.0, 16.0)
ORIENTATIONS = 6
HUES = 6


def gabor(image: Image.Image) -> np.ndarray:
    """Energy of Gabor filters, and luminance, in 8 x 8 places.

    Quadrature pairs at wavelengths of 4, 8 and 16 pixels of 128 and six orientations,
    with a bandwidth of about one octave.

    Returns
    -------
    np.ndarray of shape (19, 8, 8), float64
        Channels: three wavelengths x six orientations, then luminance (0 to 1).

    Source: Adelson & Bergen (1985), J. Opt. Soc. Am. A 2(2); Kay et al. (2008), Nature 452.
    """
    luminance = _luminance(image)
    spectrum = np.fft.fft2(np.pad(luminance - luminance.mean(), SIDE // 4, mode="reflect"))
    energy = np.abs(np.fft.ifft2(spectrum * _filters()))
    edge = SIDE // 4
    inner = energy[:, edge : edge + SIDE, edge : edge + SIDE]
    return np.concatenate([_pooled(inner, GRID), _pooled(luminance[None], GRID)])


def colour(image: Image.Image) -> np.ndarray:
    """Colour and texture in 4 x 4 places.

    Returns
    -------
    np.ndarray of shape (13, 4, 4), float64
        Red-green and blue-yellow opponency, saturation, luminance contrast, energy at
        fine and at coarse wavelengths, orientation contrast, then six hues weighted by
        saturation.
    """
    pixels = np.asarray(_small(image), dtype=np.float64) / 255
    red, green, blue = np.moveaxis(pixels, 2, 0)
    saturation = pixels.max(axis=2) - pixels.min(axis=2)
    hue = np.asarray(_small(image).convert("HSV"), dtype=np.float64)[..., 0]
    bins = np.floor(hue / 256 * HUES)
    maps = [red - green, blue - (red + green) / 2, saturation]
    maps += [saturation * (bins == number) for number in range(HUES)]
    coloured = _pooled(np.stack(maps), COARSE_GRID)
    energy = gabor(image)
    oriented = energy[:-1].reshape(len(WAVELENGTHS), ORIENTATIONS, GRID, GRID)
    texture = np.stack(
        [
            _pooled(_luminance(image)[None] ** 2, GRID)[0] - energy[-1] ** 2,
            oriented[0].mean(axis=0),
            oriented[-1].mean(axis=0),
            oriented.mean(axis=0).std(axis=0),
        ]
    )
    return np.concatenate([coloured[:3], _pooled(texture, COARSE_GRID), coloured[3:]])


@functools.cache
def _filters() -> np.ndarray:
    """Frequency responses: one-sided log-Gaussian in frequency, Gaussian in orientation."""
    size = SIDE + SIDE // 2
    down, across = np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size), indexing="ij")
    radius = np.hypot(down, across)
    radius[0, 0] = 1e-9
    angle = np.arctan2(down, across)
    responses = []
    for wavelength in WAVELENGTHS:
        band = np.exp(-(np.log(radius * wavelength) ** 2) / (2 * np.log(1.55) ** 2))
        for turn in np.arange(ORIENTATIONS) * np.pi / ORIENTATIONS:
            away = np.angle(np.exp(1j * (angle - turn)))
            responses.append(band * np.exp(-(away**2) / (2 * 0.35**2)))
    return np.stack(responses)


def _luminance(image: Image.Image) -> np.ndarray:
    return np.asarray(_small(image).convert("L"), dtype=np.float64) / 255


def _small(image: Image.Image) -> Image.Image:
    return image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)


def _pooled(maps: np.ndarray, places: int) -> np.ndarray:
    count, side = len(maps), maps.shape[1] // places
    pooled: np.ndarray = maps.reshape(count, places, side, places, side).mean(axis=(2, 4))
    return pooled
