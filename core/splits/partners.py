"""Held-out rows with a partner among known rows: by a shared label, or by similarity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.progress import silent
from core.retrieval import Gallery, search
from core.splits.findings import Hits, joined
from core.vectors import has_direction, unit_rows

# Held rows are compared by so many, so that progress is told and a cancel is heard.
HELD_AT_ONCE = 1024
KNOWN_AT_ONCE = 4096
ROUNDING = 1e-6
LEAST = -1.0
# Rows of which every pair is compared for the typical similarity.
MOST_PAIRED = 1000


def sharing(
    fold: int, held: np.ndarray, known: np.ndarray, codes: np.ndarray, sets: np.ndarray
) -> Hits:
    """Held rows whose label some known row has too, each with the first such row.

    Parameters
    ----------
    fold : int
    held, known : int arrays of rows (a,), (b,)
    codes : np.ndarray of shape (n,), int
        Label of each row, -1 where unknown.
    sets : np.ndarray of shape (b,), object
        Set of each known row.
    """
    labelled = np.flatnonzero(codes[known] >= 0)
    labels, first = np.unique(codes[known][labelled], return_index=True)
    held = held[np.isin(codes[held], labels)]
    places = labelled[first[np.searchsorted(labels, codes[held])]]
    return Hits(np.full(len(held), fold), held, known[places], codes[held], sets[places])


def paired(
    fold: int,
    held: np.ndarray,
    known: np.ndarray,
    sets: np.ndarray,
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> Hits:
    """Held rows that stand in a pair with a known row, each with the partner of most value.

    ``pairs`` are two rows and a value each; the other arguments are those of ``sharing``.
    """
    rows = np.concatenate([pairs[0], pairs[1]])
    partners = np.concatenate([pairs[1], pairs[0]])
    values = np.concatenate([pairs[2], pairs[2]])
    here = np.isin(rows, held) & np.isin(partners, known)
    order = np.lexsort((-values[here], rows[here]))
    rows, partners, values = (each[here][order] for each in (rows, partners, values))
    rows, first = np.unique(rows, return_index=True)
    by_row = np.argsort(known)
    places = by_row[np.searchsorted(known[by_row], partners[first])]
    return Hits(np.full(len(rows), fold), rows, partners[first], values[first], sets[places])


def nearest_sharing(
    fold: int,
    held: np.ndarray,
    known: np.ndarray,
    codes: np.ndarray,
    sets: np.ndarray,
    features: np.ndarray,
) -> Hits:
    """Held rows whose label some known row has too, each with the most similar such row.

    As ``sharing``, but for held rows without a direction or without a partner that has one,
    which have no most similar row; all rows must be finite in ``features`` (n, d).
    """
    parts = [sharing(fold, held[:0], known, codes, sets)]
    for label in np.intersect1d(codes[held], codes[known][codes[known] >= 0]):
        among = codes[known] == label
        own = held[codes[held] == label]
        hits = resembling(fold, own, known[among], features, LEAST, sets[among], silent)
        parts.append(hits._replace(value=codes[hits.held]))
    hits = joined(parts)
    order = np.argsort(np.searchsorted(held, hits.held), kind="stable")
    return Hits(*(column[order] for column in hits))


def typical_similarity(features: np.ndarray, rows: np.ndarray, seed: int) -> float:
    """Median cosine similarity of two of the rows, from 0, by at most 1,000 of them.

    Under some encoders any two images resemble each other: the pixels of photographs, .92.
    """
    if len(rows) > MOST_PAIRED:
        rows = np.random.default_rng([seed, 4]).choice(rows, MOST_PAIRED, replace=False)
    directed = rows[has_direction(features[rows])]
    if len(directed) < 2:
        return 0.0
    unit = unit_rows(features[directed])
    pairs = (unit @ unit.T)[np.triu_indices(len(unit), 1)]
    return float(np.clip(np.median(pairs), 0.0, 1.0))


def resembling(
    fold: int,
    held: np.ndarray,
    known: np.ndarray,
    features: np.ndarray,
    near: float,
    sets: np.ndarray,
    tell: Callable[[float], None],
) -> Hits:
    """Held rows with a known row at a cosine similarity of ``near`` or more, and the nearest.

    By :func:`core.retrieval.search`, so exact and in blocks; a row without a direction
    resembles nothing. The held and known rows must be finite in ``features`` (n, d).
    """
    best = np.full(len(held), np.nan, dtype=np.float32)
    place = np.full(len(held), -1, dtype=np.intp)
    gallery = Gallery(features, rows=known)
    for start in range(0, len(held), HELD_AT_ONCE):
        block = slice(start, start + HELD_AT_ONCE)
        places, similarity = search(features[held[block]], gallery, 1, KNOWN_AT_ONCE, fewer=True)
        place[block], best[block] = places[:, 0], similarity[:, 0]
        tell(min(1.0, (start + HELD_AT_ONCE) / len(held)))
    hit = np.flatnonzero((place >= 0) & (best >= near - ROUNDING))
    hit = hit[np.argsort(-best[hit], kind="stable")]
    at = place[hit]
    return Hits(np.full(len(hit), fold), held[hit], known[at], best[hit].astype(float), sets[at])
