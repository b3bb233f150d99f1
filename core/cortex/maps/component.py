"""The profile of a component."""

from __future__ import annotations

import numpy as np

from core import components
from core.components import METHODS, ComponentsRequest, ComponentsResult
from core.cortex.map import Choices, CortexMap, register
from core.datasets import Dataset, Reference
from core.errors import NotFoundError


def _result(ds: Dataset, method: str) -> ComponentsResult | None:
    """Components of region means as page Components has them at first."""
    if method not in METHODS or len(ds.regions) < 3:
        return None
    return components.load(ComponentsRequest(Reference.of(ds), method=method).key())


def choices(ds: Dataset) -> Choices:
    return [name for name in METHODS if _result(ds, name) is not None]


def details(ds: Dataset, choice: str) -> Choices:
    result = _result(ds, choice)
    count = 0 if result is None else result.components.k
    return [str(number) for number in range(1, count + 1)]


def values(ds: Dataset, choice: str, detail: str) -> np.ndarray:
    """The profile's value of the region that a unit is in; of the smallest, where several."""
    result = _result(ds, choice)
    if result is None:
        raise NotFoundError("There are no components of this recording", choices=choices(ds))
    profile = result.components.profiles[int(detail or 1) - 1]
    painted = np.full(ds.n_units, np.nan)
    named = sorted(zip(result.names, profile, strict=True), key=lambda p: -len(ds.rois[p[0]]))
    for region, value in named:
        painted[ds.rois[region]] = value
    return painted


register(
    CortexMap(
        "component",
        "Profile of a component",
        "The mean response of each region to one deviation of a component.",
        "",
        values,
        is_signed=True,
        unit="response",
        needs_choice="Method",
        choices=choices,
        needs_detail="Component",
        details=details,
        empty="Take the region means apart on page Components first.",
    )
)
