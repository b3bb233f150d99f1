"""Orders of the stimuli in an RDM: one permutation for matrix, labels and images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.memory import check_memory
from core.rdm.compute import undefined
from core.registry import Registry


class Block(NamedTuple):
    """A run of neighbours in display order that share a category."""

    start: int
    stop: int
    label: str


@dataclass(frozen=True)
class Order:
    """A way to arrange the stimuli.

    Attributes
    ----------
    id, label : str
    arrange : callable
        (stimuli, matrix) -> permutation (n,) int: row of the stimulus at each position.
    slow_above : int
        Number of stimuli above which arranging takes more than about a second.
    """

    id: str
    label: str
    arrange: Callable[[pd.DataFrame, np.ndarray], np.ndarray]
    slow_above: int = 1_000_000


def blocks(stimuli: pd.DataFrame, permutation: np.ndarray, column: str = "category") -> list[Block]:
    """Category blocks in display order; empty where there is no category or no grouping."""
    names = stimuli[column].astype(str).to_numpy()[permutation]
    edges = np.flatnonzero(np.r_[True, names[1:] != names[:-1], True])
    runs = [Block(int(a), int(b), names[a]) for a, b in pairwise(edges)]
    grouped = len(runs) == len(set(names)) and any(run.label for run in runs)
    return runs if grouped and len(runs) > 1 else []


def _original(stimuli: pd.DataFrame, matrix: np.ndarray) -> np.ndarray:
    return np.arange(len(stimuli))


def _by_category(stimuli: pd.DataFrame, matrix: np.ndarray) -> np.ndarray:
    """Supercategories and categories in the order of their first appearance."""
    first = [pd.factorize(stimuli[column])[0] for column in ("supercategory", "category")]
    return np.lexsort((np.arange(len(stimuli)), first[1], first[0]))


def _hierarchical(stimuli: pd.DataFrame, matrix: np.ndarray) -> np.ndarray:
    """Leaves of average linkage; undefined rows last; leaves optimally ordered up to 500."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    what = f"Clustering {len(matrix):,} stimuli for their order"
    check_memory(12.0 * len(matrix) ** 2, what, "Choose another order, or take fewer stimuli.")
    last = undefined(matrix)
    kept = np.setdiff1d(np.arange(len(matrix)), last)
    if len(kept) < 3:
        return np.r_[kept, last]
    condensed = squareform(matrix[np.ix_(kept, kept)], checks=False).astype(np.float64)
    condensed = np.nan_to_num(condensed, nan=float(np.nanmean(condensed)))
    condensed -= min(0.0, condensed.min())
    tree = linkage(condensed, "average", optimal_ordering=len(kept) <= 500)
    return np.r_[kept[leaves_list(tree)], last]


ORDERS: Registry[Order] = Registry("order")
for _order in (
    Order("original", "as recorded", _original),
    Order("category", "by category", _by_category),
    Order("hierarchical", "by hierarchical clustering", _hierarchical, slow_above=2500),
):
    ORDERS.register(_order.id, _order)
