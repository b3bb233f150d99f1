"""Jobs through submitit: as processes of this machine, and what is said to Slurm."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core import jobs
from core.errors import NeurogalleryError
from core.jobs import heartbeat, state
from core.jobs.cluster import keeper
from core.jobs.cluster.engines.slurm import SlurmEngine
from core.jobs.state import State
from tests.core.jobs.cluster.scheduler import PLUGIN, processes_of, wait_for, wait_until


@pytest.fixture(autouse=True)
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "cluster_plugin.py").write_text(PLUGIN)
    monkeypatch.setenv("NEUROGALLERY_PLUGINS", "cluster_plugin")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", "slurm:local")
    monkeypatch.setattr(heartbeat, "BEAT_S", 0.1)
    monkeypatch.setattr(heartbeat, "MISSED_S", 0.5)
    monkeypatch.setattr(keeper, "LOOK_EVERY_S", 0.05)
    yield
    for job in jobs.all_jobs():
        job.cancel()
    wait_until(lambda: all(job.status not in ("queued", "running") for job in jobs.all_jobs()))
    wait_until(lambda: not processes_of(tmp_path / "results"))


def steps(count: int, **more: object) -> jobs.Job:
    return jobs.submit("test_steps", {"steps": count, **more})


def test_jobs_run_with_progress_and_are_cancelled_and_resumed() -> None:
    job = steps(3, hold=1)
    wait_until(lambda: job.progress.message == "step 1")
    assert job.host.startswith("slurm, process ")
    pid = state.read_state(job.folder).pid
    job.cancel()
    wait_for(job, "cancelled")
    wait_until(lambda: not psutil.pid_exists(pid))
    (job.folder / "go").touch()
    job.resume()
    wait_for(job, "done")
    assert job.result == {"first": 1, "steps": 3}


def test_a_job_whose_watcher_is_killed_goes_on() -> None:
    job = steps(3, hold=1)
    wait_until(lambda: job.progress.message == "step 1")
    pid = state.read_state(job.folder).pid
    os.kill(psutil.Process(pid).ppid(), signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(pid), "for the death of its process")
    (job.folder / "go").touch()
    wait_for(job, "done")
    assert job.result["first"] == 1
    assert state.read_state(job.folder).losses == 1


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands of Slurm that write down how they were called, and say that a job waits."""
    folder = tmp_path / "bin"
    folder.mkdir()
    answers = {"sbatch": "Submitted batch job 42", "squeue": "PENDING", "scancel": "", "srun": ""}
    for name, answer in answers.items():
        script = f'#!/bin/sh\necho {name} "$@" >> {folder}/calls\n'
        script += f'[ {name} = sbatch ] && cat "$1" >> {folder}/batch\necho "{answer}"\n'
        (folder / name).write_text(script)
        (folder / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", "slurm:partition=gpu,timeout_min=60,gpus_per_node=1")
    return folder


def test_slurm_is_asked_for_what_the_setting_says(slurm: Path) -> None:
    job = jobs.submit("test_steps", {"steps": 1}, device="cuda:0")
    wait_until(lambda: job.host == "slurm, job 42")
    batch = (slurm / "batch").read_text()
    for line in ("--partition=gpu", "--time=60", "--gpus-per-node=1"):
        assert f"#SBATCH {line}\n" in batch
    assert job.status == "running"
    job.cancel()  # it waits in the queue of Slurm: nothing has begun
    assert job.status == "cancelled"
    wait_until(lambda: "scancel --state=PENDING 42" in (slurm / "calls").read_text())


def test_a_job_that_slurm_has_no_more_is_lost(slurm: Path) -> None:
    own, waiting = SlurmEngine("partition=gpu"), State("running", worker="job 42")
    assert own.outcome(waiting) is None
    for answer in ("TIMEOUT", ""):
        (slurm / "squeue").write_text(f"#!/bin/sh\necho {answer}\n")
        assert own.outcome(waiting) == ""
    (slurm / "squeue").write_text("#!/bin/sh\nexit 1\n")  # Slurm itself does not answer
    assert own.outcome(waiting) is None


def test_an_option_that_submitit_does_not_know_is_said_at_the_job(
    slurm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", "slurm:colour=red")
    job = steps(1)
    wait_until(lambda: "option that submitit does not know" in job.error)
    assert job.status == "queued"
    assert "\n" not in job.error
    assert not (slurm / "calls").exists()


def test_without_slurm_there_is_one_line() -> None:
    with pytest.raises(NeurogalleryError, match="no command sbatch"):
        SlurmEngine("").refresh("")
    with pytest.raises(NeurogalleryError, match=r"gpus_per_node=1 to NEUROGALLERY_CLUSTER"):
        SlurmEngine("").place("cuda:0", [])
