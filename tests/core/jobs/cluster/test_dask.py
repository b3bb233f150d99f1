"""Jobs on two Dask workers, which are processes of their own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core import jobs, paths, store
from core.jobs import heartbeat, state
from core.jobs.cluster import engine, keeper
from core.jobs.cluster.engines.dask import _call as dask_call
from tests.core.jobs.cluster.scheduler import (
    DaskCluster,
    processes_of,
    wait_for,
    wait_until,
)


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    cluster = DaskCluster(tmp_path_factory.mktemp("dask"))
    yield cluster
    cluster.stop()
    assert processes_of(cluster.folder) == []


@pytest.fixture(autouse=True)
def root(dask: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", f"dask:{dask.address}")
    monkeypatch.setenv("NEUROGALLERY_PLUGINS", "cluster_plugin")
    monkeypatch.setattr(heartbeat, "BEAT_S", 0.1)
    monkeypatch.setattr(heartbeat, "MISSED_S", 0.5)
    monkeypatch.setattr(keeper, "REFRESH_EVERY_S", 0.1)
    monkeypatch.setattr(keeper, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(keeper, "TRY_AGAIN_S", 0.2)
    for name in ("a", "b"):
        if name not in dask.workers:
            dask.start_worker(name)
    yield tmp_path / "results" / "jobs"
    for job in jobs.all_jobs():
        job.cancel()
    wait_until(lambda: all(job.status not in ("queued", "running") for job in jobs.all_jobs()))


def steps(count: int, **more: object) -> jobs.Job:
    return jobs.submit("test_steps", {"steps": count, **more})


def let_go(job: jobs.Job) -> None:
    (job.folder / "go").touch()


def began(job: jobs.Job) -> list[str]:
    """The processes that began to run a job."""
    file = job.folder / "began"
    return file.read_text().split() if file.exists() else []


def other_worker(own: engine.Engine, worker: str) -> str:
    return next(each.id for each in own.workers() if each.id != worker)


def worker_of(dask: DaskCluster, job: jobs.Job) -> str:
    """The name of the worker that watches the process of a job."""
    parent = psutil.Process(state.read_state(job.folder).pid).ppid()
    return next(name for name, process in dask.workers.items() if process.pid == parent)


def test_jobs_run_on_the_workers_with_progress_and_result(dask: DaskCluster) -> None:
    held, other = steps(5, hold=2), steps(3)
    wait_until(lambda: held.progress.message == "step 2")
    wait_for(other, "done")
    assert other.result == {"first": 0, "steps": 3}
    assert held.host.startswith("dask, tcp://127.0.0.1:")
    assert 0.3 < held.progress.fraction < 0.5
    assert worker_of(dask, held) in dask.workers
    let_go(held)
    wait_for(held, "done")
    assert held.progress.fraction == 1.0


def test_a_job_of_a_killed_worker_goes_on_with_the_other(dask: DaskCluster) -> None:
    job = steps(6, hold=3)
    wait_until(lambda: job.progress.message == "step 3")
    pid, name = state.read_state(job.folder).pid, worker_of(dask, job)
    dask.kill(name)
    wait_until(lambda: not psutil.pid_exists(pid), "for the process of the dead worker")
    wait_until(lambda: len(began(job)) == 2)
    assert worker_of(dask, job) != name
    let_go(job)
    wait_for(job, "done")
    assert job.result == {"first": 3, "steps": 6}
    assert state.read_state(job.folder).losses == 1


def test_a_job_whose_workers_die_three_times_says_so(dask: DaskCluster) -> None:
    job = steps(2, hold=1)
    for count in range(1, 4):
        wait_until(lambda count=count: len(began(job)) == count and job.status == "running")
        dask.kill(worker_of(dask, job))
        for name in ("a", "b"):
            if name not in dask.workers:
                dask.start_worker(name)
    wait_for(job, "failed")
    assert job.error.startswith("The worker died, 3 times in all (last: tcp://127.0.0.1:")
    assert "resume it" in job.error
    let_go(job)
    job.resume()
    wait_for(job, "done")


def test_a_run_that_counts_as_lost_is_ended_where_it_is_still_at_work(dask: DaskCluster) -> None:
    """As after a network between server and worker was down for a while."""
    job = steps(3, hold=1)
    wait_until(lambda: job.progress.message == "step 1")
    now = state.read_state(job.folder)
    with store.locked(job.folder.parent):
        state.write_state(job.folder, state.after_loss(job.folder, now))
    wait_until(lambda: not psutil.pid_exists(now.pid))
    wait_until(lambda: len(began(job)) == 2)
    let_go(job)
    wait_for(job, "done")
    assert job.result["first"] == 1


def test_a_job_that_crashes_is_told_from_a_worker_that_dies(dask: DaskCluster) -> None:
    job = jobs.submit("test_leave", {})
    wait_for(job, "interrupted")
    assert job.error == state.ENDED_SILENTLY
    assert state.read_state(job.folder).losses == 0


def test_a_restarted_scheduler_finds_its_jobs_again(dask: DaskCluster) -> None:
    jobs_there = [steps(4, hold=2, n=number) for number in range(2)]
    for job in jobs_there:
        wait_until(lambda job=job: job.progress.message == "step 2")
    dask.scheduler.kill()
    dask.scheduler.wait()
    waiting = steps(2)
    wait_until(lambda: "cannot be reached" in waiting.error)
    assert waiting.status == "queued"
    dask.start_scheduler()
    for name in list(dask.workers):  # which end by themselves within 30 s
        dask.kill(name)
        dask.start_worker(name)
    for job in jobs_there:
        let_go(job)
    for job in (*jobs_there, waiting):
        wait_for(job, "done")
    assert [job.result["first"] for job in jobs_there] == [2, 2]
    assert waiting.error == ""


def test_a_job_that_ignores_its_flag_is_ended_on_the_worker(dask: DaskCluster) -> None:
    job = jobs.submit("test_stubborn", {})
    wait_until((job.folder / "ready").exists)
    pid = int((job.folder / "ready").read_text())
    job.cancel()
    assert job.status == "running"  # its process is at work
    wait_for(job, "cancelled")
    wait_until(lambda: not psutil.pid_exists(pid))


def test_a_second_try_of_an_engine_does_no_harm(dask: DaskCluster) -> None:
    """Dask runs a task again whose worker dies while its result is held."""
    job = steps(2, hold=1)
    wait_until(lambda: job.progress.message == "step 1")
    own = engine.current()
    now = state.read_state(job.folder)
    spec = keeper._keepers[job.folder.parent]._spec(job.folder, now)
    own.hand_out({**spec, "ticket": "again"}, other_worker(own, now.worker), "cpu")
    wait_until(lambda: own._futures["again"].status == "finished")
    own._client.submit(dask_call(), "host", json.dumps({"spec": spec}), pure=False).result(30)
    let_go(job)
    wait_for(job, "done")
    own._client.submit(dask_call(), "host", json.dumps({"spec": spec}), pure=False).result(30)
    assert len(began(job)) == 1
    assert (job.status, state.read_state(job.folder).ticket) == ("done", now.ticket)
    own._futures.pop("again")


def test_a_job_that_never_arrived_at_its_worker_is_handed_out_again(dask: DaskCluster) -> None:
    """As of a server that ended while it handed it out."""
    job = steps(1)
    wait_for(job, "done")
    heartbeat._seen[job.folder, "of nobody"] = None, -heartbeat.SILENT_S  # looked at since then
    now = state.read_state(job.folder)
    lost = state.replace(now, status="running", ticket="of nobody", pid=0)
    state.write_state(job.folder, lost)
    wait_for(job, "done")
    assert state.read_state(job.folder).losses == 1
    assert len(began(job)) == 2


def test_jobs_are_handed_out_in_order_and_only_to_free_places(dask: DaskCluster) -> None:
    first, second = steps(2, hold=1, n=1), steps(2, hold=1, n=2)
    wait_until(lambda: first.progress.message == second.progress.message == "step 1")
    unasked = jobs.submit("test_steps", {"steps": 1, "n": 3}, session="s", pressed=False)
    pressed = jobs.submit("test_steps", {"steps": 1, "hold": 0, "n": 4}, session="s")
    assert (unasked.status, pressed.status) == ("queued", "queued")
    assert pressed.place.number == 1
    let_go(first)
    wait_until(lambda: pressed.status == "running")
    assert unasked.status == "queued"
    for job in (second, pressed):
        let_go(job)
    wait_for(unasked, "done")


def test_a_job_of_a_gpu_waits_and_says_why(dask: DaskCluster) -> None:
    job = jobs.submit("test_steps", {"steps": 1}, device="cuda:0")
    wait_until(lambda: "no worker offers one" in job.error)
    assert job.status == "queued"
    dask.start_worker("gpu", "--resources", "GPU=1")
    wait_for(job, "done")
    assert job.error == ""
    dask.kill("gpu")


def test_a_server_that_begins_later_goes_on(dask: DaskCluster, root: Path) -> None:
    code = 'job = jobs.submit("test_steps", {"steps": 3, "hold": 1})\n'
    code += "while job.progress.message != 'step 1': pass\nprint(job.id)"
    run = [sys.executable, "-c", "from core import jobs\n" + code]
    job = jobs.get(subprocess.check_output(run, cwd=paths.PROJECT, text=True).strip())
    assert job.status == "running"
    let_go(job)
    wait_for(job, "done")
    assert len(began(job)) == 1


def test_workers_that_do_not_fit_are_named_with_the_reason(dask: DaskCluster, root: Path) -> None:
    """One of no Neurogallery, one of another code, and one that does not see the results."""
    copy = dask.folder / "copy"
    shutil.copytree(paths.PROJECT / "core", copy / "core", ignore=shutil.ignore_patterns("__py*"))
    (copy / "core" / "words.py").open("a").write("\n# of tomorrow\n")
    places = {"none": "/", "other": str(copy), "blind": str(paths.PROJECT)}
    for name, place in places.items():
        results = {"NEUROGALLERY_RESULTS": "/nowhere"} if name == "blind" else {}
        dask.start_worker(name, PYTHONPATH=place, cwd=place, **results)
    own = engine.current()
    root.mkdir(parents=True)

    def problems() -> list[str]:
        own.refresh(str(root))
        return sorted(each.problem for each in own.workers() if each.problem)

    wait_until(lambda: len(problems()) == 3)
    lines = problems()
    blind = next(line for line in lines if "does not see" in line)
    none = next(line for line in lines if "no Neurogallery" in line)
    (other,) = set(lines) - {blind, none}
    assert "does not see the folder" in blind
    assert "NEUROGALLERY_CLUSTER_RESULTS=returned" in blind
    assert other.count("(code ") == 2
    assert "has no Neurogallery" in none
    for name in places:
        dask.kill(name)
