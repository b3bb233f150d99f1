"""Draw a space in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import InputError
from core.maps.measures import MOST_QUERIES, Quality, quality_of
from core.maps.method import METHODS
from core.maps.monitor import Monitor, Watch
from core.maps.space import Space, check_differ, open_space
from core.progress import Progress

# A cancelled job has a few seconds to keep what it has.
QUERIES_OF_PARTIAL = 500


@dataclass(frozen=True)
class Map:
    """A space drawn in two dimensions.

    Attributes
    ----------
    coordinates : np.ndarray of shape (n, 2), float32
        Row i is row i of the features, NaN where it was left out; centred.
    method : str
        An id of ``METHODS``.
    parameters : dict
        The values used, after the adjustments that ``notes`` names.
    seed : int
    trustworthiness : float
        1 where every neighbour on the map is one in the space, about .5 for a random map;
        NaN where it was not measured.
    neighbourhood_preservation : float
        Share of the nearest neighbours in the space that are nearest on the map (kNN
        preservation).
    neighbours, queries : int
        How many neighbours both count (10, fewer for few points), and of how many points.
    left_out : int
        Rows without coordinates.
    iterations : int
        How many ran; 0 for methods without.
    partial : bool
        Whether it was stopped before its end.
    notes : tuple of str
        What was adjusted or should be known, for the reader.
    """

    coordinates: np.ndarray
    method: str
    parameters: dict[str, Any]
    seed: int
    trustworthiness: float
    neighbourhood_preservation: float
    neighbours: int
    queries: int
    left_out: int
    iterations: int
    partial: bool
    notes: tuple[str, ...]

    @property
    def kept_neighbours(self) -> float:
        """The name that the contract has for ``neighbourhood_preservation``."""
        return self.neighbourhood_preservation

    @property
    def missing(self) -> np.ndarray:
        """Rows that were left out. (n,) bool."""
        return np.isnan(self.coordinates[:, 0])


def embed(
    features: Any,
    method: str = "tsne",
    seed: int = 0,
    distances: bool = False,
    progress: Progress | None = None,
    quality: bool = True,
    keep_partial: bool = False,
    watch: Watch | None = None,
    **parameters: Any,
) -> Map:
    """Draw rows of features, or the distances between them, in two dimensions.

    Parameters
    ----------
    features : array_like of shape (n, d), or (n, n) with ``distances``
        Rows that are NaN throughout are missing: their coordinates are NaN. Rows without
        a direction (constant under 'correlation', zero under 'cosine') are left out too.
    method : str
        An id of ``METHODS``: 'pca', 'tsne', 'umap', 'isomap', 'mds' or 'mds_metric'.
    seed : int
        The same seed gives the same map.
    distances : bool
        Whether ``features`` is a symmetric matrix of distances, such as an RDM.
    progress : callable, optional
        ``progress(fraction, message)``; may raise ``Cancelled``.
    quality : bool
        Whether to measure trustworthiness and neighbourhood preservation.
    keep_partial : bool
        Whether a cancel during the iterations gives the map so far, with ``partial`` set,
        instead of raising. Before the first iteration it always raises.
    watch : callable, optional
        Called with the coordinates (n, 2) so far, many times for methods that iterate.
    **parameters
        Parameters that the method declares.

    Returns
    -------
    Map

    Raises
    ------
    NotFoundError
        If there is no such method.
    InputError
        If a parameter or the array does not fit, fewer than three rows are usable, all
        are the same, or a method that compares every pair is given too many.
    Cancelled
        From ``progress``, see ``keep_partial``.
    """
    chosen = METHODS[method]
    values = chosen.check(parameters, distances)
    seed = _checked_seed(seed)
    notes: list[str] = []
    space = open_space(features, distances, values.get("metric", "euclidean"), notes)
    check_differ(space)
    monitor = Monitor(progress, _whole(watch, space), keep_partial)
    monitor.notes = notes
    placement = chosen.place(_reduced(space, values, monitor), values, monitor, seed)
    coordinates = placement.coordinates - placement.coordinates.mean(axis=0)
    measured = Quality.unknown()
    if quality:
        monitor.last_stage(0.95, "Measuring how faithful the map is")
        most = QUERIES_OF_PARTIAL if monitor.stopped else MOST_QUERIES
        measured = quality_of(space, coordinates, most=most)
    return Map(
        coordinates=_expanded(coordinates, space),
        method=method,
        parameters=values,
        seed=seed,
        trustworthiness=measured.trustworthiness,
        neighbourhood_preservation=measured.neighbourhood_preservation,
        neighbours=measured.neighbours,
        queries=measured.queries,
        left_out=space.total - space.size,
        iterations=placement.iterations,
        partial=monitor.stopped,
        notes=tuple(notes),
    )


def warm_up() -> None:
    """Compile UMAP's functions, once on a machine: numba keeps them on disk.

    Call it in a process of its own, never in a thread of a server: numba's simplest
    threading layer ends the process where two threads enter it at once.
    """
    rows = np.random.default_rng(0).standard_normal((40, 4))
    embed(rows, "umap", quality=False, epochs=2)


def _reduced(space: Space, values: dict[str, Any], monitor: Monitor) -> Space:
    if "pca" not in values:
        return space
    monitor.stage(0.0, "Principal components")
    reduced = space.reduced(values["pca"])
    if reduced is not space:
        monitor.notes.append(f"The rows were first reduced to {values['pca']} components by PCA.")
    return reduced


def _whole(watch: Watch | None, space: Space) -> Watch | None:
    """Show the evolving map with its missing rows."""
    if watch is None:
        return None
    show = watch
    return lambda coordinates: show(_expanded(coordinates, space))


def _expanded(coordinates: np.ndarray, space: Space) -> np.ndarray:
    whole = np.full((space.total, 2), np.nan, dtype=np.float32)
    whole[space.usable] = coordinates
    return whole


def _checked_seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise InputError(f"The seed is {seed!r}", "a whole number from 0 to 4294967295")
    return int(seed)
