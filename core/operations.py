"""Operations that a job can run, by name; each is imported only when it is run.

A lab adds operations and datasets of its own in modules named by the environment variable
``NEUROGALLERY_PLUGINS`` (separated by commas), which register themselves on import.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import __version__
from core.errors import InputError
from core.progress import Progress
from core.registry import Registry

Function = Callable[[dict[str, Any], Progress, Path], dict[str, Any]]
# What the reader is told of no request: ids of content, long lists, options that are usual.
UNTOLD = ("fingerprint", "stimuli", "options", "config")


@dataclass(frozen=True)
class Operation:
    """A registered operation.

    Attributes
    ----------
    function : str
        'module:function'; the function takes a request, a progress callback and the folder
        of the job, and gives JSON values.
    label : str
        What page Jobs calls it.
    request : str
        Class of its request, a ``core.jobs.Request`` in the same module; '' where the function
        takes the JSON values as they are.
    fields : tuple of str or None
        Fields of the request that page Jobs shows where they say something; every one for
        None. Options of the recording are shown where they differ from their defaults.
    usual : mapping
        Values of fields that say nothing.
    """

    function: str
    label: str
    request: str = ""
    fields: tuple[str, ...] | None = None
    usual: Mapping[str, Any] = field(default_factory=dict)

    def open(self) -> Function:
        """Import the function, as one of the JSON values of the request."""
        name, _, function = self.function.partition(":")
        module = importlib.import_module(name)
        run: Callable[[Any, Progress, Path], dict[str, Any]] = getattr(module, function)
        if not self.request:
            return run
        read = getattr(module, self.request).from_json
        return lambda values, progress, folder: run(read(values), progress, folder)

    def describe(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What a request says to the reader, by field; ``values`` are its JSON values."""
        names = [name for name in self.fields or values if name not in UNTOLD]
        telling = {
            name: values[name]
            for name in names
            if values.get(name) and values[name] != self.usual.get(name)
        }
        if isinstance(telling.get("parameters"), Mapping):
            telling |= telling.pop("parameters")
        return telling | _changed_options(values)


# An operation that was registered before they had labels is 'module:function' alone.
OPERATIONS: Registry[Operation | str] = Registry("operation")
RECORDING = ("dataset", "subject")
for _name, _operation in {
    "rdm": Operation(
        "core.rdm.job:run",
        "RDM",
        "RdmRequest",
        (*RECORDING, "rois", "metric", "noise", "order"),
        {"noise": "none", "order": "original"},
    ),
    "ground_truth": Operation(
        "core.recovery.job:run", "Ground truth", "RecoveryRequest", ("roi", "metric")
    ),
    "encode": Operation(
        "core.encoders.job:run",
        "Embeddings",
        "EncodeRequest",
        (*RECORDING, "encoder", "which", "parameters"),
    ),
    "gallery": Operation("core.galleries.job:run", "Embeddings of a gallery", "GalleryRequest"),
    # Each source of a map has fields of its own.
    "map": Operation("core.maps.job:run", "Map", "MapRequest"),
    "clusters": Operation(
        "core.clusters.job:run",
        "Clusters",
        "ClustersRequest",
        (*RECORDING, "subjects", "roi", "source", "metric", "seed"),
    ),
    "consistency": Operation(
        "core.clusters.consistency_job:run",
        "Reproducibility of clusters",
        "ConsistencyRequest",
        (*RECORDING, "subjects", "roi", "source", "metric", "seed", "across", "k", "ks"),
    ),
    "train": Operation(
        "core.decoders.job:run_training", "Decoder", "TrainRequest", ("dataset", "head")
    ),
    "score": Operation(
        "core.decoders.job:run_scored",
        "Decoder of a sweep",
        "ScoreRequest",
        ("dataset", "head", "seed"),
    ),
    "audit": Operation(
        "core.decoders.job:run_audit", "Audit of a split", "AuditRequest", ("dataset",)
    ),
    "evaluate": Operation(
        "core.decoders.job:run_evaluation",
        "Scores of a decoder",
        "EvaluateRequest",
        ("run", "head", "dataset", "prototypes"),
    ),
    "folds": Operation(
        "core.decoders.folds_job:run", "Scores of all folds", "FoldsRequest", ("dataset", "head")
    ),
    "ablation": Operation(
        "core.ablations.job:run", "Ablation", "AblationRequest", ("dataset", "head", "subjects")
    ),
    "generalisation": Operation(
        "core.generalisation.job:run",
        "One decoder under several splits",
        "GeneralisationRequest",
        ("dataset", "head"),
    ),
    "ensemble": Operation(
        "core.ensembles.job:run", "Average of decoders", "EnsembleRequest", ("dataset", "runs")
    ),
    "zero_shot": Operation(
        "core.zero_shot.job:run",
        "Zero-shot classification",
        "ZeroShotRequest",
        ("run", "head", "dataset", "prototypes", "prompts"),
    ),
    "trust": Operation(
        "core.trust.job:run", "Checks of a score", "TrustRequest", ("run", "head", "dataset")
    ),
    "dissimilarity": Operation(
        "core.dissimilarity.job:run",
        "Dissimilarity of pairs",
        "DissimilarityRequest",
        (*RECORDING, "subjects", "rois", "metrics", "embeddings", "splits"),
    ),
    "encoding": Operation(
        "core.encoding.job:run",
        "Encoding models",
        "EncodingRequest",
        (*RECORDING, "models", "rois", "split", "inner", "seed"),
        {"split": "recorded", "inner": "5 folds"},
    ),
    "information": Operation(
        "core.encoding.information:run",
        "Decoding by region",
        "InformationRequest",
        (*RECORDING, "models", "rois", "split", "seed"),
        {"split": "recorded"},
    ),
    "cortex": Operation(
        "core.cortex.job:run",
        "Map of the cortex",
        "CortexRequest",
        (*RECORDING, "map", "choice", "detail"),
    ),
    "components": Operation(
        "core.components.job:run",
        "Components",
        "ComponentsRequest",
        (*RECORDING, "source", "rois", "method", "k", "seed"),
        {"source": "regions"},
    ),
    "compare": Operation(
        "core.rsa.job:run",
        "Comparison of RDMs",
        "CompareRequest",
        (*RECORDING, "metric", "method", "resample", "most_stimuli", "seed"),
    ),
    "open": Operation(
        "core.datasets.releases.job:run", "First opening of a recording", "OpenRequest", RECORDING
    ),
    "fetch": Operation(
        "core.datasets.download.job:run",
        "Download",
        "FetchRequest",
        ("name", "source", "subjects", "parts"),
    ),
    "export": Operation(
        "core.datasets.own.job:run", "Export as a folder", "ExportRequest", (*RECORDING, "to")
    ),
    "check": Operation(
        "core.datasets.own.check_job:run", "Check of a folder", "CheckRequest", ("name",)
    ),
}.items():
    OPERATIONS.register(_name, _operation)
# What registers itself with something that other operations use.
EXTENSIONS = ("core.decoders.map_source",)


def get(name: str) -> Operation:
    """Give an operation, with its name as label where it was registered without one.

    Raises
    ------
    NotFoundError
        If there is no such operation.
    InputError
        If it was registered as something else than an ``Operation`` or 'module:function'.
    """
    operation = OPERATIONS[name]
    if isinstance(operation, str):
        operation = Operation(operation, name)
    if not isinstance(operation, Operation) or ":" not in operation.function:
        raise InputError(
            f"The operation {name!r} is registered as {OPERATIONS[name]!r}",
            "Operation('module:function', label)",
        )
    return operation


def resolve(name: str) -> Function:
    """Give the function of an operation, which takes the JSON values of a request.

    Raises
    ------
    NotFoundError
        If there is no such operation.
    InputError
        If a plugin cannot be imported, or registered the operation as something else.
    """
    load_plugins()
    for extension in EXTENSIONS:
        importlib.import_module(extension)
    return get(name).open()


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
        problem = f"The plugin {name!r} of NEUROGALLERY_PLUGINS cannot be imported ({error})"
        if isinstance(error, ModuleNotFoundError) and error.name == name:
            expected, remedy = "modules on the import path", "Add their folder to PYTHONPATH."
        else:
            expected = f"a plugin for version {__version__}"
            remedy = "CHANGELOG.md names what was renamed or moved."
        raise InputError(problem, expected, remedy) from None


def _changed_options(values: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a recording that differ from their defaults."""
    from core import datasets

    options = values.get("options")
    if not isinstance(options, Mapping):  # none, or of a plug-in that means something else
        return {}
    name = values.get("dataset", "simulated")
    declared = [p for info in datasets.available() if info.name == name for p in info.options]
    defaults = {option.name: json.loads(json.dumps(option.default)) for option in declared}
    return {key: value for key, value in options.items() if defaults.get(key, value) != value}
