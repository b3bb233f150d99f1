"""What modules hold is set aside once, and again only when many more were imported."""

import gc
import sys
import types

import pytest

from pages.shared.frame import memory


@pytest.fixture(autouse=True)
def as_before():
    memory._set_aside.clear()
    yield
    memory._set_aside.clear()
    gc.unfreeze()


def test_it_is_done_once_and_again_after_many_imports(monkeypatch):
    gc.unfreeze()
    memory.set_modules_aside()
    first = gc.get_freeze_count()
    assert first > 1000
    kept = [[] for _ in range(500)]
    memory.set_modules_aside()
    assert gc.get_freeze_count() <= first
    for number in range(memory.GROWN):
        monkeypatch.setitem(sys.modules, f"absent_{number}", types.ModuleType("absent"))
    memory.set_modules_aside()
    assert gc.get_freeze_count() > first
    assert len(kept) == 500
