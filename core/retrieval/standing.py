"""Where one row stands among a gallery: the rank of the image that was seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import InputError
from core.retrieval.cosine import groups, prepare, rows_at_once
from core.retrieval.gallery import Gallery, cosines
from core.vectors import has_direction


def standings(queries: Any, right: Any, gallery: Any) -> tuple[np.ndarray, np.ndarray]:
    """How many rows of a gallery are more similar to each query than its own right row.

    Exact, as :func:`core.retrieval.search`: near ones are scored again in double precision,
    and compared as float32. The mean rank of a right row that is in the gallery is
    ``better + (equal + 1) / 2``; of one that is not, ``better + equal / 2 + 1``.

    Parameters
    ----------
    queries : array_like of shape (q, d)
        Embeddings.
    right : array_like of shape (q, d)
        The embedding that is right for each query, like the rows of the gallery, in it or
        not; seen from the centre of the gallery, if that has one.
    gallery : Gallery, or array_like of shape (m, d)

    Returns
    -------
    better, equal : np.ndarray of shape (q,), intp
        Rows whose cosine with the query is above and equal to that of ``right``; a right row
        that is in the gallery equals itself. -1 where either has no direction.

    Raises
    ------
    InputError
        If the shapes do not fit.
    """
    queries, right = np.asarray(queries), np.asarray(right)
    prepared = prepare(queries, gallery)
    if right.shape != queries.shape or right.dtype.kind not in "biuf":
        raise InputError(
            f"The right rows have the shape {right.shape} and the dtype {right.dtype}",
            f"real numbers of the shape of the queries, {queries.shape}",
        )
    better, equal = np.full((2, len(queries)), -1, dtype=np.intp)
    for places, directions in groups(queries):
        images = prepared.directions(right[places])
        usable = has_direction(images)
        if usable.any():
            places, directions = places[usable], directions[usable]
            level = cosines(directions, images[usable])
            better[places], equal[places] = _counted(directions, level, prepared)
    return better, equal


def _counted(
    directions: np.ndarray, level: np.ndarray, gallery: Gallery
) -> tuple[np.ndarray, np.ndarray]:
    """Rows above and at a level (q,) of each query."""
    better, equal = np.zeros((2, len(level)), dtype=np.intp)
    low, high = level - np.float32(gallery.margin), level + np.float32(gallery.margin)
    for places, screened in gallery.screened(directions, rows_at_once(gallery, level)):
        above = screened > high[:, None]
        better += [np.count_nonzero(row) for row in above]
        near = (screened >= low[:, None]) ^ above
        asker, place = np.divmod(np.flatnonzero(near), len(places))
        exact = gallery.similarity(directions, asker, places[place])
        better += np.bincount(asker[exact > level[asker]], minlength=len(level))
        equal += np.bincount(asker[exact == level[asker]], minlength=len(level))
    return better, equal
