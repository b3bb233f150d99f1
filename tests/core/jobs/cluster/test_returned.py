"""Workers that do not see the results folder: what a job needs goes there, and comes back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from core import jobs, paths, store
from core.jobs import heartbeat
from core.jobs.cluster import keeper
from tests.core.jobs.cluster.scheduler import DaskCluster, processes_of, wait_for, wait_until

FOLDERS = ("first", "second")


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    cluster = DaskCluster(tmp_path_factory.mktemp("dask"))
    yield cluster
    cluster.stop()
    assert processes_of(cluster.folder) == []


@pytest.fixture(autouse=True)
def returned(dask: DaskCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", f"dask:{dask.address}")
    monkeypatch.setenv("NEUROGALLERY_CLUSTER_RESULTS", "returned")
    monkeypatch.setenv("NEUROGALLERY_PLUGINS", "cluster_plugin")
    monkeypatch.setattr(heartbeat, "BEAT_S", 0.1)
    monkeypatch.setattr(heartbeat, "MISSED_S", 0.7)
    monkeypatch.setattr(keeper, "REFRESH_EVERY_S", 0.1)
    monkeypatch.setattr(keeper, "LOOK_EVERY_S", 0.05)
    for name in FOLDERS:
        if name not in dask.workers:
            dask.start_worker(name, NEUROGALLERY_RESULTS=str(dask.folder / name))
    yield
    for job in jobs.all_jobs():
        job.cancel()
    wait_until(lambda: all(job.status not in ("queued", "running") for job in jobs.all_jobs()))


def on_workers(dask: DaskCluster, job: jobs.Job) -> list[Path]:
    """The folders of a job where it has begun."""
    folders = [dask.folder / name / "cluster" / "jobs" / job.id for name in FOLDERS]
    return [folder for folder in folders if (folder / "began").exists()]


def on_worker(dask: DaskCluster, job: jobs.Job) -> Path:
    return on_workers(dask, job)[0]


def steps(count: int, **more: object) -> jobs.Job:
    return jobs.submit("test_steps", {"steps": count, **more})


def has_begun(dask: DaskCluster, job: jobs.Job) -> None:
    wait_until(lambda: job.progress.message == "step 1")


def test_progress_comes_along_and_the_folder_comes_back(dask: DaskCluster) -> None:
    job = steps(3, hold=1)
    has_begun(dask, job)
    there = on_worker(dask, job)
    assert not (job.folder / "checkpoint").exists()
    (there / "go").touch()
    wait_for(job, "done")
    assert job.result == {"first": 0, "steps": 3}
    assert (job.folder / "checkpoint").read_text() == "3"
    assert (job.folder / "log.txt").exists()
    assert job.progress.elapsed_s > 0
    wait_until(lambda: not there.exists())


def test_what_a_request_names_goes_along_and_what_is_stored_comes_back(dask: DaskCluster) -> None:
    key = store.key("values", "f", {})
    other = store.key("values", "g", {})
    store.save(key, {"values": np.arange(5.0)}, {"made_from": other})
    store.save(other, {"values": np.zeros(3)}, {})
    job = jobs.submit("test_double", {"of": key})
    wait_for(job, "done")
    doubled = store.load(job.result["key"])
    np.testing.assert_array_equal(doubled.arrays["values"], 2 * np.arange(5.0))
    assert {entry.key for entry in store.entries()} == {key, other, job.result["key"]}
    there = dask.folder / next(n for n in FOLDERS if (dask.folder / n / "cluster/store").exists())
    assert (there / "cluster/store" / other).is_dir()
    store.remove(job.result["key"])  # the worker has it still
    job.remove()
    again = jobs.submit("test_double", {"of": key})
    wait_for(again, "done")
    assert store.load(again.result["key"]) is not None


def test_a_cancel_goes_there_and_checkpoints_come_back(dask: DaskCluster) -> None:
    job = steps(4, hold=1)
    has_begun(dask, job)
    pid = int((on_worker(dask, job) / "began").read_text())
    job.cancel()
    assert job.status == "running"
    wait_for(job, "cancelled")
    assert not psutil.pid_exists(pid)
    assert (job.folder / "checkpoint").read_text() == "1"
    (job.folder / "go").touch()
    job.resume()
    wait_for(job, "done")
    assert job.result["first"] == 1


def test_a_job_of_a_killed_worker_begins_again_with_the_other(dask: DaskCluster) -> None:
    job = steps(2, hold=1)
    has_begun(dask, job)
    there = on_worker(dask, job)
    name = there.relative_to(dask.folder).parts[0]
    dask.kill(name)
    (other,) = set(FOLDERS) - {name}
    again = dask.folder / other / "cluster" / "jobs" / job.id
    wait_until((again / "began").exists)
    (again / "go").touch()
    wait_for(job, "done")


def test_a_server_that_begins_later_brings_the_results(dask: DaskCluster) -> None:
    code = 'job = jobs.submit("test_steps", {"steps": 2, "hold": 1})\n'
    code += "while job.progress.message != 'step 1': pass\nprint(job.id)"
    run = [sys.executable, "-c", "from core import jobs\n" + code]
    job = jobs.get(subprocess.check_output(run, cwd=paths.PROJECT, text=True).strip())

    def has_come_back() -> bool:
        # On a busy machine it may count as lost meanwhile, and begin again elsewhere.
        for folder in on_workers(dask, job):
            with suppress(FileNotFoundError):
                (folder / "go").touch()
        return job.status == "done"

    wait_until(has_come_back, job.id)
    assert job.result["steps"] == 2


def test_a_job_that_fails_brings_its_reason_and_its_log(dask: DaskCluster) -> None:
    job = jobs.submit("test_double", {"of": "unknown"})
    wait_for(job, "failed")
    assert "The key is 'unknown'" in job.error
    crashed = jobs.submit("test_leave", {})
    wait_for(crashed, "interrupted")


def test_what_is_too_large_to_come_back_is_said(
    dask: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.jobs.cluster import parcels

    monkeypatch.setattr(parcels, "MOST_BYTES", 10)
    job = steps(1)
    wait_until(lambda: "10" in job.error or "GiB" in job.error)
    assert job.status == "queued"
    assert "Share a results folder" in job.error
