"""Which images may be copies of which: low frequencies of crops, mirrored and turned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from core.splits.copies.views import GREY

# A crop becomes CELLS x CELLS means, and those the FREQUENCIES lowest cosines each way.
CELLS, FREQUENCIES = 16, 8
# Share of an edge that a crop keeps, and in how many places it is tried along an edge.
KEPT = ((0.85, 3), (0.7, 5), (0.6, 5))
# Eight ways to lay a square: 1 mirrors left and right, 2 up and down, 4 exchanges the axes.
ORIENTATIONS = range(8)
# Weighted contrast below which a crop is plain and has no direction.
LEAST_CONTRAST = 30.0
# Views that are compared at once.
COLUMNS = 512


class Crop(NamedTuple):
    """Part of an image, in shares of its edges."""

    top: float
    left: float
    height: float
    width: float


class Candidate(NamedTuple):
    """Two views that may show one image.

    ``place`` (2, 3) float64 takes (y, x, 1) of the second, in shares of its edges, to the first.
    ``polarity`` is 1, and -1 where one seems to be the negative of the other.
    """

    first: int
    second: int
    place: np.ndarray
    polarity: int
    similarity: float


def crops() -> list[Crop]:
    """The whole, crops of both edges over the image, and crops of one edge."""
    listed = [Crop(0.0, 0.0, 1.0, 1.0)]
    for kept, places in KEPT:
        starts = np.linspace(0.0, 1.0 - kept, places)
        listed += [Crop(top, left, kept, kept) for top in starts for left in starts]
        for start in np.linspace(0.0, 1.0 - kept, 3):
            listed += [Crop(start, 0.0, kept, 1.0), Crop(0.0, start, 1.0, kept)]
    return listed


CROPS = crops()


def frequencies(grey: np.ndarray, crop: Crop) -> np.ndarray:
    """Cosine coefficients of a crop, weighted by their frequency. (n, 96, 96) -> (n, 8, 8).

    The spectrum of images falls with frequency; the weight gives each an equal part.
    """
    rows = (_cosines() @ _cells(crop.top, crop.height)).astype(np.float32)
    columns = (_cosines() @ _cells(crop.left, crop.width)).astype(np.float32)
    number = np.arange(FREQUENCIES)
    weights = np.hypot(number[:, None], number[None]).astype(np.float32)
    coefficients: np.ndarray = np.matmul(np.matmul(rows, grey), columns.T) * weights
    return coefficients


def descriptors(coefficients: np.ndarray) -> np.ndarray:
    """Unit rows of coefficients (..., 8, 8), 0 where a crop is plain. (..., 63) float32."""
    rows = coefficients.reshape(*coefficients.shape[:-2], -1)[..., 1:]
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    unit: np.ndarray = np.where(length > LEAST_CONTRAST, rows / np.maximum(length, 1e-9), 0.0)
    return unit.astype(np.float32)


def laid(coefficients: np.ndarray, orientation: int) -> np.ndarray:
    """Coefficients (..., 8, 8) of the square laid another way: signs and a transpose."""
    signs = (-1.0) ** np.arange(FREQUENCIES, dtype=np.float32)
    if orientation & 1:
        coefficients = coefficients * signs[None, :]
    if orientation & 2:
        coefficients = coefficients * signs[:, None]
    return np.swapaxes(coefficients, -1, -2) if orientation & 4 else coefficients


def placed(orientation: int, crop: Crop) -> np.ndarray:
    """Where a point of the crop so laid stands in the image. (2, 3), see ``Candidate``."""
    matrix = np.eye(3)
    if orientation & 4:
        matrix = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    if orientation & 2:
        matrix = np.array([[-1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) @ matrix
    if orientation & 1:
        matrix = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 1.0], [0.0, 0.0, 1.0]]) @ matrix
    scale = np.array([[crop.height, 0.0, crop.top], [0.0, crop.width, crop.left]])
    return scale @ matrix


def nearest(
    grey: np.ndarray, owner: np.ndarray, count: int, block: int = 64
) -> Iterator[list[Candidate]]:
    """For blocks of views, the views of other images that resemble one of their crops most.

    Parameters
    ----------
    grey : np.ndarray of shape (views, 96, 96), uint8
    owner : np.ndarray of shape (views,), int
        Image of each view; views of one image are not compared.
    count : int
        Candidates for each view.
    """
    whole = np.concatenate(
        [
            descriptors(frequencies(grey[start : start + block].astype(np.float32), CROPS[0]))
            for start in range(0, len(grey), block)
        ]
    )
    for start in range(0, len(grey), block):
        part = grey[start : start + block].astype(np.float32)
        coefficients = np.stack([frequencies(part, crop) for crop in CROPS], axis=1)
        variants = np.concatenate(
            [descriptors(laid(coefficients, way)) for way in ORIENTATIONS], axis=1
        )
        yield [
            candidate
            for place, of_view in enumerate(variants)
            for candidate in _of_view(start + place, of_view, whole, owner, count)
        ]


def _of_view(
    view: int, variants: np.ndarray, whole: np.ndarray, owner: np.ndarray, count: int
) -> list[Candidate]:
    value = np.empty(len(whole), dtype=np.float32)
    # So many that the products stay in the cache of the processor.
    for start in range(0, len(whole), COLUMNS):
        similarity = variants @ whole[start : start + COLUMNS].T
        value[start : start + COLUMNS] = np.maximum(similarity.max(axis=0), -similarity.min(axis=0))
    value[owner == owner[view]] = -1.0
    count = min(count, len(value))
    chosen = np.argpartition(-value, count - 1)[:count]
    similarity = variants @ whole[chosen].T
    best: np.ndarray = np.abs(similarity).argmax(axis=0)
    return [
        Candidate(
            view,
            int(other),
            placed(int(variant) // len(CROPS), CROPS[variant % len(CROPS)]),
            1 if similarity[variant, place] > 0 else -1,
            float(value[other]),
        )
        for place, (other, variant) in enumerate(zip(chosen, best, strict=True))
        if value[other] > 0
    ]


def _cells(start: float, share: float) -> np.ndarray:
    """Means over equal cells of a part of an edge. (16, 96)"""
    edges = np.linspace(start * GREY, (start + share) * GREY, CELLS + 1)[:, None]
    pixel = np.arange(GREY)[None]
    covered = np.minimum(edges[1:], pixel + 1) - np.maximum(edges[:-1], pixel)
    means: np.ndarray = np.clip(covered, 0, None) * CELLS / (share * GREY)
    return means


def _cosines() -> np.ndarray:
    """Orthonormal cosines of the lowest frequencies over the cells (DCT-II). (8, 16)"""
    angles = np.outer(np.arange(FREQUENCIES), np.arange(CELLS) + 0.5) * np.pi / CELLS
    cosines: np.ndarray = np.cos(angles) * np.sqrt(2 / CELLS)
    cosines[0] = np.sqrt(1 / CELLS)
    return cosines
