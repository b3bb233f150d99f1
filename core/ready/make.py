"""Compute the results that come with the project from nothing, each as the job of a page would.

What the jobs leave in an empty store becomes ``data/ready``, in the store's own form: a result is
found there by its key, and one that this version would compute otherwise is never found.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core import datasets, operations
from core.decoders import EvaluateRequest, TrainRequest, load
from core.decoders.ready import ENCODER, RECORDING, SUBJECT, configs
from core.decoders.runs import OPERATION
from core.decoders.scoring.score_table import PROTOTYPES
from core.encoders.encode import OPERATION as ENCODED
from core.encoders.encode import WHICH
from core.encoders.job import EncodeRequest
from core.jobs.request import Request
from core.progress import Progress, portion, silent
from core.rsa.job import CompareRequest
from core.zero_shot import ZeroShotRequest

# By images and by names; an analysis takes 175 kB.
CLASSIFIED = PROTOTYPES[:2]


def first_requests() -> list[Request]:
    """What needs no other result that comes along; a new default result is one more here."""
    ds = datasets.load(RECORDING, SUBJECT)
    encoded = [EncodeRequest.of(ds, ENCODER, which, {}) for which in WHICH]
    compared = CompareRequest.usual(ds)
    return [*encoded, compared, *(TrainRequest(config) for config in configs())]


def score_requests(keys: Sequence[str]) -> list[Request]:
    """What pages show of the decoders among some results, which are known by then."""
    decoders = [run for key in keys if key.startswith(OPERATION) and (run := load(key))]
    scores = [EvaluateRequest.of(run, kind) for run in decoders for kind in PROTOTYPES]
    return [*scores, *(ZeroShotRequest.of(run, kind) for run in decoders for kind in CLASSIFIED)]


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
            keys = _run(first_requests(), portion(progress, 0.0, 0.5), results)
            keys += _run(score_requests(keys), portion(progress, 0.5, 1.0), results)
        _remove_embeddings(results / "store", keys)
        (results / "store" / ".lock").unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        (results / "store").rename(folder)


def _run(requests: Sequence[Request], progress: Progress, folder: Path) -> list[str]:
    """Run what is asked for, one after the other; gives the keys of the results."""
    keys = []
    for number, request in enumerate(requests):
        part = portion(progress, number / len(requests), (number + 1) / len(requests))
        run = operations.resolve(request.operation)
        keys.append(run(request.to_json(), part, folder)["key"])
    return keys


def _remove_embeddings(folder: Path, kept: Sequence[str]) -> None:
    """Remove embeddings that no page asks for: the pixels of controls, large and soon computed."""
    for place in folder.glob(f"{ENCODED}-*"):
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
