"""Which job goes first: pressed before unasked, looked at before left, sessions in turn."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from core import jobs, store
from core.jobs import order, queue
from core.jobs.order import AWAY_S, PATIENCE_S, ActiveJob, first_to_start, in_order
from core.jobs.state import SEEN, State

NOW = 10_000.0


def job(name, status="queued", waited=10.0, seen=0.0, **state):
    own = {"session": "a", "queued": NOW - waited, **state}
    return ActiveJob(Path(name), State(status, **own), NOW - seen if seen else 0.0)


def names(active, now=NOW):
    return [each.folder.name for each in in_order(active, now)]


def started(active, slots=2, now=NOW):
    """What starts now, one after the other, as the queue does it."""
    active, chosen = list(active), []
    while (each := first_to_start(active, {"cpu": slots, "cuda:0": 1}, now)) is not None:
        active.remove(each)
        state = State("running", session=each.state.session, device=each.state.device, started=now)
        active.append(ActiveJob(each.folder, state))
        chosen.append(each.folder.name)
    return chosen


def test_those_that_were_asked_for_go_first_and_then_the_older():
    waiting = [
        job("unasked", pressed=False, waited=50),
        job("pressed", waited=20),
        job("older", waited=30),
        job("running", "running"),
    ]
    assert names(waiting) == ["older", "pressed", "unasked"]


def test_what_nobody_looks_at_any_more_stands_back():
    left = AWAY_S + 1
    waiting = [
        job("left", waited=left),
        job("seen", waited=left + 5, seen=AWAY_S - 1),
        job("seen long ago", waited=left + 9, seen=left),
        job("unasked", pressed=False, waited=5),
        job("of the command line", waited=left + 7, session=""),
    ]
    expected = ["of the command line", "seen", "unasked", "seen long ago", "left"]
    assert names(waiting) == expected


def test_sessions_take_turns_in_a_rank():
    waiting = [job(f"a{n}", waited=100 - n) for n in range(3)]
    waiting += [job(f"b{n}", waited=50 - n, session="b") for n in range(2)]
    waiting += [job("c0", waited=10, session="c", pressed=False)]
    assert names(waiting) == ["a0", "b0", "a1", "b1", "a2", "c0"]


def test_a_session_whose_job_runs_has_had_its_turn():
    waiting = [job("a0", "running"), job("a1", waited=100), job("b0", waited=5, session="b")]
    assert names(waiting) == ["b0", "a1"]


def test_nobody_waits_for_ever():
    late = PATIENCE_S + 1
    waiting = [job("left", waited=late, pressed=False), job("pressed", session="b")]
    waiting += [job("later", waited=late - 0.5)]
    assert names(waiting) == ["left", "later", "pressed"]


def test_the_order_does_not_depend_on_that_of_the_folders():
    waiting = [
        job(f"{n:02}", session="abc"[n % 3], pressed=n % 2 == 0, waited=100 * (n % 5), seen=n * 40)
        for n in range(30)
    ]
    expected = names(waiting)
    for seed in range(20):
        random.Random(seed).shuffle(waiting)
        assert names(waiting) == expected
    assert sorted(expected) == [f"{n:02}" for n in range(30)]


def test_a_device_has_its_places():
    waiting = [job(f"c{n}", waited=100 - n) for n in range(3)]
    waiting += [job(f"g{n}", waited=50 - n, device="cuda:0") for n in range(2)]
    assert sorted(started(waiting)) == ["c0", "c1", "g0"]
    assert started([*waiting, job("r", "running")]) == ["c0", "g0"]


@pytest.mark.parametrize("count", [1, 2])
def test_who_looks_does_not_wait_for_what_was_left(count):
    left = {"status": "running", "waited": 999, "started": NOW - AWAY_S - 1, "session": "z"}
    running = [job(f"left{n}", **left) for n in range(count)]
    running += [job(f"seen{n}", "running", session="b") for n in range(2 - count)]
    waiting = [job("first"), job("second", waited=5), job("away", waited=AWAY_S + 1)]
    assert started([*running, *waiting]) == ["first"]
    of_gpu = [job("left", device="cuda:0", **left), job("g", device="cuda:0")]
    assert started(of_gpu) == []


# --- as the queue tells it


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch, tmp_path):
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path))
    monkeypatch.setattr(queue, "_start", lambda folder, state: False)


def submit(number, **asked_by):
    return jobs.submit("count", {"number": number}, **asked_by)


def test_a_job_knows_who_started_it_and_its_place():
    unasked = submit(1, session="a", pressed=False)
    pressed = submit(2, session="b")
    on_gpu = submit(3, device="cuda:0")
    assert [each.session for each in (unasked, pressed, on_gpu)] == ["a", "b", ""]
    assert (pressed.place.number, pressed.place.count) == (1, 2)
    assert (unasked.place.number, unasked.place.count) == (2, 2)
    assert (on_gpu.place.number, on_gpu.place.count) == (1, 1)
    assert unasked.place.since == unasked.queued == unasked.created
    pressed.cancel()
    assert pressed.place is None
    assert unasked.place.number == 1


def test_a_job_that_is_pressed_later_goes_first_and_stays_whose_it_was():
    first = submit(1, session="a", pressed=False)
    second = submit(2, session="b", pressed=False)
    assert (first.place.number, second.place.number) == (1, 2)
    assert submit(2, session="c") == second
    assert (first.place.number, second.place.number) == (2, 1)
    assert second.session == "b"
    assert submit(2, session="c", pressed=False).place.number == 1  # and stays first


def test_who_resumes_a_job_has_started_it():
    mine = submit(1, session="a", pressed=False)
    mine.cancel()
    mine.resume("b")
    assert mine.session == "b"
    mine.cancel()
    submit(1, session="c", pressed=False)
    assert (mine.session, mine.status) == ("c", "queued")


def test_a_look_is_noted_and_not_at_every_poll(monkeypatch):
    mine = submit(1, session="a")
    state = store.read_json(mine.folder / "status.json")
    store.write_json(mine.folder / "status.json", {**state, "queued": state["queued"] - 500})
    other = submit(2, session="b", pressed=False)
    assert mine.place.number == 2
    mine.look()
    assert (mine.place.number, other.place.number) == (1, 2)
    seen = (mine.folder / SEEN).stat().st_mtime_ns
    mine.look()
    assert (mine.folder / SEEN).stat().st_mtime_ns == seen
    os.utime(mine.folder / SEEN, (0, 0))
    assert mine.place.number == 2
    mine.look()
    assert mine.place.number == 1
    mine.remove()
    mine.look()


def test_a_state_of_a_former_version_is_of_no_session():
    mine = submit(1, session="a")
    former = {"status": "queued", "queued": 1.0}
    store.write_json(mine.folder / "status.json", former)
    assert (mine.session, mine.place.number) == ("", 1)
    assert order.ActiveJob.of_folder(mine.folder, State(**former)).seen == 0.0
