"""Held-out rows with a partner among known rows: by a shared label, or by similarity."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from core.splits.findings import Hits, joined
from core.splits.pool import directions

# A block of similarities is 16 MB, a block of features 32 MB, however many images there are.
HELD_AT_ONCE = 1024
KNOWN_AT_ONCE = 4096
ELEMENTS_AT_ONCE = 8_000_000
ROUNDING = 1e-6
LEAST = -1.0


def sharing(
    fold: int, held: np.ndarray, known: np.ndarray, codes: np.ndarray, sides: np.ndarray
) -> Hits:
    """Held rows whose label some known row has too, each with the first such row.

    Parameters
    ----------
    fold : int
    held, known : int arrays of rows (a,), (b,)
    codes : np.ndarray of shape (n,), int
        Label of each row, -1 where unknown.
    sides : np.ndarray of shape (b,), object
        Side of each known row.
    """
    labelled = np.flatnonzero(codes[known] >= 0)
    labels, first = np.unique(codes[known][labelled], return_index=True)
    held = held[np.isin(codes[held], labels)]
    places = labelled[first[np.searchsorted(labels, codes[held])]]
    return Hits(np.full(len(held), fold), held, known[places], codes[held], sides[places])


def nearest_sharing(
    fold: int,
    held: np.ndarray,
    known: np.ndarray,
    codes: np.ndarray,
    sides: np.ndarray,
    features: np.ndarray,
) -> Hits:
    """Held rows whose label some known row has too, each with the most similar such row.

    As ``sharing``; all rows must be finite in ``features`` (n, d).
    """
    parts = [sharing(fold, held[:0], known, codes, sides)]
    for label in np.intersect1d(codes[held], codes[known][codes[known] >= 0]):
        among = codes[known] == label
        own = held[codes[held] == label]
        found = resembling(
            fold, own, known[among], features, LEAST, sides[among], lambda done: None
        )
        parts.append(found._replace(value=codes[found.held]))
    hits = joined(parts)
    order = np.argsort(np.searchsorted(held, hits.held), kind="stable")
    return Hits(*(column[order] for column in hits))


def resembling(
    fold: int,
    held: np.ndarray,
    known: np.ndarray,
    features: np.ndarray,
    near: float,
    sides: np.ndarray,
    tell: Callable[[float], None],
) -> Hits:
    """Held rows with a known row at a cosine similarity of ``near`` or more, and the nearest.

    Exact; similarities are computed in blocks, so memory does not grow with the rows. The
    held and known rows must be finite in ``features`` (n, d).
    """
    best = np.full(len(held), -2.0, dtype=np.float32)
    place = np.zeros(len(held), dtype=np.intp)
    blocks = list(_blocks(len(held), HELD_AT_ONCE, features.shape[1]))
    for number, block in enumerate(blocks):
        sought = directions(features, held[block])
        for part in _blocks(len(known), KNOWN_AT_ONCE, features.shape[1]):
            similarity = sought @ directions(features, known[part]).T
            top = similarity.argmax(axis=1)
            value = similarity[np.arange(len(top)), top]
            better = value > best[block]
            place[block] = np.where(better, top + part.start, place[block])
            best[block] = np.where(better, value, best[block])
        tell((number + 1) / len(blocks))
    hit = np.flatnonzero(best >= near - ROUNDING)
    hit = hit[np.argsort(-best[hit], kind="stable")]
    at = place[hit]
    cosine = np.minimum(best[hit].astype(np.float64), 1.0)
    return Hits(np.full(len(hit), fold), held[hit], known[at], cosine, sides[at])


def _blocks(count: int, most: int, columns: int) -> Iterator[slice]:
    step = max(1, min(most, ELEMENTS_AT_ONCE // max(1, columns)))
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))
