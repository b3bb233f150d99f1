"""The centroid of a cluster of images, painted on the regions."""

from __future__ import annotations

import numpy as np

from core import clusters
from core.clusters import Choice, ClustersRequest
from core.cortex.map import Choices, CortexMap, register
from core.datasets import Dataset
from core.errors import NotFoundError


def _choice(ds: Dataset) -> Choice | None:
    """The clusterings of region means as page Clusters has them at first."""
    if len(ds.regions) < 3:
        return None
    return clusters.load(ClustersRequest.of([ds]).key())


def choices(ds: Dataset) -> Choices:
    stored = _choice(ds)
    if stored is None:
        return []
    ks = sorted(stored.clusterings, key=lambda k: k != stored.shown)
    return list(map(str, ks))


def details(ds: Dataset, choice: str) -> Choices:
    return [str(number) for number in range(1, int(choice or 0) + 1)]


def values(ds: Dataset, choice: str, detail: str) -> np.ndarray:
    """The centroid's value of the region that a unit is in; of the smallest, where several."""
    stored = _choice(ds)
    if stored is None or not choice.isdigit() or int(choice) not in stored.clusterings:
        raise NotFoundError("There are no clusters of this recording", choices=choices(ds))
    centroid = stored.clusterings[int(choice)].centroids[int(detail or 1) - 1]
    result = np.full(ds.n_units, np.nan)
    by_size = sorted(
        zip(ds.regions, centroid, strict=True), key=lambda pair: -len(ds.rois[pair[0]])
    )
    for region, value in by_size:
        result[ds.rois[region]] = value
    return result


register(
    CortexMap(
        "cluster",
        "Centroid of a cluster",
        "What the images of a cluster have in common: the centroid of their region means.",
        "study D",
        values,
        is_signed=True,
        unit="centroid",
        needs_choice="Number of clusters",
        choices=choices,
        needs_detail="Cluster",
        details=details,
        empty="Cluster the region means on page Clusters first.",
    )
)
