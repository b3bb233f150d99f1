"""Two thumbnails laid over each other: an affine place, refined by least squares."""

from __future__ import annotations

import numpy as np

# Standard deviations, in pixels, of the mean and of the contrast that are taken out.
MEAN_OVER, CONTRAST_OVER = 3.0, 4.0
# Contrast in grey levels that counts as half a contrast, and its part that follows the image.
FAINT, FAINT_SHARE = 3.0, 0.1
STEPS = 8
LARGEST_STEP = 0.05
STEADY = 1e-3


def local_contrast(grey: np.ndarray, size: int) -> np.ndarray:
    """Deviation from the mean around each pixel, by the contrast there.

    Takes out brightness, contrast and slow changes of both, so that every part of an image
    counts alike.

    Parameters
    ----------
    grey : np.ndarray of shape (n, 96, 96), uint8
    size : int
        Pixels of an edge, a divisor of 96.

    Returns
    -------
    np.ndarray of shape (n, size, size), float32
    """
    from scipy.ndimage import gaussian_filter

    step = grey.shape[1] // size
    means = grey.reshape(len(grey), size, step, size, step).mean(axis=(2, 4), dtype=np.float32)
    options = {"mode": "nearest", "truncate": 2.5}
    rest = means - gaussian_filter(means, (0, MEAN_OVER, MEAN_OVER), **options)
    square = gaussian_filter(rest * rest, (0, CONTRAST_OVER, CONTRAST_OVER), **options)
    faint = FAINT + FAINT_SHARE * means.std(axis=(1, 2), keepdims=True)
    contrast: np.ndarray = rest / (np.sqrt(np.maximum(square, 0)) + faint)
    return contrast.astype(np.float32)


def grid(size: int) -> np.ndarray:
    """Centres of pixels as (y, x, 1) in shares of the edges. (size * size, 3) float32"""
    centre = (np.arange(size) + 0.5) / size
    y, x = np.meshgrid(centre, centre, indexing="ij")
    return np.stack([y.ravel(), x.ravel(), np.ones(size * size)], axis=1).astype(np.float32)


def sampled(
    images: np.ndarray, places: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values at moved points between pixels (bilinear), with their slopes.

    Parameters
    ----------
    images : np.ndarray of shape (p, size, size), float32
    places : np.ndarray of shape (p, 2, 3)
        Where a point (y, x, 1) stands in the image.
    points : np.ndarray of shape (m, 3), float32

    Returns
    -------
    values : np.ndarray of shape (p, m)
    slopes : np.ndarray of shape (p, m, 2)
        Along y and x, per edge of the image.
    inside : np.ndarray of shape (p, m), bool
    """
    count, size = images.shape[:2]
    at = np.matmul(points[None], places.astype(np.float32).transpose(0, 2, 1)) * size - 0.5
    inside = ((at >= 0) & (at <= size - 1)).all(axis=2)
    at = np.clip(at, 0, size - 1.001)
    whole = at.astype(np.int32)
    down, right = (at - whole).transpose(2, 0, 1)
    first = (np.arange(count)[:, None] * size + whole[..., 0]) * size + whole[..., 1]
    flat = images.reshape(-1)
    a, b, c, d = (flat[first + step] for step in (0, 1, size, size + 1))
    values = (a * (1 - right) + b * right) * (1 - down) + (c * (1 - right) + d * right) * down
    along_y = ((c - a) * (1 - right) + (d - b) * right) * size
    along_x = ((b - a) * (1 - down) + (d - c) * down) * size
    return values, np.stack([along_y, along_x], axis=2), inside


def refined(first: np.ndarray, second: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Places that lay the first images over the second, from places near by. (p, 2, 3)

    Parameters
    ----------
    first, second : np.ndarray of shape (p, size, size), float32
        From ``local_contrast``.
    places : np.ndarray of shape (p, 2, 3)

    Source: Lucas & Kanade (1981), Proc. IJCAI, 674-679; the affine form of Baker & Matthews
    (2004), Int. J. Comput. Vis. 56:221-255, eq. 10.
    """
    places = np.array(places, dtype=np.float64)
    points = grid(first.shape[1])
    target = second.reshape(len(second), -1)
    steady = STEADY * len(points) * np.eye(6)
    for _ in range(STEPS):
        values, slopes, inside = sampled(first, places, points)
        slopes = slopes * inside[..., None]
        moved = np.concatenate([slopes[..., :1] * points, slopes[..., 1:] * points], axis=2)
        turned = moved.transpose(0, 2, 1)
        curvature = np.matmul(turned, moved) + steady
        gradient = np.matmul(turned, (target - values)[..., None])
        step = np.linalg.solve(curvature.astype(np.float64), gradient.astype(np.float64))
        places += np.clip(step, -LARGEST_STEP, LARGEST_STEP).reshape(-1, 2, 3)
    return places
