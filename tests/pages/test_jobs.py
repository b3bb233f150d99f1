"""The page Jobs: what every job does, whose it is, its place, and what can be done about it."""

import os
import time
from dataclasses import replace

import pytest

from core import jobs, store
from core.jobs import state
from core.operations import OPERATIONS, Operation
from tests.pages.app import labels, open_page, press, texts
from tests.pages.shared.frame.counting import end


def test_requests_are_told_in_words():
    recording = {"dataset": "simulated", "subject": "S1", "options": {"stimuli": 80, "snr": 0.4}}
    matrix = {"rois": ["V1", "V2"], "metric": "cosine", "noise": "none", "order": "original"}
    jobs.submit("rdm", {**recording, "stimuli": [], "fingerprint": "abc", **matrix})
    space = {"source": "responses", "method": "tsne", "parameters": {"perplexity": 10}, "seed": 0}
    jobs.submit("map", {**recording, **space, "fingerprint": "abc", "roi": "V1"})
    shown = texts(open_page("jobs"))
    assert "**RDM** — dataset simulated, subject S1, rois V1 + V2, metric cosine, " in shown
    assert "metric cosine, stimuli 80" in shown
    assert "**Map** — dataset simulated, subject S1, source responses, method tsne, " in shown
    assert "roi V1, perplexity 10, stimuli 80" in shown
    assert "abc" not in shown


def test_jobs_of_plugins_old_new_and_gone(monkeypatch):
    monkeypatch.setattr(OPERATIONS, "_entries", dict(OPERATIONS._entries))
    OPERATIONS.register("old", "plugin:old")
    OPERATIONS.register("new", Operation("plugin:new", "Baking", fields=("cake",)))
    for operation in ("old", "new", "gone"):
        jobs.submit(operation, {"cake": "lemon_1", "oven": 3})
    end(jobs.all_jobs()[0], "failed")
    app = open_page("jobs")
    assert not app.exception
    assert "**old** — cake lemon\\_1, oven 3" in texts(app)
    assert "**gone** — cake lemon\\_1, oven 3" in texts(app)
    assert "**Baking** — cake lemon\\_1" in texts(app)
    assert texts(app).count("oven") == 2


def run_for(job, seconds, **progress):
    """Make a job one that runs in this process, as far as it has told."""
    state.claim(job.folder, state.read_state(job.folder), os.getpid())
    now = state.read_state(job.folder)
    state.write_state(job.folder, replace(now, started=time.time() - seconds))
    store.write_json(job.folder / state.PROGRESS, {"written": time.time(), **progress})


def test_a_job_on_a_cluster_says_where_it_runs_and_why_it_cannot_begin():
    running, waiting = jobs.submit("rdm", {"rois": ["V1"]}), jobs.submit("rdm", {"rois": ["V2"]})
    now = state.read_state(running.folder)
    there = {"engine": "dask", "worker": "tcp://10.0.0.3:4567", "ticket": "t"}
    state.write_state(running.folder, replace(now, status="running", **there))
    now = state.read_state(waiting.folder)
    state.write_state(waiting.folder, replace(now, error="No worker offers a GPU."))
    app = open_page("jobs")
    assert "on dask, tcp://10.0.0.3:4567" in texts(app)
    assert "No worker offers a GPU." in {bar.proto.text for bar in app.get("progress")}


def test_jobs_that_wait_say_their_place_and_since_when():
    first = jobs.submit("rdm", {"rois": ["V1"]}, session="a", pressed=False)
    second = jobs.submit("rdm", {"rois": ["V2"]}, session="b")
    since = time.strftime("%H:%M", time.localtime(second.queued))
    app = open_page("jobs")
    said = {bar.proto.text for bar in app.get("progress")}
    assert f"Waits, 1 of 2 in the queue, since {since} (a few seconds)" in said
    assert f"Waits, 2 of 2 in the queue, since {since} (a few seconds)" in said
    assert ":material/hourglass_empty: 2 jobs waiting" in texts(app)
    assert (first.place.number, second.place.number) == (2, 1)


def test_a_job_says_how_long_it_has_in_words_and_the_sidebar_the_most_advanced():
    little = jobs.submit("rdm", {"rois": ["V1"]})
    more = jobs.submit("clusters", {"roi": []})
    jobs.submit("map", {})
    run_for(little, 5, fraction=0.2, message="Opening", seconds_left=906.0)
    run_for(more, 130, fraction=0.7, message="Stability: 3 of 10", seconds_left=24.0)
    app = open_page("jobs")
    bars = {bar.proto.text: bar.proto.value for bar in app.main.get("progress")}
    assert bars["Opening · about 15 minutes left"] == 20
    assert bars["Stability\\: 3 of 10 · about 20 seconds left"] == 70
    assert "running for about 2 minutes" in texts(app)
    [line] = app.sidebar.get("progress")
    assert line.proto.text == "3 jobs · first done in about 20 seconds"
    assert line.proto.value == 70


@pytest.mark.parametrize("session", ["", "another"])
def test_another_session_is_asked_before_it_cancels_or_removes(session):
    job = jobs.submit("rdm", {}, session=session)
    app = press(open_page("jobs"), "Cancel")
    assert job.status == "queued"
    assert "Started by another session or on the command line." in texts(app)
    assert "of another session" in texts(app)
    app = press(app, "Leave it")
    assert labels(app) == ["Cancel"]
    app = press(press(app, "Cancel"), "Cancel it all the same")
    assert job.status == "cancelled"
    assert labels(app) == ["Resume", "Remove"]
    app = press(press(app, "Remove"), "Remove it all the same")
    assert jobs.all_jobs() == []
    assert "No job yet" in texts(app)


def test_the_session_that_started_or_resumed_a_job_is_not_asked():
    app = open_page("jobs")
    app.session_state["own_session"] = own = "mine"
    mine = jobs.submit("rdm", {"rois": ["V1"]}, session=own)
    other = jobs.submit("rdm", {"rois": ["V2"]}, session="another")
    other.cancel()
    app = press(app.run(), "Resume")
    assert (other.status, other.session) == ("queued", own)
    while "Cancel" in labels(app):
        app = press(app, "Cancel")
    assert [job.status for job in (mine, other)] == ["cancelled", "cancelled"]
    assert texts(app).count("of this session") == 2


def test_what_is_done_is_removed_at_once_and_of_others_when_confirmed():
    app = open_page("jobs")
    assert "Remove finished (1)" not in labels(app)
    app.session_state["own_session"] = own = "mine"
    for number in range(3):
        end(jobs.submit("rdm", {"rois": [str(number)]}, session=own))
    app = press(app.run(), "Remove finished (3)")
    assert jobs.all_jobs() == []
    mine, others, waits = (
        jobs.submit("rdm", {"rois": [name]}, session=session)
        for name, session in (("a", own), ("b", "another"), ("c", own))
    )
    end(mine)
    end(others)
    app = press(app.run(), "Remove finished (2)")
    assert "Started by another session or on the command line: 1 finished job." in texts(app)
    app = press(app, "Leave them")
    assert len(jobs.all_jobs()) == 3
    app = press(press(app, "Remove finished (2)"), "Only those of this session (1)")
    assert set(jobs.all_jobs()) == {others, waits}
    press(press(app, "Remove finished (1)"), "Remove all the same")
    assert jobs.all_jobs() == [waits]


def test_looking_at_page_jobs_keeps_those_of_this_session_in_front():
    app = open_page("jobs")
    app.session_state["own_session"] = "mine"
    mine = jobs.submit("rdm", {"rois": ["V1"]}, session="mine")
    other = jobs.submit("rdm", {"rois": ["V2"]}, session="another")
    app.run()
    assert (mine.folder / state.SEEN).exists()
    assert not (other.folder / state.SEEN).exists()
