"""Pairs of stimuli that show one image, altered."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np

from core.datasets import Dataset
from core.progress import Progress, portion
from core.splits.copies import agreement, alignment
from core.splits.copies.candidates import Candidate, nearest
from core.splits.copies.patches import largest_patch
from core.splits.copies.plainness import equal_as_they_stand, is_simple
from core.splits.copies.views import View, views_of

# More are not compared: pairs grow with the square.
MOST_IMAGES = 20_000
AT_ONCE = 64
MOST_THREADS = 8
CANDIDATES = 4
# Correlation of detail below which a pair is dropped, at each size of the thumbnail.
SIZES = ((24, 0.5), (48, 0.55), (96, 0.6))
# Of a copy: correlation of detail, share of pixels of one tone and colour, and their sum. Set
# between copies altered in 37 ways and the most alike images of one artist; see docs/reference.md.
LEAST_COVERED = 0.85  # of one of the two: the same object elsewhere in another scene is no copy
LEAST_DETAIL, LEAST_TONE, LEAST_SUM = 0.7, 0.85, 1.735
# Share of the overlap from which a patch is another object on the same ground.
LARGEST_PATCH = 0.006


class Copies(NamedTuple):
    """Pairs of rows that show one image.

    Attributes
    ----------
    first, second : np.ndarray of shape (p,), intp
        ``first`` is the smaller row; each pair once.
    agreement : np.ndarray of shape (p,), float64
        Correlation of detail where the two overlap, 1 for equal images.
    compared : np.ndarray of shape (m,), intp
        Rows whose images were read.
    """

    first: np.ndarray
    second: np.ndarray
    agreement: np.ndarray
    compared: np.ndarray


def find_copies(ds: Dataset, rows: np.ndarray, tell: Progress) -> Copies:
    """Pairs of stimuli whose images are one image, altered.

    Each image is a thumbnail, whole and without a plain border. Low frequencies of its
    crops, in eight orientations and as negatives, are compared with those of every other image;
    the most similar are laid over each other and compared in detail, in tone and in colour. So
    found are copies that were encoded again, resized, stretched, cropped to 60 % of an edge,
    mirrored, turned by quarters and by a few degrees, made brighter or darker, of other
    contrast, gamma or saturation, grey, inverted, with red and blue exchanged, blurred, framed,
    or with small writing on them. A patch of other detail and tone is another object on the same
    ground, and no copy. Of images of few tones or details (words, gratings, bars, shapes) only
    those that are equal as they stand are copies, brighter or of other contrast where they have
    more than two tones: altered otherwise, they are other stimuli.

    Parameters
    ----------
    ds : Dataset
        With images.
    rows : np.ndarray of shape (m,), int
    tell : callable
        Called with (fraction, message); may raise ``Cancelled``.

    Returns
    -------
    Copies
    """
    views, owner, compared = _read(ds, rows, portion(tell, 0.0, 0.3))
    if not views:
        none = np.empty(0, dtype=np.intp)
        return Copies(none, none, np.empty(0), compared)
    grey = np.stack([view.grey for view in views])
    coloured = np.stack([view.coloured for view in views])
    candidates = _likeliest(grey, owner, portion(tell, 0.3, 0.6))
    best: dict[tuple[int, int], float] = {}
    for each, value in _confirmed(candidates, grey, coloured, owner, portion(tell, 0.6, 1.0)):
        pair = _pair(each, owner)
        best[pair] = max(value, best.get(pair, value))
    pairs = np.array(sorted(best), dtype=np.intp).reshape(-1, 2)
    agreements = np.array([best[pair] for pair in sorted(best)])
    return Copies(pairs[:, 0], pairs[:, 1], agreements, compared)


def _likeliest(grey: np.ndarray, owner: np.ndarray, tell: Progress) -> list[Candidate]:
    """Of every pair of views that may show one image, the more similar way round."""
    best: dict[tuple[int, int], Candidate] = {}
    for number, block in enumerate(nearest(grey, owner, CANDIDATES, AT_ONCE)):
        for each in block:
            views = (min(each.first, each.second), max(each.first, each.second))
            if views not in best or each.similarity > best[views].similarity:
                best[views] = each
        tell(min(1.0, (number + 1) * AT_ONCE / len(grey)), "Looking for altered copies")
    return list(best.values())


def _pair(candidate: Candidate, owner: np.ndarray) -> tuple[int, int]:
    first, second = sorted((int(owner[candidate.first]), int(owner[candidate.second])))
    return first, second


class Measures(NamedTuple):
    """How far candidates agree, each (p,); -1 where they were dropped on the way.

    ``detail`` is a correlation, ``tone`` a share of pixels, ``patch`` the share of the largest
    patch that differs.
    """

    detail: np.ndarray
    tone: np.ndarray
    patch: np.ndarray

    @property
    def of_one_image(self) -> np.ndarray:
        """Mark the candidates that show one image. (p,) bool"""
        enough = (self.detail >= LEAST_DETAIL) & (self.tone >= LEAST_TONE)
        both = self.detail + self.tone >= LEAST_SUM
        marked: np.ndarray = enough & both & (self.patch <= LARGEST_PATCH)
        return marked


def measured(candidates: Sequence[Candidate], grey: np.ndarray, coloured: np.ndarray) -> Measures:
    """Lay candidates over each other and measure how far they agree."""
    measures = Measures(*np.full((3, len(candidates)), -1.0))
    if not candidates:
        return measures
    first = np.array([each.first for each in candidates])
    second = np.array([each.second for each in candidates])
    places = np.stack([each.place for each in candidates])
    polarity = np.array([each.polarity for each in candidates], dtype=np.float32)
    left = np.arange(len(candidates))
    for size, least in SIZES:
        left_images, right_images = (
            alignment.local_contrast(grey[part[left]], size) for part in (first, second)
        )
        left_images *= polarity[left, None, None]
        places[left] = alignment.refined(left_images, right_images, places[left])
        agreeing = agreement.overlap(left_images, right_images, places[left])
        left = left[(agreeing >= least) & (agreement.covered(places[left]) >= LEAST_COVERED)]
        if not len(left):
            return measures
    pairs = (grey[first[left]], grey[second[left]], places[left])
    measures.detail[left] = agreement.detail(*pairs) * polarity[left]
    measures.tone[left] = agreement.tone(
        coloured[first[left]], coloured[second[left]], places[left], polarity[left]
    )
    measures.patch[left] = largest_patch(*pairs, polarity[left])
    return measures


def _confirmed(
    candidates: Sequence[Candidate],
    grey: np.ndarray,
    coloured: np.ndarray,
    owner: np.ndarray,
    tell: Progress,
) -> Iterator[tuple[Candidate, float]]:
    """Candidates that are copies, with their agreement."""
    # The first view of an image is the whole of it.
    whole = np.diff(owner, prepend=-1) != 0
    for start in range(0, len(candidates), AT_ONCE):
        part = candidates[start : start + AT_ONCE]
        measures = measured(part, grey, coloured)
        for place in np.flatnonzero(measures.of_one_image).tolist():
            views = [part[place].first, part[place].second]
            equal = whole[views].all() and equal_as_they_stand(grey[views], coloured[views])
            if equal or not is_simple(grey[views]).any():
                yield part[place], float(measures.detail[place])
        tell(min(1.0, (start + AT_ONCE) / len(candidates)), "Comparing images that are alike")


def _read(
    ds: Dataset, rows: np.ndarray, tell: Progress
) -> tuple[list[View], np.ndarray, np.ndarray]:
    """Views of the images that can be read, the row of each, and those rows."""
    ids = ds.stimuli["id"].to_numpy(dtype=object)
    views: list[View] = []
    owner: list[int] = []
    threads = max(2, min(MOST_THREADS, os.cpu_count() or 1))
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(rows), AT_ONCE):
            chosen = rows[start : start + AT_ONCE]
            for row, each in zip(chosen, pool.map(partial(_views, ds), ids[chosen]), strict=True):
                views += each
                owner += [int(row)] * len(each)
            done = start + len(chosen)
            tell(done / len(rows), f"Reading images: {done:,} of {len(rows):,}")
    return views, np.array(owner, dtype=np.intp), np.unique(np.array(owner, dtype=np.intp))


def _views(ds: Dataset, stimulus: str) -> list[View]:
    try:
        return views_of(ds.image(stimulus))
    except MemoryError:
        raise
    except Exception:  # decoders of foreign files raise whatever they like
        return []
