"""Runs take turns in the order of arrival; a part of a run has its turn; a long one lets others."""

import threading
import time

import pytest

from pages.shared.frame.server import turns
from pages.shared.frame.server.turns import Turns


class Run(threading.Thread):
    """A run that has its turn until it is told to end."""

    def __init__(self, own: Turns, order: list[str], name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.own, self.order = own, order
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.start()

    def run(self) -> None:
        with self.own.turn(), self.own.turn():  # a fragment within a run
            self.order.append(self.name)
            self.begun.set()
            self.may_end.wait(10)


def _waiting(own: Turns, count: int) -> None:
    end = time.monotonic() + 10
    while len(own._waiting) < count and time.monotonic() < end:
        time.sleep(0.001)
    assert len(own._waiting) == count


def test_the_next_begins_when_the_first_has_ended(monkeypatch):
    monkeypatch.setattr(turns, "LONG_S", 60.0)
    own, order = Turns(1), []
    runs = [Run(own, order, "first")]
    runs[0].begun.wait(10)
    for place, name in enumerate(("second", "third", "fourth")):
        runs.append(Run(own, order, name))
        _waiting(own, place + 1)
    for number, run in enumerate(runs):
        assert run.begun.wait(10)
        assert order == ["first", "second", "third", "fourth"][: number + 1]
        run.may_end.set()
        run.join(10)
    assert not own._began
    assert not own._waiting


def test_a_run_that_takes_long_lets_the_next_begin(monkeypatch):
    monkeypatch.setattr(turns, "LONG_S", 0.05)
    own, order = Turns(1), []
    slow = Run(own, order, "slow")
    slow.begun.wait(10)
    quick = Run(own, order, "quick")
    assert quick.begun.wait(10)
    for run in (slow, quick):
        run.may_end.set()
        run.join(10)
    assert not own._began


def test_two_places_are_two_at_once(monkeypatch):
    monkeypatch.setattr(turns, "LONG_S", 60.0)
    own, order = Turns(2), []
    runs = [Run(own, order, name) for name in "ab"]
    assert all(run.begun.wait(10) for run in runs)
    third = Run(own, order, "c")
    _waiting(own, 1)
    for run in (*runs, third):
        run.may_end.set()
        run.join(10)
    assert sorted(order) == ["a", "b", "c"]


def test_a_run_that_fails_gives_its_turn_back():
    own = Turns(1)
    with pytest.raises(ValueError, match="stopped"), own.turn():
        raise ValueError("stopped")
    assert not own._began
