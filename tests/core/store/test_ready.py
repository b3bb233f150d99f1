"""Results that come with the project: found where the user has none, and never written to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import store
from core.errors import CorruptDataError

KEY = store.key("rdm", "dataset", {"number": 1})


@pytest.fixture
def ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place with one result, written as the store writes; the user's own store is empty."""
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "maker"))
    store.save(KEY, {"a": np.arange(6.0)}, {"whose": "project"})
    (tmp_path / "maker" / "store").rename(tmp_path / "ready")
    monkeypatch.setenv("NEUROGALLERY_READY", str(tmp_path / "ready"))
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "user"))
    return tmp_path / "ready"


def content(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file, and when files and folders were changed."""
    return {
        str(path.relative_to(folder)): (
            path.read_bytes() if path.is_file() else b"",
            path.stat().st_mtime_ns,
        )
        for path in folder.rglob("*")
    }


def whose(key: str = KEY) -> str | None:
    result = store.load(key)
    return None if result is None else result.facts["whose"]


def test_it_is_found_and_is_none_of_the_users(ready: Path) -> None:
    result = store.load(KEY)
    assert result is not None
    np.testing.assert_array_equal(result.arrays["a"], np.arange(6.0))
    assert store.entry(KEY).facts == result.facts == {"whose": "project"}
    assert not store.is_own(KEY)
    assert store.entries() == []
    assert store.written("rdm") == {}
    assert list(store.written_ready("rdm")) == [KEY]
    assert store.load(store.key("rdm", "dataset", {"number": 2})) is None


def test_one_of_the_users_own_comes_first_and_goes_alone(ready: Path) -> None:
    before = content(ready)
    store.save(KEY, {"a": np.zeros(1)}, {"whose": "user"})
    assert (whose(), store.is_own(KEY), len(store.entries())) == ("user", True, 1)
    assert store.entry(KEY).facts == {"whose": "user"}
    other = store.load_ready(KEY)
    assert other is not None
    assert other.facts == {"whose": "project"}
    store.remove(KEY)
    assert (whose(), store.is_own(KEY)) == ("project", False)
    store.remove(KEY)  # there is none of the user's any more
    assert whose() == "project"
    assert content(ready) == before


def test_eviction_leaves_it_alone(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROGALLERY_STORE_GIB", str(1 / 2**20))
    before = content(ready)
    for number in range(2, 5):
        store.save(store.key("rdm", "dataset", {"number": number}), {"a": np.zeros(200)}, {})
    assert len(store.entries()) == 1
    assert content(ready) == before


def test_damage_is_named(ready: Path) -> None:
    file = ready / KEY / "a.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"\1")
    with pytest.raises(CorruptDataError, match=f"Remove the folder {ready / KEY}"):
        store.load(KEY)
    with pytest.raises(CorruptDataError, match="checksum"):
        store.load_ready(KEY)


def test_a_place_that_is_absent_holds_nothing(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROGALLERY_READY", str(ready / "gone"))
    assert store.load(KEY) is None
    assert store.written_ready("rdm") == {}
    with pytest.raises(CorruptDataError):
        store.entry(KEY)


def test_a_damaged_one_can_be_discarded(ready: Path) -> None:
    (ready / KEY / "result.json").write_text("{")
    with pytest.raises(CorruptDataError):
        store.load(KEY)
    store.discard(KEY)
    assert store.load(KEY) is None
    assert not (ready / KEY).exists()
