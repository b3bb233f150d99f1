"""Results on disk: fingerprints, whole results or none, damage, eviction, keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core import paths, store
from core.errors import (
    CorruptDataError,
    DamagedResultError,
    InputError,
    NeurogalleryError,
    NotFoundError,
)

KIB = 1 / 2**20  # GiB


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path))
    monkeypatch.delenv("NEUROGALLERY_STORE_GIB", raising=False)
    return tmp_path / "store"


def a_key(number: int = 0) -> str:
    return store.key("rdm", "dataset", {"number": number})


def visible(root: Path) -> set[str]:
    return {path.name for path in root.iterdir() if path.is_dir()}


# --- fingerprints


DISTINCT = [
    (),
    (None,),
    ("",),
    (b"",),
    ("1",),
    (1,),
    (1.0,),
    (True,),
    (b"1",),
    ("ab", "c"),
    ("a", "bc"),
    ("abc",),
    (["a"],),
    ([["a"]],),
    (["a", "b"],),
    (["a"], "b"),
    ({},),
    ([],),
    ({"a": 1},),
    ({"a": [1]},),
    ({"a": 1, "b": 2},),
    ({"a": 2, "b": 1},),
    (float("nan"),),
    (np.zeros(4, np.float32),),
    (np.zeros(2, np.float64),),
    (np.zeros((2, 2), np.float32),),
    (np.zeros((4, 1), np.float32),),
    (np.zeros((0, 3)),),
    (np.zeros((0, 4)),),
    (np.array(0.0),),
]


def test_different_values_have_different_fingerprints() -> None:
    prints = [store.fingerprint(*parts) for parts in DISTINCT]
    assert len(set(prints)) == len(DISTINCT)
    assert all(len(text) == 32 and int(text, 16) >= 0 for text in prints)


def test_equal_values_have_one_fingerprint() -> None:
    array = np.arange(12.0).reshape(3, 4)
    assert store.fingerprint({"a": 1, "b": 2}) == store.fingerprint({"b": 2, "a": 1})
    assert store.fingerprint((1, 2)) == store.fingerprint([1, 2])
    assert store.fingerprint(np.float64(0.5), np.int64(3)) == store.fingerprint(0.5, 3)
    assert store.fingerprint(array) == store.fingerprint(np.asfortranarray(array))
    assert store.fingerprint(array[:, ::2]) == store.fingerprint(array[:, ::2].copy())


def test_fingerprint_is_the_same_in_every_process() -> None:
    code = "from core import store; print(store.fingerprint('ä', {'x': (1, 2.5, None)}))"
    text = subprocess.check_output([sys.executable, "-c", code], cwd=paths.PROJECT, text=True)
    assert text.strip() == store.fingerprint("ä", {"x": (1, 2.5, None)})


def test_fingerprint_of_a_file_follows_its_content(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"one")
    second.write_bytes(b"one")
    before = store.fingerprint(first)
    assert before == store.fingerprint(second) != store.fingerprint(b"one")
    first.write_bytes(b"another")
    assert store.fingerprint(first) != before
    with pytest.raises(NotFoundError, match="absent"):
        store.fingerprint(tmp_path / "absent")


def test_values_without_a_fingerprint_are_refused() -> None:
    with pytest.raises(InputError, match="object has no fingerprint"):
        store.fingerprint(object())
    with pytest.raises(InputError, match="dtype object"):
        store.fingerprint(np.array([{}]))


def test_key_depends_on_every_part() -> None:
    keys = {
        store.key("rdm", "d", {"a": 1}),
        store.key("map", "d", {"a": 1}),
        store.key("rdm", "e", {"a": 1}),
        store.key("rdm", "d", {"a": 2}),
        store.key("rdm", "d", {"a": 1}, seed=1),
        store.key("rdm", "d", {"a": 1}, version=2),
    }
    assert len(keys) == 6
    with pytest.raises(InputError, match="operation"):
        store.key("../rdm", "d", {})


# --- saving and loading


def test_a_result_comes_back_memory_mapped_and_read_only() -> None:
    arrays = {
        "matrix": np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32).T,
        "empty": np.zeros((0, 3)),
        "scalar": np.float64(2.5),
        "names": np.array(["face", "house"]),
    }
    saved = store.save(a_key(), arrays, {"n": np.int64(5), "metric": "cosine"})
    loaded = store.load(a_key())
    assert loaded is not None
    assert loaded.facts == {"n": 5, "metric": "cosine"}
    assert loaded.created == saved.created
    for name, array in arrays.items():
        for result in (saved, loaded):
            np.testing.assert_array_equal(result.arrays[name], array)
            assert isinstance(result.arrays[name], np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        loaded.arrays["matrix"][0, 0] = 1.0


def test_what_is_absent_is_none_and_removed_is_absent() -> None:
    assert store.load(a_key()) is None
    store.remove(a_key())
    store.save(a_key(), {"a": np.ones(2)}, {})
    store.remove(a_key())
    assert store.load(a_key()) is None
    assert store.entries() == []


def test_a_replaced_result_stays_readable_where_it_is_open(root: Path) -> None:
    old = store.save(a_key(), {"a": np.zeros(10_000)}, {"take": 1})
    store.save(a_key(), {"a": np.ones(10_000)}, {"take": 2})
    new = store.load(a_key())
    assert new is not None
    assert (new.facts["take"], new.arrays["a"].sum()) == (2, 10_000)
    assert old.arrays["a"].sum() == 0
    assert visible(root) == {a_key()}


def test_a_reader_never_sees_half_of_a_replacement() -> None:
    store.save(a_key(), {"a": np.zeros(50_000)}, {"value": 0})
    stop = threading.Event()

    def write() -> None:
        value = 0
        while not stop.is_set():
            value += 1
            store.save(a_key(), {"a": np.full(50_000, float(value))}, {"value": value})

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(50):
            result = store.load(a_key())
            assert result is not None
            assert set(np.unique(result.arrays["a"])) == {result.facts["value"]}
    finally:
        stop.set()
        writer.join()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"../a": np.ones(2)}, "name '../a'"),
        ({"a": np.array([{}])}, "dtype object"),
    ],
)
def test_what_cannot_be_saved_leaves_nothing(
    root: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        store.save(a_key(), arrays, {})
    assert visible(root) == set()


FULL_DISK = """
import resource
import numpy as np
from core import store
from core.errors import NeurogalleryError
store.save({key!r}, {{"a": np.ones(10)}}, {{"take": 1}})
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    store.save({key!r}, {{"small": np.ones(10), "large": np.ones(10_000)}}, {{"take": 2}})
except NeurogalleryError as error:
    print(error)
"""


def test_a_full_disk_leaves_the_old_result_and_names_the_folder(root: Path) -> None:
    # A limit on the size of files fails in the middle of writing, as a full disk does.
    code = FULL_DISK.format(key=a_key())
    text = subprocess.check_output([sys.executable, "-c", code], cwd=paths.PROJECT, text=True)
    assert str(root) in text
    assert "Free space" in text
    result = store.load(a_key())
    assert result is not None
    assert result.facts == {"take": 1}
    assert visible(root) == {a_key()}


def test_a_folder_that_cannot_be_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "file"))
    with pytest.raises(NeurogalleryError, match="file/store cannot be written"):
        store.save(a_key(), {"a": np.ones(2)}, {})


# --- damage


def truncate(folder: Path) -> None:
    os.truncate(folder / "a.npy", 500)


def flip_a_byte(folder: Path) -> None:
    content = bytearray((folder / "a.npy").read_bytes())
    content[-1] ^= 1
    (folder / "a.npy").write_bytes(content)


def delete_array(folder: Path) -> None:
    (folder / "a.npy").unlink()


def exchange_array(folder: Path) -> None:
    np.save(folder / "a.npy", np.ones(3))


def truncate_facts(folder: Path) -> None:
    os.truncate(folder / "result.json", 20)


def delete_facts(folder: Path) -> None:
    (folder / "result.json").unlink()


def point_outside(folder: Path) -> None:
    record = json.loads((folder / "result.json").read_text())
    record["arrays"]["../../secret"] = record["arrays"]["a"]
    (folder / "result.json").write_text(json.dumps(record))


DAMAGES = [
    truncate,
    flip_a_byte,
    delete_array,
    exchange_array,
    truncate_facts,
    delete_facts,
    point_outside,
]


def test_no_flipped_bit_of_a_record_goes_unseen(root: Path) -> None:
    facts = {"scores": [{"value": 0.513, "p": 0.213, "of": "S1"}], "n": 300, "none": None}
    store.save(a_key(), {"a": np.ones(3)}, facts)
    path = root / a_key() / "result.json"
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            with pytest.raises(CorruptDataError):
                store.entry(a_key())
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(CorruptDataError):
            store.load(a_key())
    path.write_bytes(whole)
    assert store.load(a_key()).facts == facts


def test_records_of_former_versions_have_no_checksum(root: Path) -> None:
    store.save(a_key(), {}, {"p": 0.213})
    path = root / a_key() / "result.json"
    record = json.loads(path.read_text())
    assert set(record) == {"created", "arrays", "facts", "sha256"}
    del record["sha256"]
    path.write_text(json.dumps(record))
    assert store.load(a_key()).facts == {"p": 0.213}
    for field, wrong in (("created", "now"), ("arrays", []), ("facts", None)):
        path.write_text(json.dumps({**record, field: wrong}))
        with pytest.raises(CorruptDataError, match="another kind"):
            store.load(a_key())


def former(root: Path, key: str) -> tuple[Path, dict]:
    """The record of a result as former versions wrote it, without a checksum."""
    path = root / key / "result.json"
    record = json.loads(path.read_text())
    del record["sha256"]
    return path, record


WRONG = [
    ("created", True), ("created", float("nan")), ("created", -1), ("created", 1e18),
    ("dtype", 8), ("shape", 5), ("shape", [2.0]), ("shape", [True]), ("shape", "3"),
    ("shape", [-3]), ("sha256", 1), ("sha256", None),
]  # fmt: skip


@pytest.mark.parametrize(("field", "wrong"), WRONG)
def test_types_of_a_record_are_exact(root: Path, field: str, wrong) -> None:
    store.save(a_key(), {"a": np.ones(3)}, {})
    path, record = former(root, a_key())
    if field in record:
        record[field] = wrong
    else:
        record["arrays"]["a"][field] = wrong
    path.write_text(json.dumps(record))
    with pytest.raises(DamagedResultError) as caught:
        store.load(a_key())
    assert caught.value.key == a_key()
    assert store.entries()[0].facts == {"error": str(caught.value)}


def test_an_absent_array_is_seen_without_it_being_opened(root: Path) -> None:
    store.save(a_key(), {"a": np.ones(3), "b": np.ones(2)}, {"n": 1})
    (root / a_key() / "b.npy").unlink()
    with pytest.raises(DamagedResultError, match=r"there is no b\.npy"):
        store.entry(a_key())
    assert "there is no b.npy" in store.entries()[0].facts["error"]


def test_what_a_reader_cannot_make_of_a_result_is_damage(root: Path) -> None:
    store.save(a_key(), {}, {"n": "three"})
    for make in (
        lambda facts: facts["mean"],
        lambda facts: facts["n"] + 1,
        lambda facts: float(facts["n"]),
        lambda facts: facts["n"].tolist(),
        lambda facts: store.check_operation(facts["n"] + "!"),
    ):
        with pytest.raises(DamagedResultError, match=a_key()) as caught, store.reading(a_key()):
            make(store.load(a_key()).facts)
        assert caught.value.key == a_key()
        assert "\n" not in str(caught.value)
    store.discard(a_key())
    assert store.load(a_key()) is None


def test_entries_of_one_operation_are_read_alone(root: Path) -> None:
    other = store.key("fit", "dataset", {})
    store.save(a_key(), {}, {})
    store.save(other, {}, {})
    assert [entry.key for entry in store.entries("fit")] == [other]
    assert {entry.key for entry in store.entries()} == {other, a_key()}


def test_a_sealed_file_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    path, value = tmp_path / "names.json", {"mine": "a" * 32, "n": [1, None]}
    assert store.read_sealed(path) is None
    store.write_sealed(path, value)
    whole = path.read_bytes()
    assert store.read_sealed(path) == value
    for place in range(len(whole)):
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            try:
                stored = store.read_sealed(path)
            except CorruptDataError:
                continue
            # The name of the checksum itself: a field more, which whoever reads it refuses.
            assert set(stored) > set(value), (place, bit)
    path.write_text(json.dumps(value))  # of a former version
    assert store.read_sealed(path) == value
    store.write_sealed(path, {})
    assert store.read_sealed(path) == {}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found_and_named(root: Path, damage) -> None:
    store.save(a_key(), {"a": np.ones(1000)}, {})
    assert store.load(a_key()) is not None
    damage(root / a_key())
    with pytest.raises(CorruptDataError, match=a_key()) as caught:
        store.load(a_key())
    assert f"Remove the folder {root / a_key()}" in str(caught.value)
    assert [entry.key for entry in store.entries()] == [a_key()]
    store.save(a_key(), {"a": np.ones(1000)}, {})
    assert store.load(a_key()) is not None


# --- size


def test_the_least_recently_used_results_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        store.save(a_key(number), {"a": np.zeros(1024)}, {"number": number})
    store.load(a_key(0))
    monkeypatch.setenv("NEUROGALLERY_STORE_GIB", str(30 * KIB))
    store.save(a_key(3), {"a": np.zeros(1024)}, {"number": 3})
    assert {entry.facts["number"] for entry in store.entries()} == {0, 2, 3}
    assert sum(entry.bytes for entry in store.entries()) <= 30 * 1024


def test_the_result_just_saved_stays_even_if_it_is_too_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.save(a_key(0), {"a": np.zeros(10)}, {})
    monkeypatch.setenv("NEUROGALLERY_STORE_GIB", str(KIB))
    store.save(a_key(1), {"a": np.zeros(1024)}, {})
    assert [entry.key for entry in store.entries()] == [a_key(1)]


@pytest.mark.parametrize("limit", ["plenty", "0", "-1", "nan", "inf"])
def test_a_bad_limit_is_refused(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setenv("NEUROGALLERY_STORE_GIB", limit)
    with pytest.raises(InputError, match="NEUROGALLERY_STORE_GIB"):
        store.save(a_key(), {"a": np.ones(2)}, {})


def test_what_a_killed_process_left_is_removed_after_a_day(root: Path) -> None:
    for name, age in ((".aside-old", 2 * 86_400), (".aside-new", 60)):
        (root / name).mkdir(parents=True)
        then = (root / name).stat().st_mtime - age
        os.utime(root / name, (then, then))
    store.save(a_key(), {"a": np.ones(2)}, {})
    assert visible(root) == {a_key(), ".aside-new"}


@pytest.mark.parametrize("look", [store.load, lambda key: store.entries()])
def test_a_replacement_that_is_cut_short_loses_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, look: Callable[[str], object]
) -> None:
    store.save(a_key(), {"a": np.zeros(2)}, {"version": 1})
    rename = Path.rename

    def killed(path: Path, target: Path) -> Path:
        if target == root / a_key():
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            store.save(a_key(), {"a": np.ones(2)}, {"version": 2})
    assert not (root / a_key()).exists()
    assert look(a_key())
    assert store.entry(a_key()).facts == {"version": 1}
    store.save(a_key(), {"a": np.ones(2)}, {"version": 2})
    assert store.entry(a_key()).facts == {"version": 2}
    assert visible(root) == {a_key()}


def test_what_was_removed_does_not_come_back(root: Path) -> None:
    store.save(a_key(), {"a": np.zeros(2)}, {})
    (root / a_key()).rename(root / f".former-{a_key()}")
    store.save(a_key(1), {"a": np.zeros(2)}, {})
    assert store.load(a_key()) is not None
    (root / f".former-{a_key()}").mkdir()
    store.remove(a_key())
    assert store.load(a_key()) is None


def test_entries_are_listed_newest_first() -> None:
    for number in range(3):
        store.save(a_key(number), {"a": np.zeros(10)}, {"number": number})
    assert [entry.facts["number"] for entry in store.entries()] == [2, 1, 0]


# --- keys and files


@pytest.mark.parametrize(
    "key", ["../../etc", "rdm-" + "0" * 31, "rdm-" + "0" * 32 + "\n", "a/b-" + "0" * 32, ""]
)
def test_keys_that_lead_elsewhere_are_refused(key: str) -> None:
    for use in (store.load, store.remove, lambda key: store.save(key, {}, {})):
        with pytest.raises(InputError, match="The key is"):
            use(key)


def test_json_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    assert store.read_json(path) is None
    store.write_json(path, {"a": np.float32(0.5), "where": tmp_path})
    assert store.read_json(path) == {"a": 0.5, "where": str(tmp_path)}
    with pytest.raises(TypeError):
        store.write_json(path, {"a": object()})
    assert store.read_json(path)["a"] == 0.5
    assert [file.name for file in tmp_path.iterdir()] == ["value.json"]
    path.write_text('{"a": ')
    with pytest.raises(CorruptDataError, match=r"value\.json"):
        store.read_json(path)


def test_one_entry_and_when_each_of_an_operation_was_written():
    keys = [store.key("fit", "d", {"n": n}) for n in range(2)]
    for key in keys:
        store.save(key, {"x": np.zeros(2)}, {"said": key})
    store.save(store.key("fitted", "d", {}), {}, {})
    assert store.entry(keys[1]) in store.entries()
    assert store.entry(keys[1]).facts == {"said": keys[1]}
    before = store.written("fit")
    assert set(before) == set(keys)
    store.save(keys[0], {}, {"said": "anew"})
    after = store.written("fit")
    assert after[keys[0]] > before[keys[0]]
    assert after[keys[1]] == before[keys[1]]
    store.remove(keys[0])
    assert set(store.written("fit")) == {keys[1]}
    with pytest.raises(CorruptDataError):
        store.entry(keys[0])
