"""Commands with a cluster set: jobs submitted, waited for, and told of; and ``cluster`` itself."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from core.commands.shared import show
from core.errors import NeurogalleryError
from core.progress import Progress
from core.words import counted

if TYPE_CHECKING:
    from core.jobs import Job, Request
    from core.jobs.cluster import Worker

LOOK_EVERY_S = 0.2
# A scheduler that is started again is not waited for longer.
PATIENCE_S = 30.0
ACTIVE = ("queued", "running")
FAILED = 2


def submit(requests: Sequence[Request]) -> list[Job]:
    """Submit requests as jobs, in their order; refused where the cluster cannot be reached."""
    from core import jobs, paths
    from core.jobs import cluster

    cluster.current().refresh(str(paths.results_root() / "jobs"))
    return [jobs.submit(each.operation, each.to_json(), each.device()) for each in requests]


def ended(jobs: Sequence[Job], bar: Progress) -> Iterator[Job]:
    """Each job once it has ended, in their order.

    Ctrl-C leaves those that run, and the same command goes on with them.

    Raises
    ------
    NeurogalleryError
        If none can begin for a while, with the reason.
    """
    waits_since = time.monotonic()
    for number, job in enumerate(jobs):
        while (status := job.status) in ACTIVE:
            fraction = (number + job.progress.fraction) / len(jobs)
            bar(fraction, f"{number} of {counted(len(jobs), 'job')}")
            reason = job.error if status == "queued" else ""
            waits_since = waits_since if reason else time.monotonic()
            if time.monotonic() - waits_since > PATIENCE_S:
                raise NeurogalleryError(reason)
            time.sleep(LOOK_EVERY_S)
        yield job


def reason(job: Job) -> str:
    """Why a job that has ended is not done."""
    return job.error or f"The job {job.id} was {job.status}."


def describe(chosen: argparse.Namespace, bar: Any) -> int:
    """Say which engine jobs run on, which workers it has, and what is wrong."""
    from core import paths
    from core.jobs import cluster
    from core.jobs.cluster.engine import are_returned, setting

    if not cluster.is_set():
        values: dict[str, Any] = {"engine": None, "problem": "", "results": None, "workers": []}
        show(chosen, values, ["Jobs are processes of this machine: NEUROGALLERY_CLUSTER is empty."])
        return 0
    engine, problem = cluster.current(), ""
    try:
        engine.refresh(str(paths.results_root() / "jobs"))
    except NeurogalleryError as error:
        problem = " ".join(str(error).split())
    results = "returned" if are_returned() else "shared"
    workers = engine.workers()
    values = {"engine": setting(), "problem": problem, "results": results}
    lines = [f"{setting()}: {problem or 'reached'}, results {results}"]
    lines += [line for worker in workers for line in _lines(worker)]
    if not workers and not problem and engine.name == "dask":
        problem = values["problem"] = "It has no worker."
        lines.append(problem)
    show(chosen, {**values, "workers": [_values(worker) for worker in workers]}, lines)
    return FAILED if problem or any(worker.problem for worker in workers) else 0


def _values(worker: Worker) -> dict[str, Any]:
    return {
        "worker": worker.id,
        "threads": worker.threads,
        "gpus": worker.gpus,
        "memory": worker.memory,
        "versions": dict(worker.facts),
        "problem": worker.problem,
    }


def _lines(worker: Worker) -> list[str]:
    from core.jobs.cluster import versions
    from core.memory import in_gib

    gpus = f", {counted(worker.gpus, 'GPU')}" if worker.gpus else ""
    first = f"{worker.id}  {counted(worker.threads, 'thread')}{gpus}, {in_gib(worker.memory)}"
    if worker.problem:
        return [first, f"  gets no job: {worker.problem}"]
    others = versions.differences(worker.facts)
    return [
        f"{first}, Neurogallery {worker.facts['Neurogallery']}",
        *([f"  {others}"] if others else []),
    ]
