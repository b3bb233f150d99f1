"""How long jobs take on the built-in experiment: ``python -m core.ready.usual``.

Each runs as a job of its own in an empty results folder, one after the other, so that the first
run of a page has an earlier one to tell its time left by. Takes five minutes.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from core import datasets, jobs
from core.ablations import Ablation, AblationRequest, Axis
from core.clusters import ClustersRequest, ConsistencyRequest
from core.datasets import Dataset, Reference
from core.decoders import Config, EvaluateRequest, TrainRequest, load
from core.decoders.folds_job import FoldsRequest
from core.decoders.job import AuditRequest
from core.decoders.ready import ENCODER, RECORDING, SUBJECT
from core.dissimilarity import DissimilarityRequest
from core.encoders.job import EncodeRequest
from core.jobs import Request
from core.jobs.earlier_runs import FILE, USUAL
from core.maps import MapRequest
from core.recovery import RecoveryRequest
from core.rsa.job import CompareRequest
from core.zero_shot import ZeroShotRequest

POLL_S = 0.2


def config(head: str, seed: int = 0) -> Config:
    """A decoder with the defaults of a head."""
    return Config(RECORDING, (SUBJECT,), encoder=ENCODER, head=head, seed=seed)


def first_requests(ds: Dataset) -> Iterator[Request]:
    """Training with nothing stored, and again; then what pages ask for at their defaults."""
    own = Reference.of(ds)
    yield TrainRequest(config("ridge"))
    yield TrainRequest(config("ridge", seed=1))
    yield from (TrainRequest(config(head)) for head in ("linear", "mlp"))
    yield AuditRequest(config("ridge", seed=2))
    yield EncodeRequest.of(ds, ENCODER, "gallery", {})
    yield EncodeRequest.of(ds, "pixels", "stimuli", {})
    yield ClustersRequest.of([ds])
    yield ClustersRequest.of([ds], source="voxels")
    yield ConsistencyRequest.of([ds], across="k", ks=(3, 4, 5))
    yield MapRequest(own, "responses", {"roi": "LOC"})
    yield CompareRequest.usual(ds)
    yield RecoveryRequest(own.options, "LOC")
    yield DissimilarityRequest(own, rois=(("LOC",),))
    yield FoldsRequest(replace(config("ridge"), split="kfold", split_parameters={}))
    base = config("ridge")
    heads = Axis("Head", ("head",), (("ridge",), ("linear",)))
    yield AblationRequest(Ablation(base, (heads,), (0, 1), (SUBJECT,)))


def requests() -> Iterator[Request]:
    """What is run, those behind a decoder once that is trained."""
    ds = datasets.load(RECORDING, SUBJECT)
    yield from first_requests(ds)
    trained = next(job for job in jobs.all_jobs() if job.operation == TrainRequest.operation)
    decoder = load(trained.result["key"])
    if decoder is not None:
        yield from (EvaluateRequest.of(decoder), ZeroShotRequest.of(decoder))


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        own = {"NEUROGALLERY_RESULTS": temporary, "NEUROGALLERY_READY": f"{temporary}/none"}
        os.environ.update({**own, "NEUROGALLERY_CPU_JOBS": "1"})
        for request in requests():
            job = jobs.submit(request.operation, request.to_json(), request.device())
            while (status := job.status) in ("queued", "running"):
                time.sleep(POLL_S)
            took = job.progress.elapsed_s
            sys.stderr.write(f"{request.operation}: {status} {job.error} {took:.0f} s\n")
        shutil.copyfile(Path(temporary) / FILE, USUAL)


if __name__ == "__main__":
    main()
