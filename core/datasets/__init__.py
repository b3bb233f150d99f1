"""Recordings: the catalogue, the loaders, the download, and what a loaded one is."""

import importlib
import pkgutil

from core.datasets.catalogue import DATASETS, available, load
from core.datasets.dataset import Dataset, DatasetInfo

# A dataset is one file: importing it registers it.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["DATASETS", "Dataset", "DatasetInfo", "available", "load"]
