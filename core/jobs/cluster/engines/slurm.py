"""Slurm, through submitit: a job of Slurm for each job, on nodes that share the file system.

What submitit says of the state of a job is not asked for: its folder tells.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import InputError, NeurogalleryError
from core.jobs import processes
from core.jobs.cluster.engine import CLUSTER, ENGINES, Engine, EngineKind, Spec, Worker
from core.jobs.state import State

LOCAL = "local"
# Of Slurm, which has a queue of its own; and of processes of this machine.
JOBS, JOBS_HERE = 8, 2
ANSWER_S = 10.0
SHARED = ("timeout_min", "mem_gb", "gpus_per_node", "cpus_per_task", "nodes", "tasks_per_node")
# Of squeue: a job that is in none of them has ended.
ALIVE = {"PENDING", "RUNNING", "CONFIGURING", "COMPLETING", "REQUEUED", "RESIZING", "SUSPENDED"}
ALIVE |= {"REQUEUE_HOLD", "REQUEUE_FED", "STAGE_OUT", "STOPPED", "SIGNALING", "SPECIAL_EXIT"}


class SlurmEngine(Engine):
    """Submits to Slurm; with 'local' it starts processes of this machine, for trying out."""

    name = "slurm"
    has_queue = True

    def __init__(self, options: str) -> None:
        words = [word.strip() for word in options.split(",") if word.strip()]
        self.is_local = LOCAL in words
        self._options = dict(_option(word) for word in words if word != LOCAL)
        self._jobs = self._options.pop("jobs", JOBS_HERE if self.is_local else JOBS)
        self._gpus = self._options.pop("gpus_per_node", 0)
        if type(self._jobs) is not int or self._jobs < 1:
            raise InputError(f"jobs is {self._jobs!r} in {CLUSTER}", "a whole number from 1")

    def refresh(self, root: str) -> None:
        if not self.is_local and shutil.which("sbatch") is None:
            raise NeurogalleryError(
                "There is no command sbatch on this machine",
                remedy="Run the server where Slurm is, or unset NEUROGALLERY_CLUSTER; the job "
                "waits until then.",
            )

    def workers(self) -> list[Worker]:
        return []

    def place(self, device: str, running: Sequence[State]) -> str | None:
        if device != "cpu" and not self._gpus and not self.is_local:
            raise NeurogalleryError(
                "This job needs a GPU, and none is asked of Slurm",
                remedy=f"Add gpus_per_node=1 to {CLUSTER}; the job waits until then.",
            )
        return "" if len(running) < self._jobs else None

    def hand_out(self, spec: Spec, worker: str, device: str) -> str:
        from submitit import AutoExecutor

        folder = Path(spec["root"]).parent / "submitit"
        try:
            executor = AutoExecutor(folder, cluster=LOCAL if self.is_local else "slurm")
            executor.update_parameters(**self._parameters(device))
            beside = self._jobs if self.is_local else 1
            job = executor.submit(_call(), {**spec, "worker": "of Slurm", "threads": beside})
        except NameError as error:
            problem = " ".join(str(error).split())[:300]
            raise InputError(
                f"{CLUSTER} has an option that submitit does not know ({problem})"
            ) from None
        except Exception as error:  # CalledProcessError and others, with the words of sbatch
            problem = " ".join(str(error).split())[-300:]
            raise NeurogalleryError(f"Slurm did not take the job ({problem})") from None
        return f"process {job.job_id}" if self.is_local else f"job {job.job_id}"

    def outcome(self, state: State) -> str | None:
        number = state.worker.rpartition(" ")[2]
        if not number.isdecimal():
            return None
        if self.is_local:
            processes.reap()
            return None if processes.start_of(int(number)) else ""
        words = ["squeue", "--noheader", "--format=%T", f"--jobs={number}"]
        try:
            ran = subprocess.run(words, capture_output=True, text=True, timeout=ANSWER_S)
        except (OSError, subprocess.TimeoutExpired):
            return None
        is_unknown = ran.returncode != 0 and "Invalid job id" not in ran.stderr
        return None if is_unknown or ran.stdout.strip() in ALIVE else ""

    def release(self, state: State) -> None:
        number = state.worker.rpartition(" ")[2]
        if not self.is_local and number.isdecimal():
            with suppress(OSError, subprocess.TimeoutExpired):  # it then refuses to begin
                subprocess.run(["scancel", "--state=PENDING", number], timeout=ANSWER_S)

    def offers_gpu(self) -> bool:
        return bool(self._gpus)

    def _parameters(self, device: str) -> dict[str, Any]:
        named = {
            name if name in SHARED else f"slurm_{name}": value
            for name, value in self._options.items()
        }
        if self.is_local:
            named = {name: value for name, value in named.items() if name in SHARED}
        elif device != "cpu":
            named["gpus_per_node"] = self._gpus
        return {"name": "neurogallery", "timeout_min": 24 * 60, **named}


def _option(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise InputError(
            f"{CLUSTER} has the option {text!r}", "NAME=VALUE, such as partition=gpu, or local"
        )
    return name, int(value) if value.isdecimal() else value


def _call() -> Any:
    """What the job of Slurm runs: the code of this folder, which the node sees too."""

    def call(spec: Spec) -> None:
        import importlib
        import sys

        sys.path.insert(0, spec["project"])
        importlib.import_module("core.jobs.cluster.hosting").host_or_fail(spec)

    return call


ENGINES.register("slurm", EngineKind("submitit", SlurmEngine))
