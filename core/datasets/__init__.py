"""Recordings: the catalogue, the loaders, the download, and what a loaded one is."""

import core.datasets.recordings  # noqa: F401  (each recording registers itself)
from core.datasets.catalogue import DATASETS, available, load, load_with
from core.datasets.dataset import Dataset, DatasetInfo
from core.datasets.reference import Reference
from core.datasets.units import unit_table

__all__ = [
    "DATASETS",
    "Dataset",
    "DatasetInfo",
    "Reference",
    "available",
    "load",
    "load_with",
    "unit_table",
]
