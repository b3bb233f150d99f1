"""Jobs of a server in read-only mode: a budget, and nobody ends or removes those of others."""

from dataclasses import replace

import pytest

from core import jobs, store
from core.errors import Cancelled, NeurogalleryError
from core.jobs import process, queue, state
from core.jobs.earlier_runs import remember
from core.jobs.time_left import Course
from core.store import read_only


@pytest.fixture(autouse=True)
def on(monkeypatch, tmp_path):
    monkeypatch.setenv(read_only.SWITCH, "1")
    monkeypatch.setattr(queue, "_start", lambda folder, state: False)
    (tmp_path / "results").mkdir()


def submit(session="mine", **more):
    return jobs.submit("count", {"to": 3}, session=session, **more)


def run(job, count):
    return process.run(job.folder, lambda operation: count)


def test_a_quick_job_runs():
    job = submit(seconds=5.0)
    assert run(job, lambda request, progress, folder: progress(1.0, "") or request) == 0
    assert job.result == {"to": 3}


def test_a_long_one_leaves_no_trace():
    with pytest.raises(NeurogalleryError, match="this takes about 5 minutes"):
        submit(seconds=300.0)
    assert jobs.all_jobs() == []
    assert "about 5 minutes" in jobs.refusal("count", {"to": 3}, 300.0)


def test_what_earlier_runs_took_counts_where_the_request_does_not_say(tmp_path):
    remember(tmp_path / "results", "count", {"to": 3}, Course((0.0, 1.0), (0.0, 300.0)))
    assert "about 5 minutes" in jobs.refusal("count", {"to": 3})
    assert jobs.refusal("count", {"to": 3}, 5.0) == ""
    with pytest.raises(NeurogalleryError):
        submit()


def test_a_job_that_is_there_is_found_however_long_it_takes(monkeypatch):
    monkeypatch.delenv(read_only.SWITCH)
    job = submit(seconds=300.0)
    monkeypatch.setenv(read_only.SWITCH, "1")
    assert submit("another", seconds=300.0) == job
    assert job.status == "queued"


@pytest.mark.parametrize("operation", ["fetch", "export"])
def test_nothing_is_written_to_the_data_folder(operation):
    with pytest.raises(NeurogalleryError, match="nothing is written to the data folder"):
        jobs.submit(operation, {"name": "kriegeskorte92"}, seconds=0.1)
    assert jobs.all_jobs() == []


def test_one_that_takes_twice_the_budget_ends_and_is_not_started_again(monkeypatch):
    monkeypatch.setenv(read_only.BUDGET, "20")
    monkeypatch.setattr(process.Reporter, "elapsed", 41.0)
    job, steps = submit(), []

    def count(request, progress, folder):
        for step in range(3):
            progress(step / 3, "")
            steps.append(step)

    assert run(job, count) == 2
    assert (job.status, steps) == ("failed", [])
    assert job.error.startswith("Read-only mode ended this job after about 40 seconds.")
    with pytest.raises(NeurogalleryError, match="this takes about 40 seconds"):
        job.resume("mine")
    with pytest.raises(NeurogalleryError, match="this takes about 40 seconds"):
        submit(seconds=5.0)
    assert job.status == "failed"


def test_parts_that_go_on_after_an_error_end_too(monkeypatch):
    monkeypatch.setattr(process.Reporter, "elapsed", 1000.0)

    def ablate(request, progress, folder):
        for _ in range(2):
            try:
                progress(0.1, "")
            except NeurogalleryError:
                pytest.fail("an error would be listed, and the rest go on")

    job = submit()
    run(job, ablate)
    assert job.status == "failed"


def test_a_cancel_is_a_cancel_however_late(monkeypatch):
    monkeypatch.setattr(process.Reporter, "elapsed", 1000.0)
    job = submit()
    reporter = process.Reporter(job.folder)
    reporter.begin("count", {})
    (job.folder / state.CANCEL).touch()
    with pytest.raises(Cancelled):
        reporter.check_cancelled()
    assert reporter.how_ended() == ("cancelled", "")


def test_a_session_cancels_its_own_alone():
    job = submit("mine")
    for session in ("another", ""):
        with pytest.raises(NeurogalleryError, match="by the session that started it"):
            job.cancel(session)
        assert job.status == "queued"
    job.cancel("mine")
    assert job.status == "cancelled"


def test_jobs_are_not_removed_but_make_way_for_a_new_result():
    job = submit()
    state.end(job.folder, replace(state.read_state(job.folder), started=1.0), "done")
    with pytest.raises(NeurogalleryError, match="nothing is added, renamed or deleted"):
        job.remove()
    assert job.folder.is_dir()
    job.make_way()
    assert jobs.all_jobs() == []


def test_without_the_mode_everything_is_as_it_was(monkeypatch):
    monkeypatch.delenv(read_only.SWITCH)
    job = submit(seconds=1e6)
    job.cancel()
    job.resume(seconds=1e6)
    assert job.status == "queued"
    job.remove()
    assert store.entries() == jobs.all_jobs() == []
