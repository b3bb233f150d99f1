"""What modules hold is set aside once, and again only when many more were imported."""

import gc
import sys
import types

import pytest

from pages.shared import collector


@pytest.fixture(autouse=True)
def as_before():
    collector._set_aside.clear()
    yield
    collector._set_aside.clear()
    gc.unfreeze()


def test_it_is_done_once_and_again_after_many_imports(monkeypatch):
    gc.unfreeze()
    collector.set_modules_aside()
    first = gc.get_freeze_count()
    assert first > 1000
    kept = [[] for _ in range(500)]
    collector.set_modules_aside()
    assert gc.get_freeze_count() <= first
    for number in range(collector.GROWN):
        monkeypatch.setitem(sys.modules, f"absent_{number}", types.ModuleType("absent"))
    collector.set_modules_aside()
    assert gc.get_freeze_count() > first
    assert len(kept) == 500
