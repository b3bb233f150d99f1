"""What a map method declares, and the registry that the methods join when imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.maps.monitor import Monitor
from core.maps.space import METRICS, Space, check_pairs
from core.registry import Parameter, Registry

OF_FEATURES = ("metric", "pca")

METRIC = Parameter(
    "metric",
    "Distance",
    "euclidean",
    "How far two rows are apart; 'correlation' is 1 - Pearson r, 'cosine' 1 - cosine similarity",
    choices=METRICS,
)
PCA_FIRST = Parameter(
    "pca",
    "Principal components first",
    50,
    "Rows with more columns are first reduced to this many principal components; 0 leaves them",
    minimum=0,
    maximum=1000,
)


class Placement(NamedTuple):
    """Coordinates (m, 2) of the usable rows, and how many iterations ran."""

    coordinates: np.ndarray
    iterations: int = 0


Layout = Placement  # the name that methods written before import
Place = Callable[[Space, dict[str, Any], Monitor, int], Placement]


@dataclass(frozen=True)
class Method:
    """A registered way to draw a space in two dimensions.

    Attributes
    ----------
    id, label, note, citation : str
        ``note`` is one sentence that says what to read from such a map.
    place : callable
        ``place(space, values, monitor, seed) -> Placement``; it writes the values that it
        adjusted back into ``values``, and says so in ``monitor.notes``.
    parameters : tuple of Parameter
    takes_distances : bool
        Whether a matrix of distances is enough.
    slow_above : int
        Number of points above which it takes more than about a second.
    compares_pairs : callable
        ``compares_pairs(values, distances) -> bool``: whether it holds the distances between all
        points, and so takes ``space.MOST_FOR_MATRIX`` at most.
    """

    id: str
    label: str
    note: str
    citation: str
    place: Place
    parameters: tuple[Parameter, ...] = ()
    takes_distances: bool = True
    slow_above: int = 1_000_000
    compares_pairs: Callable[[Mapping[str, Any], bool], bool] = lambda values, distances: False

    def check_points(
        self, count: int, parameters: Mapping[str, Any], distances: bool = False
    ) -> None:
        """Raise InputError, before anything is read, where there are too many points."""
        if self.compares_pairs({METRIC.name: METRIC.default, **parameters}, distances):
            check_pairs(count)

    def parameters_for(self, distances: bool = False) -> tuple[Parameter, ...]:
        """The parameters that apply; a matrix of distances has its metric already."""
        return tuple(p for p in self.parameters if not (distances and p.name in OF_FEATURES))

    def check(self, parameters: Mapping[str, Any], distances: bool = False) -> dict[str, Any]:
        """Give every parameter its checked value, the default where the caller sets none.

        Raises
        ------
        InputError
            If the method takes no distances, or a parameter is unknown or out of range.
        """
        if distances and not self.takes_distances:
            raise InputError(
                f"{self.label} was to map a matrix of distances",
                "features",
                "Choose 'mds', which gives the same map from distances.",
            )
        declared = {parameter.name: parameter for parameter in self.parameters_for(distances)}
        for name in parameters:
            if name not in declared:
                problem = f"{self.id} has no parameter {name!r}"
                if distances and name in OF_FEATURES:
                    problem += " for a matrix of distances"
                raise InputError(problem, choices=declared or ["none"])
        return {
            name: item.check(parameters.get(name, item.default)) for name, item in declared.items()
        }


METHODS: Registry[Method] = Registry("map method")


def register(method: Method) -> None:
    """Add a method; each module below ``methods`` calls this when imported."""
    METHODS.register(method.id, method)
