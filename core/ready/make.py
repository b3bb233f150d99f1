"""Compute the results that come with the project from nothing, each as the job of a page would.

What the jobs leave in an empty store becomes ``data/ready``, in the store's own form: a result is
found there by its key, and one that this version would compute otherwise is never found.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import core.decoders.map_source  # noqa: F401  (registers the space of decoders)
from core import datasets, dissimilarity, maps, operations
from core.clusters import MAP, ClustersRequest
from core.components import ComponentsRequest
from core.datasets import Dataset, Reference
from core.decoders import EvaluateRequest, TrainRequest, load
from core.decoders.ready import ENCODER, RECORDING, SUBJECT, configs
from core.decoders.runs import OPERATION, Run
from core.decoders.scoring.score_table import PROTOTYPES
from core.dissimilarity import BASELINES, DissimilarityRequest
from core.dissimilarity.fitting import OPERATION as FITTED
from core.dissimilarity.fitting import QUESTIONS, questions_key
from core.encoders.encode import OPERATION as ENCODED
from core.encoders.encode import WHICH
from core.encoders.job import EncodeRequest
from core.jobs.request import Request
from core.maps import MapRequest
from core.progress import Progress, portion, silent
from core.recovery import RecoveryRequest
from core.rsa.job import CompareRequest
from core.zero_shot import ZeroShotRequest

# By images and by names; an analysis takes 175 kB.
CLASSIFIED = PROTOTYPES[:2]
# Where studies A and C look, and how they draw it.
PLACE, BESIDE_DECODERS = "PPA", "isomap"


def first_requests() -> list[Request]:
    """What needs no other result that comes along; a new default result is one more here."""
    ds = datasets.load(RECORDING, SUBJECT)
    encoded = [EncodeRequest.of(ds, ENCODER, which, {}) for which in WHICH]
    usual = [CompareRequest.usual(ds), RecoveryRequest.usual(ds), *pair_requests(ds)]
    usual.append(ComponentsRequest(Reference.of(ds)))
    trained = [TrainRequest(config) for config in configs()]
    return [*encoded, *usual, *map_requests(ds), *cluster_requests(ds), *trained]


def pair_requests(ds: Dataset) -> list[DissimilarityRequest]:
    """What page Predict dissimilarity shows at first."""
    usual = DissimilarityRequest.usual(ds)
    return [usual, usual.of_identity()]


def map_requests(ds: Dataset) -> list[MapRequest]:
    """Maps that take over a second: every unit, the regions and the images, and study A's."""
    drawn = Reference.of(ds)
    spaces: dict[str, dict[str, str]] = {
        "responses": {},
        "regions": {},
        "embedding": {"encoder": ENCODER},
    }
    slow = [name for name in maps.METHODS if ds.n_stimuli > maps.METHODS[name].slow_above]
    every = [
        MapRequest(drawn, name, values, method)
        for name, values in spaces.items()
        for method in slow
    ]
    return [*every, MapRequest(drawn, "responses", {"roi": PLACE}, MAP)]


def cluster_requests(ds: Dataset) -> list[ClustersRequest]:
    """The default clusters of the stimuli, and those of study A's map."""
    of_map = ClustersRequest.of([ds], source="map", roi=(PLACE,), metric="euclidean")
    return [ClustersRequest.of([ds]), of_map]


def score_requests(keys: Sequence[str]) -> list[Request]:
    """What pages show of the decoders among some results, which are known by then."""
    decoders = [run for key in keys if key.startswith(OPERATION) and (run := load(key))]
    scores = [EvaluateRequest.of(run, kind) for run in decoders for kind in PROTOTYPES]
    classified = [ZeroShotRequest.of(run, kind) for run in decoders for kind in CLASSIFIED]
    drawn = [
        MapRequest(Reference(*_subject_of(run)), "decoder", {"run": run.key}, BESIDE_DECODERS)
        for run in decoders[:1]
    ]
    return [*scores, *classified, *drawn]


def _subject_of(run: Run) -> tuple[str, str, Mapping[str, Any]]:
    return run.config.dataset, run.config.subjects[0], run.config.options


def make(folder: Path, progress: Progress = silent) -> None:
    """Compute every result and put them in the place of a folder, which changes at the very end.

    Parameters
    ----------
    folder : Path
        ``paths.ready_root()``, or another one.
    progress : callable, optional
        ``progress(fraction, message)``.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        results = Path(temporary)
        with _alone(results):
            first = first_requests()
            keys = _run(first, portion(progress, 0.0, 0.8), results)
            keys += _run(score_requests(keys), portion(progress, 0.8, 1.0), results)
            keys += [key for request in first for key in shown_fits(request)]
        _remove_unasked(results / "store", keys)
        (results / "store" / ".lock").unlink(missing_ok=True)
        if folder.is_dir():
            folder.rename(results / "former")
        (results / "store").rename(folder)


def _run(requests: Sequence[Request], progress: Progress, folder: Path) -> list[str]:
    """Run what is asked for, one after the other; gives the keys of the results."""
    keys = []
    for number, request in enumerate(requests):
        part = portion(progress, number / len(requests), (number + 1) / len(requests))
        run = operations.resolve(request.operation)
        keys.append(run(request.to_json(), part, folder)["key"])
    return keys


def shown_fits(request: Request) -> list[str]:
    """Keys of the predictions that a table of pair models opens, and of what they were asked.

    Of baselines alone the scores are shown, not the predictions.
    """
    if not isinstance(request, DissimilarityRequest) or len(request.models) == len(BASELINES):
        return []
    rows = dissimilarity.load(request.key() or "") or []
    fits = [row["fit"] for row in rows if row["fit"]]
    return [*fits, *dict.fromkeys(key for fit in fits if (key := questions_key(fit)))]


def _remove_unasked(folder: Path, kept: Sequence[str]) -> None:
    """Remove what only served on the way: pixels of controls, fits whose scores alone are shown."""
    for operation in (ENCODED, FITTED, QUESTIONS):
        for place in folder.glob(f"{operation}-*"):
            if place.name not in kept:
                shutil.rmtree(place)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Results in a folder, and none that is ready: nothing that was there before is found."""
    own = {"NEUROGALLERY_RESULTS": folder, "NEUROGALLERY_READY": folder / "none"}
    former = {name: os.environ.get(name) for name in own}
    os.environ.update({name: str(path) for name, path in own.items()})
    try:
        yield
    finally:
        for name, value in former.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
