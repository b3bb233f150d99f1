"""Ranks of the right image among all, ties counted in full, and what follows from them."""

from __future__ import annotations

import numpy as np

from core.validation import row_blocks


def mean_ranks(similarity: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Rank of the right candidate of each query, 1 the most similar; ties get their mean rank.

    Parameters
    ----------
    similarity : np.ndarray of shape (q, m)
    right : np.ndarray of shape (q,), intp
        Column of the right candidate.

    Returns
    -------
    np.ndarray of shape (q,), float64
    """
    own = np.take_along_axis(similarity, right[:, None], axis=1)
    better = np.sum(similarity > own, axis=1)
    return 1.0 + better + (np.sum(similarity == own, axis=1) - 1) / 2.0


def two_way(ranks: np.ndarray, candidates: int | np.ndarray) -> np.ndarray:
    """Share of the other candidates that are less similar than the right one, ties half."""
    return (candidates - ranks) / (candidates - 1.0)


def standings(
    predicted: np.ndarray, candidates: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How many candidates are more similar to each query than a candidate, and how many equal.

    Similarities are rounded to single precision, so that equal embeddings tie wherever
    they stand.

    Parameters
    ----------
    predicted, candidates : np.ndarray of shapes (q, d) and (m, d)
        Unit rows.
    columns : np.ndarray of shape (s,), intp
        The candidates whose standing is sought.

    Returns
    -------
    better, equal : np.ndarray of shape (q, s), int32
        ``equal`` does not count the candidate itself.
    """
    better = np.empty((len(predicted), len(columns)), dtype=np.int32)
    equal = np.empty_like(better)
    for block in row_blocks(len(predicted), len(candidates)):
        similarity = (predicted[block] @ candidates.T).astype(np.float32)
        better[block], equal[block] = (part[:, columns] for part in places(similarity))
    return better, equal


def places(similarity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count, in each row, the larger values and the other equal ones. Two (q, m) int32."""
    order = np.argsort(-similarity, axis=1, kind="stable")
    ordered = np.take_along_axis(similarity, order, axis=1)
    place = np.arange(similarity.shape[1], dtype=np.int32)
    changes = ordered[:, 1:] != ordered[:, :-1]
    first, last = np.zeros((2, *similarity.shape), dtype=np.int32)
    first[:, 1:] = np.where(changes, place[1:], 0)
    np.maximum.accumulate(first, axis=1, out=first)
    last[:, -1] = place[-1]
    last[:, :-1] = np.where(changes, place[:-1], place[-1])
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    better, equal = np.empty_like(first), np.empty_like(first)
    np.put_along_axis(better, order, first, axis=1)
    np.put_along_axis(equal, order, last - first, axis=1)
    return better, equal


def top_k_credit(better: np.ndarray, equal: np.ndarray, k: int) -> np.ndarray:
    """Probability that the right one is among the k best when ties are broken at random."""
    return np.clip(k - better, 0, equal + 1) / (equal + 1.0)


def first_among(
    better: np.ndarray, equal: np.ndarray, candidates: int | np.ndarray, drawn: int
) -> np.ndarray:
    """Probability that the right one is first among ``drawn`` candidates, itself included.

    ``candidates`` is their number, or one for each column; where they are fewer than ``drawn``
    all are drawn.

    With g better ones among m candidates none of them may be among the n - 1 others drawn:
    C(m - 1 - g, n - 1) / C(m - 1, n - 1), the hypergeometric probability of 0. Ties are broken
    at random: the mean over g, g + 1, ... g + ties.
    """
    if np.size(candidates) > 1:
        every = np.broadcast_to(candidates, better.shape)[0]
        among = np.empty(better.shape)
        for count in np.unique(every):
            of_count = every == count
            among[:, of_count] = first_among(
                better[:, of_count], equal[:, of_count], int(count), drawn
            )
        return among
    candidates = int(np.max(candidates))
    drawn = min(drawn, candidates)
    others = np.arange(candidates - 1, dtype=np.float64)
    steps = np.maximum(candidates - others - drawn, 0.0) / (candidates - 1.0 - others)
    none_better = np.concatenate([[1.0], np.cumprod(steps)])
    total = np.concatenate([[0.0], np.cumsum(none_better)])
    among = (total[better + equal + 1] - total[better]) / (equal + 1.0)
    return np.where(equal == 0, none_better[better], among)
