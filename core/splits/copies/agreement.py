"""How far two images agree once they lie over each other: in detail, in tone and in colour."""

from __future__ import annotations

import numpy as np

from core.splits.copies.alignment import grid, local_contrast, sampled
from core.splits.copies.views import COLOURED

# A pixel agrees up to this share of the standard deviation, and these grey levels beside.
TOLERANCE, LEVELS_BESIDE = 0.25, 5.0
# Of colour: chroma varies less than brightness.
CHROMA_TOLERANCE, CHROMA_BESIDE = 0.35, 7.0
# Standard deviation, in pixels, that evens out what resizing does to edges.
BLUR = 1.0
FEWEST = 100
# Spread of chroma across its main direction that tells exchanged channels from another colour.
TWO_COLOURS, TWO_COLOURS_SHARE = 3.0, 0.1
# YCbCr (less 128) of an image whose red and blue are exchanged, from that of the image.
_TO_RGB = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]])
EXCHANGED = np.linalg.inv(_TO_RGB) @ _TO_RGB[::-1]
# Pixels at the edge of the overlap that are not compared.
EDGE = 3


def detail(first: np.ndarray, second: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Correlation of local contrast where the images overlap. (p,)

    Contrast is taken of the first image as it lies over the second, so that both have the same
    surroundings at the same scale. ``first`` and ``second`` are (p, 96, 96) uint8.
    """
    from scipy.ndimage import binary_erosion

    size = first.shape[1]
    moved, _, inside = sampled(first.astype(np.float32), places, grid(size))
    mask = inside.reshape(first.shape)
    # What lies outside has no part in the contrast at the edge of the overlap.
    inner = binary_erosion(mask, np.ones((1, 3, 3)), iterations=EDGE, border_value=1)
    values, target = (
        (local_contrast(part, size) * inner).reshape(len(part), -1)
        for part in (moved.reshape(first.shape), second)
    )
    lengths = np.linalg.norm(values, axis=1) * np.linalg.norm(target, axis=1)
    correlation: np.ndarray = np.einsum("pm,pm->p", values, target) / np.maximum(lengths, 1e-6)
    return correlation


def covered(places: np.ndarray) -> np.ndarray:
    """The larger share of either image that the other covers, 1 for a crop. (p,)"""
    points = grid(COLOURED)
    at = np.matmul(points[None], places.astype(np.float32).transpose(0, 2, 1))
    of_second = ((at >= 0) & (at <= 1)).all(axis=2).mean(axis=1)
    of_first = of_second * np.abs(np.linalg.det(places[:, :, :2]))
    share: np.ndarray = np.maximum(of_second, of_first)
    return share


def overlap(first: np.ndarray, second: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Correlation of two arrays of local contrast where they overlap. (p,)"""
    values, _, inside = sampled(first, places, grid(first.shape[1]))
    target = second.reshape(len(second), -1) * inside
    values = values * inside
    lengths = np.linalg.norm(values, axis=1) * np.linalg.norm(target, axis=1)
    correlation: np.ndarray = np.einsum("pm,pm->p", values, target) / np.maximum(lengths, 1e-6)
    return correlation


def tone(
    first: np.ndarray, second: np.ndarray, places: np.ndarray, polarity: np.ndarray
) -> np.ndarray:
    """Share of pixels that one tone curve and one saturation take to the other image. (p,)

    Brightness, contrast and gamma are a curve over the whole image; an object of another
    colour on the same ground is not. Red and blue may be exchanged in the whole image.
    (p, 48, 48, 3) YCbCr uint8 each; ``polarity`` (p,) is -1 where one is a negative.
    """
    from scipy.ndimage import gaussian_filter

    soft = [
        gaussian_filter(part.astype(np.float32), (0, BLUR, BLUR, 0), mode="nearest")
        for part in (first, second)
    ]
    points = grid(COLOURED)
    channels = [sampled(np.ascontiguousarray(soft[0][..., c]), places, points) for c in range(3)]
    moved = np.stack([values for values, _, _ in channels], axis=2)
    target = soft[1].reshape(len(second), -1, 3)
    inside = channels[0][2]
    return np.array(
        [_agreeing(*each) for each in zip(moved, target, inside, polarity, strict=True)]
    )


def _agreeing(moved: np.ndarray, target: np.ndarray, inside: np.ndarray, polarity: int) -> float:
    if np.count_nonzero(inside) < FEWEST:
        return 0.0
    a, b = moved[inside] - 128.0, target[inside] - 128.0
    a *= polarity
    readings = [a, a @ EXCHANGED.T] if _of_two_colours(a[:, 1:]) else [a]
    return max(_share(each, b) for each in readings)


def _share(a: np.ndarray, b: np.ndarray) -> float:
    same_tone = _one_curve(a[:, 0], b[:, 0])
    # A grey copy follows from the coloured image, never the coloured one from the copy.
    colours = [_one_saturation(a[:, 1:], b[:, 1:]), _one_saturation(b[:, 1:], a[:, 1:])]
    return max(float(np.mean(same_tone & colour)) for colour in colours)


def _of_two_colours(chroma: np.ndarray) -> bool:
    """Whether chroma (m, 2) varies in both directions: red shapes exchanged are blue shapes."""
    small, large = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(chroma.T)), 0.0))
    return bool(small >= max(TWO_COLOURS, TWO_COLOURS_SHARE * large))


def one_curve_rest(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """What is left of b (m,), levels less 128, after the best cubic of a. (m,)"""
    x = a / 128.0
    powers = np.stack([np.ones_like(x), x, x * x, x**3], axis=1)
    rest = b - powers @ np.linalg.lstsq(powers, b, rcond=None)[0]
    centred: np.ndarray = rest - np.median(rest)
    return centred


def _one_curve(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mark the pixels of b that a cubic of a gives. (m,) bool"""
    near: np.ndarray = np.abs(one_curve_rest(a, b)) <= TOLERANCE * b.std() + LEVELS_BESIDE
    return near


def _one_saturation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mark the pixels whose chroma b (m, 2) is that of a by one factor from 0. (m,) bool"""
    left, right = a - np.median(a, axis=0), b - np.median(b, axis=0)
    factor = max(0.0, float((left * right).sum() / max(float((left * left).sum()), 1e-6)))
    rest = np.linalg.norm(right - factor * left, axis=1)
    spread = np.sqrt(np.mean(right**2) * 2)
    near: np.ndarray = rest <= CHROMA_TOLERANCE * spread + CHROMA_BESIDE
    return near
