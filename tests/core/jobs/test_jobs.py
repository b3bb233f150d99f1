"""Jobs as real processes: one job a request, order, kill, cancel, resume, restart."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import torch

from core import jobs, paths, store
from core.errors import InputError, NotFoundError
from core.jobs import process, queue, state

PLUGIN = '''
import os, signal, sys, time
from pathlib import Path
from core.errors import InputError
from core.operations import OPERATIONS

for name in ("steps", "fail", "stubborn", "traced"):
    OPERATIONS.register(f"test_{name}", f"test_plugin:{name}")

def steps(request, progress, folder):
    """Counts to 'steps', keeps a checkpoint after each, and at 'hold' waits for the file 'go'."""
    checkpoint = folder / "checkpoint"
    first = int(checkpoint.read_text()) if checkpoint.exists() else 0
    for step in range(first, request["steps"]):
        progress(step / request["steps"], f"step {step}")
        time.sleep(request["pause"])
        while step == request.get("hold") and not (folder / "go").exists():
            progress(step / request["steps"], f"step {step}")
            time.sleep(0.01)
        checkpoint.write_text(str(step + 1))
    return {"first": first, "steps": request["steps"]}

def fail(request, progress, folder):
    if request["expected"]:
        raise InputError("The subject is 'sub-99'", choices=["sub-01"])
    return {"value": 1 / 0}

def stubborn(request, progress, folder):
    """Never looks at the flag; 'deaf' ignores SIGTERM too."""
    if request["deaf"]:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (folder / "ready").touch()
    time.sleep(600)

def traced(request, progress, folder):
    """Adds a line to a file when it begins and when it ends."""
    for event in ("begin", "end"):
        with open(request["file"], "a") as file:
            file.write(f"{event} {request['number']}\\n")
        time.sleep(request["pause"])
    return {}
'''

PATIENCE_S = 600.0  # nothing waits as long but on a machine that is stuck


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "test_plugin.py").write_text(PLUGIN)
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("NEUROGALLERY_PLUGINS", "test_plugin")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.delenv("NEUROGALLERY_CPU_JOBS", raising=False)
    yield tmp_path / "results" / "jobs"
    for job in jobs.all_jobs():
        job.cancel()
    for job in jobs.all_jobs():
        now = state.read_state(job.folder)
        process = state.find_process(now)
        if now.status == "running" and process is not None:
            process.kill()
            process.wait(PATIENCE_S)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def wait_for(job: jobs.Job, status: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while (now := job.status) != status:
        log = job.folder / state.LOG
        assert time.monotonic() < end, (now, job.error, log.exists() and log.read_text())
        time.sleep(0.02)


def steps(count: int, pause: float = 0.0, **more: object) -> jobs.Job:
    return jobs.submit("test_steps", {"steps": count, "pause": pause, **more})


def let_go(job: jobs.Job) -> None:
    """Let a job pass the step at which it holds."""
    (job.folder / "go").touch()


def pid_of(job: jobs.Job) -> int:
    return state.read_state(job.folder).pid


def in_new_process(code: str) -> str:
    """Run code as a restarted server would, and give what it prints."""
    return subprocess.check_output(
        [sys.executable, "-c", "from core import jobs\n" + code], cwd=paths.PROJECT, text=True
    ).strip()


# --- one job


def test_a_job_runs_and_gives_its_result() -> None:
    began = time.time()
    job = steps(3)
    wait_for(job, "done")
    assert job.result == {"first": 0, "steps": 3}
    assert job.error == ""
    assert job.operation == "test_steps"
    assert job.request == {"steps": 3, "pause": 0.0}
    assert began <= job.created <= time.time()
    assert (job.progress.fraction, job.progress.message) == (1.0, "step 2")


def test_the_same_request_twice_is_one_job() -> None:
    first = jobs.submit("test_steps", {"steps": 2, "pause": 0.0, "rois": ("V1", "V2")})
    again = jobs.submit("test_steps", {"rois": ["V1", "V2"], "pause": 0.0, "steps": 2})
    assert again == first
    wait_for(first, "done")
    pid = pid_of(first)
    assert jobs.submit("test_steps", dict(first.request)) == first
    assert (first.status, pid_of(first)) == ("done", pid)
    assert jobs.all_jobs() == [first]


def test_progress_tells_the_time_left() -> None:
    job = steps(1000, 0.02)
    wait_until(lambda: job.progress.seconds_left is not None)
    progress = job.progress
    assert 0 < progress.fraction < 1
    assert progress.message.startswith("step ")
    assert progress.elapsed_s > 0
    # At least 20 ms a step, and no more than the pace since the start, which counts imports.
    pace = progress.elapsed_s / progress.fraction
    assert 20 * (1 - progress.fraction) - 15 < progress.seconds_left < pace


def test_an_error_of_ours_is_the_message() -> None:
    job = jobs.submit("test_fail", {"expected": True})
    wait_for(job, "failed")
    assert job.error == "The subject is 'sub-99'. Choices: sub-01."
    assert "Traceback" not in (job.folder / state.LOG).read_text()
    assert job.result == {}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            MemoryError("Unable to allocate 9 GiB"),
            "The memory does not suffice (Unable to allocate",
        ),
        (
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB.\nMore of it"),
            "The memory of the GPU does not suffice (CUDA out of memory. Tried to allocate 9 GiB.)",
        ),
    ],
)
def test_memory_that_runs_out_is_one_line(error, words, tmp_path) -> None:
    def run_out(*_: object) -> None:
        raise error

    (tmp_path / "request.json").write_text('{"operation": "any", "request": {}}')
    status, line = process._attempt(tmp_path, lambda name: run_out, process.Reporter(tmp_path))
    assert status == "failed"
    assert line.startswith(words)
    assert "\n" not in line


def test_an_unexpected_error_has_its_traceback_in_the_log() -> None:
    job = jobs.submit("test_fail", {"expected": False})
    wait_for(job, "failed")
    assert job.error == "ZeroDivisionError: division by zero"
    assert "test_plugin.py" in (job.folder / state.LOG).read_text()


def test_an_unknown_operation_fails_with_the_choices() -> None:
    job = jobs.submit("test_unknown", {})
    wait_for(job, "failed")
    assert "There is no operation 'test_unknown'" in job.error
    assert "test_steps" in job.error


# --- the queue


def test_jobs_run_first_in_first_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROGALLERY_CPU_JOBS", "1")
    trace = tmp_path / "trace"
    submitted = [
        jobs.submit("test_traced", {"file": str(trace), "number": number, "pause": 0.02})
        for number in (2, 0, 1)
    ]
    assert [job.status for job in submitted] == ["running", "queued", "queued"]
    wait_for(submitted[-1], "done")
    expected = [f"{event} {number}" for number in (2, 0, 1) for event in ("begin", "end")]
    assert trace.read_text().splitlines() == expected
    assert jobs.all_jobs() == submitted[::-1]


def test_the_next_job_starts_though_nobody_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUROGALLERY_CPU_JOBS", "1")
    trace = tmp_path / "trace"
    for number in range(2):
        jobs.submit("test_traced", {"file": str(trace), "number": number, "pause": 0.0})
    wait_until(lambda: trace.exists() and "end 1" in trace.read_text())


def test_each_gpu_takes_one_job_beside_those_of_the_cpu() -> None:
    def on(device: str, number: int) -> jobs.Job:
        return jobs.submit("test_stubborn", {"deaf": False, "n": number}, device=device)

    devices = ["cuda:0", "cuda:0", "cuda:1", "cpu", "cpu", "cpu"]
    submitted = [on(device, number) for number, device in enumerate(devices)]
    expected = ["running", "queued", "running", "running", "running", "queued"]
    assert [job.status for job in submitted] == expected
    assert [job.device for job in submitted] == devices


def test_many_pollers_start_each_job_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = tmp_path / "trace"
    code = f"""
for number in range(4):
    jobs.submit("test_traced", {{"file": {str(trace)!r}, "number": number, "pause": 0.0}})
while any(job.status != "done" for job in jobs.all_jobs()):
    pass
"""
    pollers = [
        subprocess.Popen(
            [sys.executable, "-c", "from core import jobs\n" + code], cwd=paths.PROJECT
        )
        for _ in range(3)
    ]
    assert [poller.wait(PATIENCE_S) for poller in pollers] == [0, 0, 0]
    expected = [f"{event} {number}" for number in range(4) for event in ("begin", "end")]
    assert sorted(trace.read_text().splitlines()) == sorted(expected)


# --- killed, resumed, removed


def test_a_killed_job_harms_nobody_and_resumes_from_its_checkpoint() -> None:
    killed, other = steps(15, hold=3), steps(16)
    wait_until(lambda: killed.progress.message == "step 3")
    assert psutil.Process(pid_of(killed)).nice() >= 10  # behind the pages
    os.kill(pid_of(killed), signal.SIGKILL)
    wait_for(killed, "interrupted")
    assert "ended without a word (killed?)" in killed.error
    assert "Resume or remove it" in killed.error
    reached = int((killed.folder / "checkpoint").read_text())
    wait_for(other, "done")
    let_go(killed)
    killed.resume()
    assert killed.error == ""
    wait_for(killed, "done")
    assert killed.result["first"] >= reached > 0
    killed.remove()
    assert jobs.all_jobs() == [other]
    with pytest.raises(NotFoundError, match="no job"):
        killed.status  # noqa: B018


def test_a_dead_job_frees_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROGALLERY_CPU_JOBS", "1")
    dead, waiting = steps(1000, 0.05), steps(1)
    os.kill(pid_of(dead), signal.SIGKILL)
    wait_for(waiting, "done")


def test_a_process_with_the_same_number_is_not_the_job() -> None:
    job = steps(1)
    wait_for(job, "done")
    stale = {"status": "running", "pid": os.getpid(), "pid_created": 1.0, "created": job.created}
    store.write_json(job.folder / state.STATUS, stale)
    assert job.status == "interrupted"


def test_a_signal_to_stop_interrupts_a_job() -> None:
    job = steps(1000, 0.05)
    wait_until(lambda: (job.folder / "checkpoint").exists())
    os.kill(pid_of(job), signal.SIGTERM)
    wait_for(job, "interrupted")
    assert "told to stop" in job.error


def test_a_running_job_is_not_removed() -> None:
    job = steps(1000, 0.05)
    with pytest.raises(InputError, match="Cancel it first"):
        job.remove()
    assert job.status == "running"


def test_ended_processes_leave_no_zombies() -> None:
    job = steps(1)
    wait_for(job, "done")
    pid = pid_of(job)
    wait_until(lambda: jobs.start_waiting() or not psutil.pid_exists(pid))


# --- cancelled


def test_a_running_job_stops_at_its_flag_and_the_same_request_resumes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state, "TERMINATE_S", PATIENCE_S)  # by its flag, not by a signal
    job = steps(20, hold=3)
    wait_until(lambda: (job.folder / "checkpoint").exists())
    job.cancel()
    wait_for(job, "cancelled")
    assert not (job.folder / state.RESULT).exists()
    let_go(job)
    assert steps(20, hold=3) == job
    wait_for(job, "done")
    assert job.result["first"] > 0


@pytest.mark.parametrize("deaf", [False, True])
def test_a_job_that_ignores_the_flag_is_ended(monkeypatch: pytest.MonkeyPatch, deaf: bool) -> None:
    monkeypatch.setattr(state, "TERMINATE_S", 0.2)
    monkeypatch.setattr(state, "KILL_S", 0.6 if deaf else 1000.0)
    job = jobs.submit("test_stubborn", {"deaf": deaf})
    wait_until((job.folder / "ready").exists)
    pid = pid_of(job)
    job.cancel()
    assert job.status == "running"
    wait_for(job, "cancelled")
    wait_until(lambda: jobs.start_waiting() or not psutil.pid_exists(pid))


def test_a_waiting_job_is_cancelled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROGALLERY_CPU_JOBS", "1")
    running, waiting = steps(10, hold=0), steps(1)
    waiting.cancel()
    assert waiting.status == "cancelled"
    let_go(running)
    wait_for(running, "done")
    jobs.start_waiting()
    assert waiting.status == "cancelled"
    running.cancel()
    assert running.status == "done"


def test_an_overtaken_job_is_told_from_an_unwanted_one() -> None:
    unwanted, overtaken = steps(1000, 0.05), steps(1001, 0.05)
    unwanted.cancel()
    overtaken.overtake()
    for job in (unwanted, overtaken):
        wait_for(job, "cancelled")
    assert not unwanted.is_overtaken
    assert overtaken.is_overtaken
    overtaken.resume()
    assert not overtaken.is_overtaken
    overtaken.cancel()
    wait_for(overtaken, "cancelled")
    assert not overtaken.is_overtaken


def test_a_restarted_server_finds_its_jobs() -> None:
    code = 'print(jobs.submit("test_steps", {"steps": 20, "pause": 0, "hold": 3}).id)'
    job = jobs.get(in_new_process(code))
    assert job.status == "running"
    let_go(job)
    wait_for(job, "done")
    code = f"job = jobs.get({job.id!r}); print(job.status, job.result, len(jobs.all_jobs()))"
    assert in_new_process(code) == "done {'first': 0, 'steps': 20} 1"


def test_another_server_sees_that_a_job_was_killed() -> None:
    job = steps(1000, 0.05)
    os.kill(pid_of(job), signal.SIGKILL)
    # The process is a zombie until its parent, this process, collects it.
    assert in_new_process(f"print(jobs.get({job.id!r}).status)") == "interrupted"


def test_results_stay_in_one_place_where_the_path_is_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEUROGALLERY_RESULTS", "relative")
    job = steps(1)
    wait_for(job, "done")
    assert job.folder.parent == tmp_path / "relative" / "jobs"


# --- bad input and damage


@pytest.mark.parametrize("job_id", ["../../etc", "rdm-0123", "rdm-" + "0" * 16, "", "a/b"])
def test_unknown_and_traversing_ids_are_not_found(job_id: str) -> None:
    with pytest.raises(NotFoundError, match="There is no job"):
        jobs.get(job_id)


def test_bad_requests_are_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="operation"):
        jobs.submit("../rdm", {})
    with pytest.raises(InputError, match="device"):
        jobs.submit("test_steps", {}, device="gpu")
    with pytest.raises(InputError, match="JSON"):
        jobs.submit("test_steps", {"path": Path("x")})
    assert jobs.all_jobs() == []
    monkeypatch.setenv("NEUROGALLERY_CPU_JOBS", "many")
    with pytest.raises(InputError, match="NEUROGALLERY_CPU_JOBS"):
        steps(1)


def test_a_damaged_status_harms_only_its_job() -> None:
    damaged, other = steps(1), steps(2)
    wait_for(damaged, "done")
    wait_for(other, "done")
    (damaged.folder / state.STATUS).write_text('{"status": "do')
    (damaged.folder / state.REQUEST).write_text("{")
    assert damaged.status == "damaged"
    assert "cannot be read" in damaged.error
    assert set(jobs.all_jobs()) == {damaged, other}
    assert steps(1) == damaged
    wait_for(damaged, "done")


def test_a_job_runs_by_hand_only_when_it_waits() -> None:
    job = steps(1)
    wait_for(job, "done")
    command = [sys.executable, "-m", "core", "job", str(job.folder), "--json"]
    refused = subprocess.run(command, cwd=paths.PROJECT, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "is done" in refused.stderr
    waiting = {"status": "queued", "device": "cuda:7", "queued": time.time()}
    store.write_json(job.folder / state.STATUS, waiting)
    ran = subprocess.run(command, cwd=paths.PROJECT, capture_output=True, text=True)
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["status"] == "done"


def test_the_time_left_of_a_resumed_job_follows_from_this_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(process.time, "monotonic", lambda: clock[0])
    report = process.Reporter(tmp_path)
    for seconds, fraction in [(0, 0.0), (9, 0.0), (1, 0.5), (10, 0.6)]:
        clock[0] += seconds
        report(fraction, "")
    assert report._pace.seconds_left(20) == pytest.approx(40)


@pytest.mark.parametrize(
    ("slots", "outside", "threads"), [("2", None, "4"), ("16", None, "1"), ("2", "3", "3")]
)
def test_jobs_share_the_processors(slots, outside, threads, monkeypatch):
    environments = []

    def start(*words, env, **more):
        environments.append(env)
        raise OSError("not in this test")

    monkeypatch.setattr(queue.subprocess, "Popen", start)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setenv("NEUROGALLERY_CPU_JOBS", slots)
    for name in queue.THREADS:
        monkeypatch.delenv(name, raising=False)
        if outside is not None:
            monkeypatch.setenv(name, outside)
    steps(1)
    assert [environments[0][name] for name in queue.THREADS] == [threads] * 3
