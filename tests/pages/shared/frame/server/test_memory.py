"""Garbage goes while nobody waits; what modules hold is set aside, again when many more came."""

import gc
import sys
import time
import types
import weakref

import pytest

from pages.shared.frame.server import memory


@pytest.fixture(autouse=True)
def as_before():
    memory._set_aside.clear()
    yield
    memory._set_aside.clear()
    gc.unfreeze()


def test_it_is_done_once_and_again_after_many_imports(monkeypatch):
    gc.unfreeze()
    memory.collect_later()
    first = gc.get_freeze_count()
    assert first > 1000
    kept = [[] for _ in range(500)]
    memory.collect_later()
    assert gc.get_freeze_count() <= first
    for number in range(memory.GROWN):
        monkeypatch.setitem(sys.modules, f"absent_{number}", types.ModuleType("absent"))
    memory.collect_later()
    assert gc.get_freeze_count() > first
    assert len(kept) == 500


class Held:
    """Something that can be watched."""


def test_it_waits_for_quiet_but_not_for_ever():
    collector = memory.Collector()
    began = collector.collected
    assert not collector.is_due(began + 100)
    collector.ran = began + 1
    assert not collector.is_due(began + 1.1)
    assert collector.is_due(began + 1 + memory.IDLE_S)
    collector.ran = began + memory.LATEST_S
    assert collector.is_due(began + memory.LATEST_S)
    collector.collected = collector.ran
    assert not collector.is_due(began + 100)


def test_garbage_of_a_run_goes_by_itself(monkeypatch):
    monkeypatch.setattr(memory, "IDLE_S", 0.05)
    monkeypatch.setattr(memory, "LOOK_S", 0.01)
    gc.disable()
    try:
        collector = memory.Collector()
        began = collector.collected
        time.sleep(0.1)
        assert collector.collected == began
        held = Held()
        held.itself = held
        watched = weakref.ref(held)
        del held
        collector.mark()
        end = time.monotonic() + 10
        while collector.collected == began and time.monotonic() < end:
            time.sleep(0.02)
        assert collector.collected > began
        while watched() is not None and time.monotonic() < end:
            time.sleep(0.02)
        assert watched() is None
    finally:
        gc.enable()


def test_streamlit_leaves_it_to_the_collector():
    import tomllib

    from core.paths import PROJECT

    with open(PROJECT / ".streamlit" / "config.toml", "rb") as file:
        assert tomllib.load(file)["runner"]["postScriptGC"] is False
