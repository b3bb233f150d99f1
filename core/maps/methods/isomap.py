"""Isomap: classical scaling of the shortest ways through the graph of neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.maps.linear import classical
from core.maps.method import METRIC, PCA_FIRST, Method, Placement, register
from core.maps.monitor import Monitor
from core.maps.space import Space, check_pairs
from core.registry import Parameter
from core.validation import row_blocks


def place(space: Space, values: dict[str, Any], monitor: Monitor, seed: int) -> Placement:
    check_pairs(space.size)
    monitor.stage(0.02, "Finding neighbours")
    if values["n_neighbours"] > space.size - 1:
        monitor.notes.append(
            f"{values['n_neighbours']} neighbours are too many for {space.size} points; "
            f"{space.size - 1} were taken."
        )
        values["n_neighbours"] = space.size - 1
    graph = _connected(space, values["n_neighbours"], monitor)
    ways = _shortest_ways(graph, monitor)
    monitor.stage(0.9, "Classical scaling")
    return Placement(classical(ways))


def _connected(space: Space, k: int, monitor: Monitor) -> Any:
    """The graph of neighbours; its parts joined by the shortest edge between each two."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    numbers, distances = space.nearest(k)
    rows = np.repeat(np.arange(space.size), k)
    ends = (rows, numbers.ravel())
    # csgraph takes a weight of 0 for a missing edge: equal points get the smallest number.
    lengths = np.maximum(distances.ravel(), np.finfo(np.float64).tiny)
    shape = (space.size, space.size)
    parts, part = connected_components(coo_array((lengths, ends), shape=shape), directed=False)
    if parts == 1:
        return coo_array((lengths, ends), shape=shape).tocsr()
    monitor.notes.append(
        f"The graph of {k} neighbours falls into {parts} parts, which were joined by the "
        "shortest edge between each two; more neighbours join them better."
    )
    bridges = _bridges(space, part, parts)
    joined = [np.concatenate(side) for side in zip((*ends, lengths), bridges, strict=True)]
    return coo_array((joined[2], (joined[0], joined[1])), shape=shape).tocsr()


def _bridges(
    space: Space, part: np.ndarray, parts: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    members = [np.flatnonzero(part == number) for number in range(parts)]
    bridges = []
    for i in range(parts):
        shortest = _shortest_to_all(space, members[i])
        for j in range(i + 1, parts):
            lengths = shortest[0][members[j]]
            at = members[j][int(lengths.argmin())]
            bridges.append((shortest[1][at], at, max(lengths.min(), np.finfo(np.float64).tiny)))
    return (
        np.array([start for start, _, _ in bridges]),
        np.array([end for _, end, _ in bridges]),
        np.array([length for _, _, length in bridges]),
    )


def _shortest_to_all(space: Space, members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance from every row to the nearest of some members, and which it is. Two (m,)."""
    lengths = np.full(space.size, np.inf)
    nearest = np.zeros(space.size, dtype=np.intp)
    for block, panel in space.panels(members):
        best = panel.argmin(axis=0)
        values = panel[best, np.arange(space.size)]
        closer = values < lengths
        lengths[closer] = values[closer]
        nearest[closer] = members[block][best[closer]]
    return lengths, nearest


def _shortest_ways(graph: Any, monitor: Monitor) -> np.ndarray:
    from scipy.sparse.csgraph import dijkstra

    m = graph.shape[0]
    ways = np.empty((m, m))
    for block in row_blocks(m, 10 * m):
        share = block.start / m
        monitor.stage(0.1 + 0.8 * share, f"Shortest ways from {block.start:,} of {m:,} points")
        ways[block] = dijkstra(graph, directed=False, indices=np.arange(block.start, block.stop))
    return ways


register(
    Method(
        "isomap",
        "Isomap",
        "Distances follow the neighbours, so a bent surface is drawn flat; a single wrong "
        "neighbour can fold it.",
        "Tenenbaum, de Silva & Langford (2000), Science 290:2319-2323",
        place,
        parameters=(
            Parameter(
                "n_neighbours",
                "Neighbours",
                10,
                "How many neighbours each point is joined to",
                minimum=1,
                maximum=200,
            ),
            METRIC,
            PCA_FIRST,
        ),
        slow_above=500,
        compares_pairs=lambda values, distances: True,
    )
)
