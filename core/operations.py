"""Operations that a job can run, by name; each is imported only when it is run.

An operation is a function ``(request: dict, progress, folder: Path) -> dict``. A lab
adds operations and datasets of its own in modules named by the environment variable
``NEUROGALLERY_PLUGINS`` (separated by commas), which register themselves on import.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

from core.errors import InputError
from core.registry import Registry

OPERATIONS: Registry[str] = Registry("operation")
OPERATIONS.register("rdm", "core.rdm.job:run")
OPERATIONS.register("ground_truth", "core.recovery.curves:run")
OPERATIONS.register("encode", "core.encoders.job:run")
OPERATIONS.register("map", "core.maps.job:run")
OPERATIONS.register("clusters", "core.clusters.job:run")
OPERATIONS.register("consistency", "core.clusters.consistency_job:run")
OPERATIONS.register("train", "core.decoders.training.train:run")
OPERATIONS.register("evaluate", "core.decoders.scoring.evaluation:run")
OPERATIONS.register("fetch", "core.datasets.fetch:run")
# What registers itself with something that other operations use.
EXTENSIONS = ("core.decoders.map_source",)


def resolve(name: str) -> Callable[..., dict[str, Any]]:
    """Give the function of an operation.

    Raises
    ------
    NotFoundError
        If there is no such operation.
    InputError
        If a plugin cannot be imported.
    """
    load_plugins()
    for extension in EXTENSIONS:
        importlib.import_module(extension)
    module, _, function = OPERATIONS[name].partition(":")
    operation: Callable[..., dict[str, Any]] = getattr(importlib.import_module(module), function)
    return operation


def load_plugins() -> None:
    """Import the modules that ``NEUROGALLERY_PLUGINS`` names.

    Raises
    ------
    InputError
        If one cannot be imported.
    """
    for name in os.environ.get("NEUROGALLERY_PLUGINS", "").split(","):
        if name.strip():
            _import_plugin(name.strip())


def _import_plugin(name: str) -> None:
    try:
        importlib.import_module(name)
    except Exception as error:  # a plugin is foreign code: whatever it raises is its message
        raise InputError(
            f"The plugin {name!r} of NEUROGALLERY_PLUGINS cannot be imported ({error})",
            "modules on the import path",
            "Add their folder to PYTHONPATH.",
        ) from None
