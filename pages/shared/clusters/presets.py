"""Published settings of the page Clusters."""

from __future__ import annotations

from core import clusters
from core.datasets import Dataset
from pages.shared.clusters.settings import FEWEST_REGIONS, has_regions, has_repeats
from pages.shared.frame import presets
from pages.shared.frame.presets import Preset, Settings, place_area


def _clusters_of_study_a(ds: Dataset) -> Settings:
    area = place_area(ds)
    return {"clusters.source": "map", "roi": [] if area is None else [area], "random_seed": 0}


def _clusters_of_study_d(ds: Dataset) -> Settings:
    rule = clusters.RULES["r2"].label
    return {
        "clusters.source": clusters.TRIALS if has_repeats(ds) else "regions",
        "metric": "correlation",
        "clusters.k": rule,
        "random_seed": 0,
    }


presets.register(
    Preset(
        "Study A: clusters",
        "k-means on that two-dimensional map, and how the sources spread over the clusters.",
        "clusters",
        _clusters_of_study_a,
        citation=presets.STUDY_A,
    ),
    Preset(
        "Study D: clusters",
        "Region means of every single trial (of every image, where each was shown once), "
        "correlation distance, and the smallest k where one more cluster adds less than .01 to R².",
        "clusters",
        _clusters_of_study_d,
        fits=has_regions,
        needs=f"{FEWEST_REGIONS + 1} or more regions that the recording names",
        citation=presets.STUDY_D,
    ),
)
