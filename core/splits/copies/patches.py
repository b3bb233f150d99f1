"""The largest patch in which two images differ though they agree elsewhere: another object."""

from __future__ import annotations

import numpy as np

from core.splits.copies.agreement import EDGE, one_curve_rest
from core.splits.copies.alignment import grid, local_contrast, sampled

# Standard deviation, in pixels of 96, of the surroundings in which detail is correlated.
AROUND = 3.0
# Correlation below which detail differs, and the energy of contrast from which there is any.
LEAST_ALIKE, LEAST_ENERGY = 0.3, 0.15
# Tone differs by more than this share of the standard deviation, and these grey levels beside.
TONE_SHARE, TONE_LEVELS = 0.15, 4.0
# Tone that differs so much is another object though neither has detail there.
FAR_SHARE, FAR_LEVELS = 0.5, 8.0
# Thinner patches (letters, edges) are passed over.
GAP, THICK = 3, 7


def largest_patch(
    first: np.ndarray, second: np.ndarray, places: np.ndarray, polarity: np.ndarray
) -> np.ndarray:
    """Share of the overlap that is one patch of other detail and other tone. (p,)

    ``first`` and ``second`` are (p, 96, 96) uint8; ``polarity`` (p,) is -1 for a negative.
    """
    from scipy.ndimage import binary_erosion, gaussian_filter

    size = first.shape[1]
    moved, _, inside = sampled(first.astype(np.float32), places, grid(size))
    moved = moved.reshape(first.shape)
    inner = binary_erosion(
        inside.reshape(first.shape), np.ones((1, 3, 3)), iterations=EDGE, border_value=1
    )
    a = local_contrast(moved, size) * polarity[:, None, None] * inner
    b = local_contrast(second, size) * inner
    around = (0, AROUND, AROUND)
    product, of_a, of_b = (gaussian_filter(each, around) for each in (a * b, a * a, b * b))
    alike = product >= LEAST_ALIKE * np.sqrt(of_a * of_b)
    differs = inner & ~alike & (np.maximum(of_a, of_b) > LEAST_ENERGY)
    soft = gaussian_filter(second.astype(np.float32), (0, 1.5, 1.5))
    moved = gaussian_filter(moved, (0, 1.5, 1.5))
    return np.array([_patch(*each) for each in zip(differs, moved, soft, inner, strict=True)])


def _patch(differs: np.ndarray, moved: np.ndarray, target: np.ndarray, inner: np.ndarray) -> float:
    from scipy.ndimage import binary_closing, binary_opening, label

    if not inner.any():
        return 0.0
    rest = np.zeros(inner.shape)
    rest[inner] = one_curve_rest(moved[inner] - 128.0, target[inner] - 128.0)
    spread = target[inner].std()
    off = np.abs(rest) > TONE_SHARE * spread + TONE_LEVELS
    far = np.abs(rest) > FAR_SHARE * spread + FAR_LEVELS
    # Unlike textures agree here and there by chance.
    closed = binary_closing(differs & off | far, np.ones((GAP, GAP)))
    numbers, count = label(binary_opening(closed, np.ones((THICK, THICK))))
    sizes = np.bincount(numbers.ravel(), minlength=2)[1:]
    return float(sizes.max() / inner.sum()) if count else 0.0
