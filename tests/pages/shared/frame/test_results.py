"""Stored, else a job, else a button: every variant, and what becomes of results that are gone."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import jobs, store
from core.jobs import state
from core.store import read_only
from pages.shared.frame import jobs as jobs_panel
from pages.shared.frame import results
from tests.pages.app import RUN_S, texts
from tests.pages.shared.frame.counting import CountRequest, end, keep, key_of


def page():
    import streamlit as st

    from pages.shared.frame import jobs as jobs_panel
    from pages.shared.frame import results
    from tests.pages.shared.frame import counting

    jobs_panel.begin()
    variant = dict(st.session_state["variant"])
    if variant.pop("live", False):
        variant["live"] = counting.draw
    if variant.pop("when_changed", False):
        variant["when_changed"] = lambda: st.session_state.update(content="changed")
    request = counting.CountRequest(
        st.session_state["number"],
        st.session_state["content"],
        st.session_state["knows_key"],
        st.session_state["takes"],
    )
    st.markdown(f"result {results.get(request, counting.load, **variant)}")
    jobs_panel.forget_former()


def opened(number=3, knows_key=True, content="as it was", takes=1.0, **variant):
    app = AppTest.from_function(page, default_timeout=RUN_S)
    for name, value in locals().items():
        if name != "app":
            app.session_state[name] = value
    return app.run()


def labels(app):
    return [button.label for button in app.button]


def job():
    (only,) = jobs.all_jobs()
    return only


def test_what_is_stored_is_given_without_a_job():
    keep(3)
    app = opened()
    assert "result 6" in texts(app)
    assert not jobs.all_jobs()
    assert not app.button
    assert "job" not in app.query_params


def test_work_starts_unasked_and_is_watched():
    app = opened()
    assert "result None" in texts(app)
    assert "Count to 3 \\* 2" in texts(app)
    assert (job().request, job().device) == ({"number": 3}, "cuda:1")
    assert app.query_params["job"] == job().id
    assert labels(app) == ["Cancel"]
    keep(3)
    end(job(), key=key_of(3))
    app.run()
    assert "result 6" in texts(app)
    assert app.query_params["job"] == job().id


@pytest.mark.parametrize(("takes", "words"), [(30.0, ", about 30 seconds"), (None, "")])
def test_work_of_more_than_two_seconds_is_a_button_that_says_how_long(takes, words):
    app = opened(takes=takes)
    assert not jobs.all_jobs()
    assert labels(app) == [f"Count to 3 \\* 2{words}"]
    app.button[0].click().run()
    assert job().status == "queued"
    assert opened(takes=takes, on_click=False)
    assert len(jobs.all_jobs()) == 1


def test_work_on_a_click():
    app = opened(on_click=True)
    assert labels(app) == ["Count to 3 \\* 2, a few seconds"]
    assert not jobs.all_jobs()
    app.button[0].click().run()
    assert job().status == "queued"
    assert labels(app) == ["Cancel"]


@pytest.mark.parametrize("on_click", [True, False])
def test_a_failed_job_can_be_tried_again(on_click):
    opened(on_click=on_click)
    request = CountRequest(3)
    end(jobs.submit("count", request.to_json()), "failed")
    app = opened(on_click=on_click)
    assert labels(app) == (["Try again", "Dismiss"] if on_click else ["Try again"])
    app.button[0].click().run()
    assert job().status == "queued"


def test_a_key_that_only_the_job_knows():
    keep(3)
    app = opened(knows_key=False, on_click=True)
    assert "result None" in texts(app)
    end(jobs.submit("count", {"number": 3}), key=key_of(3))
    assert "result 6" in texts(opened(knows_key=False, on_click=True))


@pytest.mark.parametrize("knows_key", [True, False])
def test_a_job_whose_result_was_deleted_is_offered_again(knows_key):
    end(jobs.submit("count", {"number": 3}), key=keep(3))
    store.remove(key_of(3))
    app = opened(knows_key=knows_key, on_click=True)
    assert labels(app) == ["Count to 3 \\* 2, a few seconds"]
    assert not jobs.all_jobs()
    end(jobs.submit("count", {"number": 3}), key=key_of(3))
    opened(knows_key=knows_key)
    assert job().status == "queued"


def test_a_result_of_files_that_have_changed_forgets_the_recording():
    end(jobs.submit("count", {"number": 3}), key=keep(3, "changed"))
    app = opened(on_click=True, when_changed=True)
    assert "result 6" in texts(app)
    assert not jobs.all_jobs()


def test_a_result_that_is_kept_between_two_looks_is_not_lost(monkeypatch):
    end(jobs.submit("count", {"number": 3}), key=key_of(3))
    looks = []

    def load(key):
        looks.append(key)
        return 6 if len(looks) > 1 else None

    monkeypatch.setattr(jobs_panel, "note", lambda job: None)
    assert results.get(CountRequest(3), load) == 6
    assert job().status == "done"


def test_one_at_a_time():
    app = opened(number=3, one_at_a_time=True)
    app.session_state["number"] = 4
    app.run()
    statuses = {each.request["number"]: each.status for each in jobs.all_jobs()}
    assert statuses == {3: "cancelled", 4: "queued"}
    app.session_state["number"] = 3
    app.run()
    statuses = {each.request["number"]: each.status for each in jobs.all_jobs()}
    assert statuses == {3: "queued", 4: "cancelled"}


def test_what_another_session_began_is_not_cancelled():
    """Two look at the same settings; one of them goes on to others."""
    opened(number=3, one_at_a_time=True)
    app = opened(number=3, one_at_a_time=True)
    app.session_state["number"] = 4
    app.run()
    statuses = {each.request["number"]: each.status for each in jobs.all_jobs()}
    assert statuses == {3: "queued", 4: "queued"}


def test_what_a_person_pressed_is_told_from_what_a_page_began():
    app = opened(number=3)
    unasked = job()
    assert unasked.session == app.session_state["own_session"]
    assert (unasked.folder / state.SEEN).exists()
    app = opened(number=4, on_click=True)
    app.button[0].click().run()
    pressed = jobs.all_jobs()[0]
    assert pressed.session == app.session_state["own_session"] != unasked.session
    waits = [state.read_state(each.folder).pressed for each in (unasked, pressed)]
    assert waits == [False, True]
    assert (pressed.place.number, unasked.place.number) == (1, 2)


def test_a_former_job_that_was_removed_is_no_hindrance():
    app = opened(number=3, one_at_a_time=True)
    job().remove()
    app.session_state["number"] = 4
    app.run()
    assert not app.exception
    assert job().request == {"number": 4}


def test_what_a_job_has_so_far_is_drawn():
    app = opened(on_click=True, live=True)
    assert "so far" not in texts(app)
    app.button[0].click().run()
    assert f"{job().id} so far" in texts(app)
    app.button[0].click().run()
    assert job().status == "cancelled"
    assert f"{job().id} so far" in texts(app)


def test_that_nothing_was_there_is_not_remembered():
    @st.cache_resource(max_entries=2)
    def load(key):
        return kept.get(key)

    kept = {}
    assert results.recall(load, "a") is None
    kept["a"] = 1
    assert results.recall(load, "a") == 1
    kept.clear()
    assert results.recall(load, "a") == 1


def test_a_job_that_somebody_removes_while_the_page_looks_is_left_out(monkeypatch):
    gone, stored = jobs.submit("count", {"number": 3}), results._stored

    def remove_first(*arguments):
        gone.remove()
        return stored(*arguments)

    monkeypatch.setattr(results, "_stored", remove_first)
    app = opened(takes=30.0)
    assert not app.exception
    assert not app.error
    assert not jobs.all_jobs()
    assert labels(app) == ["Count to 3 \\* 2, about 30 seconds"]


def test_a_damaged_job_can_be_removed_or_resumed_where_it_shows():
    damaged = jobs.submit("count", {"number": 3})
    (damaged.folder / state.STATUS).write_text("[]")
    app = opened()
    assert not app.exception
    assert "The state of this job cannot be read" in texts(app)
    assert labels(app) == ["Resume", "Remove"]
    app.button[0].click().run()
    assert damaged.status == "queued"


# --- read-only mode


def read_only_mode(monkeypatch):
    monkeypatch.setenv(read_only.SWITCH, "1")


@pytest.mark.parametrize("variant", [{}, {"on_click": False}, {"on_click": True}])
def test_what_takes_longer_than_the_budget_is_a_button_that_is_off(monkeypatch, variant):
    read_only_mode(monkeypatch)
    app = opened(takes=300.0, **variant)
    [button] = app.button
    assert button.disabled
    assert button.help == (
        "Read-only mode: this takes about 5 minutes, a job may take about a minute"
    )
    assert not jobs.all_jobs()


@pytest.mark.parametrize("takes", [30.0, None])
def test_within_the_budget_the_button_starts_it(monkeypatch, takes):
    read_only_mode(monkeypatch)
    app = opened(takes=takes)
    app.button[0].click().run()
    assert not app.exception
    assert job().status == "queued"


def test_a_job_that_ended_is_resumed_but_not_dismissed(monkeypatch):
    read_only_mode(monkeypatch)
    app = opened(on_click=True)
    app.button[0].click().run()
    end(job(), "failed")
    app.run()
    again, dismiss = app.button
    assert (again.label, again.disabled, dismiss.label) == ("Try again", False, "Dismiss")
    assert (dismiss.disabled, dismiss.help) == (True, read_only.STORED)
    again.click().run()
    assert job().status == "queued"


def test_a_result_that_is_gone_is_computed_anew_in_read_only_mode_too(monkeypatch):
    read_only_mode(monkeypatch)
    opened()
    end(job(), key=key_of(3))
    app = opened()
    assert not app.exception
    assert not app.error
    assert job().status == "queued"
