"""A process is told by its start since the boot: setting the clock changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core import jobs, store
from core.jobs import order, processes, queue, state
from core.jobs.order import ActiveJob
from core.jobs.processes import Start
from core.jobs.state import State

HOURS = 3 * 3600.0
STEPS = [-HOURS, -3.0, 3.0, HOURS]
needs_proc = pytest.mark.skipif(not processes.BOOT_ID.exists(), reason="no /proc")


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> jobs.Job:
    """A job that this process runs."""
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path))
    monkeypatch.setattr(queue, "_start", lambda folder, state: False)
    job = jobs.submit("rdm", {}, session="a")
    state.claim(job.folder, state.read_state(job.folder), os.getpid())
    return job


def set_clock(monkeypatch: pytest.MonkeyPatch, step: float) -> None:
    """Move the clock as the system would: psutil derives starts from it."""
    now, create_time = time.time, psutil.Process.create_time
    monkeypatch.setattr(time, "time", lambda: now() + step)
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: create_time(self) + step)


@needs_proc
@pytest.mark.parametrize("step", STEPS)
def test_a_live_job_outlives_a_step_of_the_clock(job, monkeypatch, step) -> None:
    started = []
    monkeypatch.setattr(queue, "_start", lambda folder, state: bool(started.append(folder)))
    set_clock(monkeypatch, step)
    assert (job.status, job.error) == ("running", "")
    assert jobs.statuses() == {job: "running"}
    jobs.start_waiting()
    assert jobs.submit("rdm", {}) == job
    job.resume()
    assert started == []
    assert state.read_state(job.folder).pid == os.getpid()


@pytest.mark.parametrize("step", STEPS)
def test_elapsed_and_left_do_not_follow_the_clock(job, monkeypatch, step) -> None:
    if not processes.BOOT_ID.exists():
        pytest.skip("no /proc")
    report = state.Report(0.5, "half", time.monotonic() - 10.0, 20.0, 30.0)
    store.write_json(job.folder / state.PROGRESS, report.__dict__)
    set_clock(monkeypatch, step)
    progress = job.progress
    assert progress.elapsed_s == pytest.approx(30.0, abs=1.0)
    assert progress.seconds_left == pytest.approx(20.0, abs=1.0)


@needs_proc
def test_a_start_is_that_of_proc() -> None:
    start = processes.start_of(os.getpid())
    assert start is not None
    assert start.boot == processes.BOOT_ID.read_text().strip()
    # Oracle: seconds since the boot, by the clock that counts them.
    ago = time.clock_gettime(time.CLOCK_BOOTTIME) - start.ticks / os.sysconf("SC_CLK_TCK")
    assert ago == pytest.approx(time.time() - psutil.Process().create_time(), abs=3.0)


@needs_proc
def test_a_name_with_brackets_and_blanks_does_not_hide_the_start(tmp_path: Path) -> None:
    program = tmp_path / "a) 1 (b"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "60"]) as child:
        try:
            start = processes.start_of(child.pid)
            assert start is not None
            before = processes.start_of(os.getpid())
            assert before is not None
            assert start.ticks >= before.ticks > 0
            assert processes.find(child.pid, start) is not None
        finally:
            child.kill()


def test_another_boot_or_start_is_another_process() -> None:
    start = processes.start_of(os.getpid())
    assert start is not None
    assert processes.find(os.getpid(), start) is not None
    if start.boot:
        assert processes.find(os.getpid(), replace(start, boot="another")) is None
        assert processes.find(os.getpid(), replace(start, ticks=start.ticks + 1)) is None


def test_a_process_of_a_former_version_is_told_by_the_clock() -> None:
    created = psutil.Process().create_time()
    assert processes.find(os.getpid(), Start(created=created + 1.5)) is not None
    assert processes.find(os.getpid(), Start(created=created + 3.0)) is None
    assert processes.find(2**31 - 1, Start(created=created)) is None


def test_where_the_system_has_no_proc_the_noted_time_counts(monkeypatch) -> None:
    monkeypatch.setattr(processes, "boot_id", lambda: "")
    monkeypatch.setattr(processes, "PROC", Path("/nowhere"))
    start = processes.start_of(os.getpid())
    assert start is not None
    assert (start.boot, start.ticks) == ("", 0)
    assert processes.find(os.getpid(), start) is not None


def test_the_process_of_a_folder_is_known_by_its_command(tmp_path: Path) -> None:
    code = "import time; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, "job", str(tmp_path / "a")]) as child:
        try:
            found = processes.find_by_folder(tmp_path / "a")
            assert found is not None
            assert found.pid == child.pid
            assert processes.find_by_folder(tmp_path / "b") is None
        finally:
            child.kill()


# --- what else asks for the time


@pytest.mark.parametrize("step", [-HOURS, 0.0])
def test_a_clock_set_back_keeps_the_order_of_the_queue(step) -> None:
    now = 100_000.0
    before = ActiveJob(Path("before"), State("queued", queued=now - 60, session="a"))
    after = ActiveJob(Path("after"), State("queued", queued=now + step - 10, session="b"))
    first, _ = order.in_order([after, before], now + step)
    assert first.folder.name == "before"


def test_who_looked_before_the_clock_was_set_back_looks_no_longer() -> None:
    left = ActiveJob(Path("a"), State("running", session="a", started=5.0), 100_000.0 + HOURS)
    assert left.is_left_alone(100_000.0)


def test_a_look_is_noted_though_the_last_one_lies_in_the_future(job) -> None:
    job.look()
    seen = job.folder / state.SEEN
    os.utime(seen, (time.time() + HOURS, time.time() + HOURS))
    job.look()
    assert abs(seen.stat().st_mtime - time.time()) < 60


@pytest.mark.parametrize("step", [-HOURS, HOURS])
def test_a_cancel_is_enforced_after_a_while_by_no_clock(job, monkeypatch, step) -> None:
    ended = []
    monkeypatch.setattr(psutil.Process, "terminate", lambda self: ended.append(self.pid))
    job.cancel()
    set_clock(monkeypatch, step)
    assert job.status == "running"
    assert ended == []
    monkeypatch.setattr(state, "TERMINATE_S", -1.0)
    assert job.status == "running"
    assert ended == [os.getpid()]
