"""Principal component analysis."""

from __future__ import annotations

from typing import Any

from core.maps.linear import principal
from core.maps.method import Method, Placement, register
from core.maps.monitor import Monitor
from core.maps.space import FeatureSpace, Space


def place(space: Space, values: dict[str, Any], monitor: Monitor, seed: int) -> Placement:
    """Scores on the first two principal axes, in the units of the features."""
    assert isinstance(space, FeatureSpace)
    components = principal(space.rows, 2)
    first, second = 100.0 * components.shares
    monitor.notes.append(f"The axes hold {first:.1f} % and {second:.1f} % of the variance.")
    return Placement(components.scores)


register(
    Method(
        "pca",
        "PCA",
        "Linear: distances on the map are never larger than in the space, and what the two "
        "axes leave out is invisible.",
        "Pearson (1901), Philos. Mag. 2:559-572; Hotelling (1933), J. Educ. Psychol. 24",
        place,
        takes_distances=False,
        slow_above=10_000,  # measuring how faithful it is takes the time
    )
)
