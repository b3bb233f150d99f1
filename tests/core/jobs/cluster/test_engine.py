"""Which engine the environment names, and what is said where none fits."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from core import jobs, paths
from core.errors import InputError, NeurogalleryError
from core.jobs import heartbeat, state
from core.jobs.cluster import engine, versions
from core.jobs.cluster.engine import Worker
from core.jobs.cluster.engines.dask import DaskEngine
from core.jobs.state import State
from tests.core.jobs.cluster.scheduler import PLUGIN, wait_for, wait_until


@pytest.fixture(autouse=True)
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cluster_plugin.py").write_text(PLUGIN)
    monkeypatch.setenv("NEUROGALLERY_PLUGINS", "cluster_plugin")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("sge", "NEUROGALLERY_CLUSTER is 'sge'. Expected the name of an engine. Choices: dask, sl"),
        ("dask", "Expected the scheduler, as dask:tcp://HOST:8786"),
        ("dask:localhost:8786", "Expected the scheduler"),
        ("dask:tcp://localhost", "Expected the scheduler"),
        ("slurm:partition", "has the option 'partition'. Expected NAME=VALUE"),
        ("slurm:jobs=none", "jobs is 'none' in NEUROGALLERY_CLUSTER"),
    ],
)
def test_a_bad_setting_is_one_line_before_there_is_a_job(setting, words, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", setting)
    with pytest.raises(InputError) as told:
        jobs.submit("test_steps", {"steps": 1})
    assert words in str(told.value)
    assert "\n" not in str(told.value)
    assert jobs.statuses() == {}


def test_an_engine_that_is_not_installed_says_what_to_install(monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", "dask:tcp://127.0.0.1:1")
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"distributed is not here.*requirements-cluster\.txt"):
        engine.current()


@pytest.mark.parametrize(
    ("setting", "mode", "words"),
    [
        ("dask:tcp://127.0.0.1:1", "back", "Choices: shared, returned"),
        ("slurm:local", "returned", "slurm does not bring results back"),
    ],
)
def test_a_bad_way_of_results_is_one_line(setting, mode, words, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", setting)
    monkeypatch.setenv("NEUROGALLERY_CLUSTER_RESULTS", mode)
    with pytest.raises(InputError, match=words):
        engine.current()


def test_a_scheduler_that_is_not_there_holds_nothing_up(monkeypatch, capsys):
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", "dask:tcp://127.0.0.1:1")
    began = time.monotonic()
    job = jobs.submit("test_steps", {"steps": 1})
    assert jobs.statuses() == {job: "queued"}
    assert time.monotonic() - began < 1.0
    wait_until(lambda: job.error)
    assert "The Dask scheduler tcp://127.0.0.1:1 cannot be reached" in job.error
    assert "dask scheduler --port 1" in job.error
    assert "\n" not in job.error
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", "")  # as before
    job.cancel()
    job.resume()
    wait_for(job, "done")
    assert job.host == ""


def test_a_job_that_waits_for_a_scheduler_runs_by_hand(monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", "dask:tcp://127.0.0.1:1")
    job = jobs.submit("test_steps", {"steps": 1})
    command = [sys.executable, "-m", "core", "job", str(job.folder)]
    assert subprocess.run(command, cwd=paths.PROJECT).returncode == 0
    assert job.status == "done"


def test_what_brings_data_here_runs_here(monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", "dask:tcp://127.0.0.1:1")
    job = jobs.submit("check", {"name": "nothing"})
    wait_until(lambda: job.status not in ("queued", "running"))
    assert job.host == ""


def a_dask_engine(*workers: Worker) -> DaskEngine:
    own = DaskEngine("tcp://127.0.0.1:1")
    own._workers = {worker.id: worker for worker in workers}
    return own


def running(worker: str, device: str = "cpu") -> State:
    return State("running", device=device, worker=worker)


def test_places_are_threads_and_gpus_and_a_gpu_is_kept_for_what_needs_it():
    own = a_dask_engine(Worker("gpu", 2, gpus=1), Worker("small", 1), Worker("large", 3))
    assert own.place("cpu", []) == "large"
    assert own.place("cpu", [running("large")] * 3) == "small"
    full = [running("large")] * 3 + [running("small")]
    assert own.place("cpu", full) == "gpu"
    assert own.place("cpu", [*full, running("gpu"), running("gpu")]) is None
    assert own.place("cuda:0", full) == "gpu"
    assert own.place("cuda:0", [running("gpu", "cuda:1")]) is None


def test_a_job_that_no_worker_would_ever_take_says_so():
    with pytest.raises(NeurogalleryError, match=r"needs a GPU, and no worker offers one.*GPU=1"):
        a_dask_engine(Worker("a", 4)).place("cuda:0", [])
    with pytest.raises(NeurogalleryError, match="has no worker"):
        a_dask_engine().place("cpu", [])
    with pytest.raises(NeurogalleryError, match="of another kind"):
        a_dask_engine(Worker("a", 4, problem="of another kind")).place("cpu", [])


def test_a_worker_of_another_code_is_refused_with_both_versions():
    assert versions.refusal("w", versions.facts()) == ""
    theirs = {**versions.facts(), "Neurogallery": "0.1.0 (code 12345678)", "numpy": "1.0"}
    line = versions.refusal("w", theirs)
    assert "w has Neurogallery 0.1.0 (code 12345678), this server" in line
    assert versions.code() in line
    assert "numpy 1.0 there" in line
    assert "\n" not in line


def test_a_heartbeat_is_told_by_changes_and_by_the_own_clock(tmp_path, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(heartbeat.time, "monotonic", lambda: clock[0])
    heartbeat.begin(tmp_path, "t")
    assert heartbeat.silence(tmp_path, "t") == 0.0
    clock[0] += 7
    assert heartbeat.silence(tmp_path, "t") == 7.0
    heartbeat.os.utime(tmp_path / heartbeat.BEAT, (1.0, 1.0))  # of a machine whose clock is slow
    assert heartbeat.silence(tmp_path, "t") == 0.0
    clock[0] += 3
    heartbeat.begin(tmp_path, "of another run")
    assert heartbeat.silence(tmp_path, "t") == 0.0
    clock[0] += 2
    heartbeat.begin(tmp_path, "of another run")
    assert heartbeat.silence(tmp_path, "t") == 2.0


def test_a_job_of_an_engine_that_is_not_set_any_more_waits_here_once_it_is_silent(monkeypatch):
    job = jobs.submit("test_steps", {"steps": 2, "hold": 0})
    job.cancel()
    wait_until(lambda: job.status == "cancelled")
    (job.folder / state.CANCEL).unlink()
    (job.folder / "go").touch()
    ended = state.read_state(job.folder)
    lost = {"status": "running", "engine": "dask", "worker": "tcp://w:1", "ticket": "t"}
    state.write_state(job.folder, state.replace(ended, **lost, pid=1))
    assert job.status == "running"
    monkeypatch.setattr(heartbeat, "SILENT_S", 0.1)
    wait_for(job, "done")
    assert job.host == ""
