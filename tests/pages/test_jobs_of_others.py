"""Damaged jobs, jobs that somebody else changed or removed, a full disk: never an exception."""

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import jobs
from core.jobs import queue, state
from tests.pages.app import labels, open_page, press, texts
from tests.pages.shared.frame.counting import end

SOUND = {"status": "done", "created": 5.0, "queued": 5.0, "started": 6.0, "ended": 8.0}
DAMAGES = {
    "cut": '{"status": "do',
    "list": "[]",
    "no status": {},
    "unknown status": {**SOUND, "status": "baking"},
    "created": {**SOUND, "created": "yesterday"},
    "infinite": {**SOUND, "created": float("inf")},
    "huge": {**SOUND, "created": 1e300},
    "started": {**SOUND, "started": None},
    "pid": {**SOUND, "status": "running", "pid": "7", "pid_created": 5.0},
    "large pid": {**SOUND, "status": "running", "pid": 2**70, "pid_created": 5.0},
    "error": {**SOUND, "status": "failed", "error": ["\ud800"]},
    "folder": None,
}


def damage(job: jobs.Job, content: object) -> None:
    path = job.folder / state.STATUS
    if content is None:
        path.unlink()
        path.mkdir()
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))


def mine(app: AppTest) -> AppTest:
    app.session_state["own_session"] = "mine"
    return app


def submit(name: str, **more: object) -> jobs.Job:
    return jobs.submit("rdm", {"rois": [name]}, session="mine", **more)


@pytest.mark.parametrize("content", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_job_is_one_row_that_can_be_removed(content):
    sound, damaged = submit("V1"), submit("V2")
    damage(damaged, content)
    app = mine(open_page("jobs")).run()
    assert not app.exception
    assert "**RDM** — rois V1" in texts(app)
    [error] = app.main.error
    assert "The state of this job cannot be read" in error.value
    assert ":material/broken_image: **RDM** — rois V2" in texts(app)
    assert f"session · {damaged.id}" in texts(app)
    app = press(app, "Remove")
    if "Remove it all the same" in labels(app):  # nobody knows whose it was
        app = press(app, "Remove it all the same")
    assert not app.exception
    assert not app.main.error
    assert jobs.statuses() == {sound: "queued"}


def test_many_damaged_jobs_and_other_pages_go_on():
    every = [submit(str(number)) for number in range(len(DAMAGES))]
    for job, content in zip(every, DAMAGES.values(), strict=True):
        damage(job, content)
    sound = submit("V1")
    app = open_page("jobs")
    assert not app.exception
    assert len(app.main.error) == len(DAMAGES)
    assert ":material/hourglass_empty: 1 job waiting" in texts(app)
    assert sound.status == "queued"
    assert not open_page("overview").exception


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"operation": "rdm"}', '{"operation": "rdm", "request": {"rois": 5}}',
                '{"operation": "rdm", "request": {"options": 5, "rois": {"\\ud800": "\\ud800"}}}']
)  # fmt: skip
@pytest.mark.parametrize("status", ["queued", "failed", "done"])
def test_damaged_requests_and_results_harm_their_row_alone(content, status):
    job, other = submit("V1"), submit("V2")
    if status != "queued":
        end(job, status)
    (job.folder / state.REQUEST).write_text(content)
    (job.folder / state.RESULT).write_text("[]")
    (job.folder / state.PROGRESS).write_text('{"fraction": "half", "written": NaN}')
    app = mine(open_page("jobs")).run()
    assert not app.exception
    assert "**RDM** — rois V2" in texts(app)
    if status == "done":
        assert "result.json" in texts(app) or "request.json" in texts(app)
        press(app, "Remove")
        assert jobs.statuses() == {other: "queued"}


# --- two people


@pytest.mark.parametrize("action", ["Resume", "Remove"])
@pytest.mark.parametrize("meanwhile", ["removed", "resumed", "done"])
def test_what_somebody_else_did_meanwhile_is_said_or_left_out(action, meanwhile):
    job = submit("V1")
    job.cancel()
    app = mine(open_page("jobs")).run()
    assert labels(app) == ["Resume", "Remove"]
    if meanwhile == "removed":
        job.remove()
    elif meanwhile == "resumed":
        job.resume()
        state.claim(job.folder, state.read_state(job.folder), os.getpid())
    else:
        job.resume()
        end(job)
    app = press(app, action)
    assert not app.exception
    said = [error.value for error in app.main.error]
    if (action, meanwhile) == ("Resume", "removed"):
        assert "There is no job" in said[0]
    elif (action, meanwhile) == ("Remove", "resumed"):
        assert "is running" in said[0]
        assert "Cancel it first" in said[0]
    else:
        assert said == []


@pytest.mark.parametrize("meanwhile", ["removed", "done", "cancelled"])
def test_a_cancel_of_what_has_ended_or_is_gone(meanwhile):
    job = submit("V1")
    app = mine(open_page("jobs")).run()
    if meanwhile == "removed":
        job.remove()
    else:
        end(job, meanwhile)
    app = press(app, "Cancel")
    assert not app.exception
    assert [("There is no job" in error.value) for error in app.main.error] == [True] * (
        meanwhile == "removed"
    )
    assert jobs.statuses() == ({} if meanwhile == "removed" else {job: meanwhile})


def test_what_is_done_is_removed_beside_what_is_gone_or_runs_again():
    every = [submit(str(number)) for number in range(3)]
    for job in every:
        end(job)
    app = mine(open_page("jobs")).run()
    every[0].remove()
    state.claim(every[1].folder, state.read_state(every[1].folder), os.getpid())
    app = press(app, "Remove finished (3)")
    assert not app.exception
    assert "is running" in app.main.error[0].value
    assert jobs.statuses() == {every[1]: "running"}


def test_a_job_that_goes_while_the_page_is_drawn_is_left_out(monkeypatch):
    submit("V1")
    gone = submit("V2")
    look = jobs.Job.look

    def go(job: jobs.Job) -> None:
        look(job)
        if job == gone and job.folder.is_dir():
            job.remove()

    monkeypatch.setattr(jobs.Job, "look", go)
    app = mine(open_page("jobs")).run()
    assert not app.exception
    assert "**RDM** — rois V1" in texts(app)
    assert "There is no job" not in texts(app)
    assert labels(app) == ["Cancel"]


# --- what a page cannot do


def refuse(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("page", ["jobs", "overview"])
def test_a_full_disk_with_a_dead_job_is_readable(page, monkeypatch):
    job, waits = submit("V1"), submit("V2")
    gone = replace(state.read_state(job.folder), status="running", pid=2**31 - 1, pid_created=5.0)
    state.write_state(job.folder, gone)
    monkeypatch.setattr(Path, "write_text", refuse)
    monkeypatch.setattr(Path, "touch", refuse)
    app = mine(open_page(page)).run()
    assert not app.exception
    assert waits.status == "queued"
    if page == "jobs":
        assert "ended without a word" in texts(app)
        for action in ("Resume", "Cancel"):
            app = press(app, action)
            assert not app.exception
            assert "disk is full" in app.main.error[0].value


def test_a_folder_of_jobs_that_cannot_be_read_is_a_message_on_every_page():
    queue._root().parent.mkdir()
    queue._root().touch()
    for page in ("jobs", "overview"):
        app = open_page(page)
        assert not app.exception
        assert "cannot be read" in "\n".join(each.value for each in app.sidebar.error)
    assert len(app.main.title) == 1
