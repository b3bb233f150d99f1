"""Parcels: what comes from another machine has the names of its files, or is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from core import paths, store
from core.errors import CorruptDataError, InputError, NeurogalleryError
from core.jobs.cluster import parcels

KEY = "rdm-" + "0" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "job"
    (folder / "inner").mkdir(parents=True)
    (folder / "result.json").write_text("{}")
    (folder / "request.json").write_text("{}")
    (folder / "status.json").write_text("{}")
    (folder / "inner" / "weights.safetensors").write_bytes(b"w")
    (folder / "link").symlink_to("/etc/passwd")
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "target"
    target.mkdir()
    return target


def names_below(folder: Path) -> set[str]:
    return {f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file()}


def test_files_of_a_job_and_results_arrive_without_its_state(folder, target, tmp_path):
    store.save(KEY, {"a": np.arange(3)}, {"of": "x"})
    parcel, there = tmp_path / "p", tmp_path / "store"
    parcels.pack(parcel, folder, [KEY], paths.results_root() / "store")
    parcels.unpack(parcel, target, there)
    assert names_below(target) == {"result.json", "inner/weights.safetensors"}
    store.remove(KEY)
    parcels.unpack(parcel, target, paths.results_root() / "store", with_request=True)
    assert "request.json" in names_below(target)
    np.testing.assert_array_equal(store.load(KEY).arrays["a"], np.arange(3))
    assert (there / KEY / "a.npy").is_file()


@pytest.mark.parametrize(
    "name",
    ["job/../../x", "/etc/x", "job/a/b/c/d", "x/y", "store/no_key/a.npy", f"store/{KEY}/b/c"],
)
def test_other_names_are_refused_before_anything_is_written(name, target, tmp_path):
    parcel = tmp_path / "p"
    with zipfile.ZipFile(parcel, "w") as archive:
        archive.writestr("job/result.json", "{}")
        archive.writestr(name, "x")
    with pytest.raises(CorruptDataError, match="A parcel holds"):
        parcels.unpack(parcel, target, tmp_path / "store")
    assert names_below(target) == set()


def test_a_result_that_is_not_what_was_saved_leaves_nothing(target, tmp_path):
    store.save(KEY, {"a": np.arange(3)}, {})
    parcel, own, there = tmp_path / "p", paths.results_root() / "store", tmp_path / "store"
    np.save(own / KEY / "a.npy", np.arange(3) + 1)
    parcels.pack(parcel, target, [KEY], own)
    with pytest.raises(CorruptDataError, match="checksum"):
        parcels.unpack(parcel, target, there)
    assert names_below(there) <= {".lock"}


def test_packed_ones_may_not_be_compressed(target, tmp_path):
    """A small file could fill a disk."""
    with zipfile.ZipFile(tmp_path / "p", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("job/big", b"0" * 10**6)
    with pytest.raises(CorruptDataError, match="holds 'job/big'"):
        parcels.unpack(tmp_path / "p", target, tmp_path / "store")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06"])
def test_what_is_no_parcel_is_refused(content, target, tmp_path):
    (tmp_path / "p").write_bytes(content)
    with pytest.raises(NeurogalleryError, match="no parcel"):
        parcels.unpack(tmp_path / "p", target, tmp_path / "store")


def test_too_much_is_refused_on_both_sides(folder, target, tmp_path, monkeypatch):
    parcels.pack(tmp_path / "p", folder, (), tmp_path)
    monkeypatch.setattr(parcels, "MOST_FILES", 1)
    with pytest.raises(InputError, match=r"have 3 files.*Share a results folder"):
        parcels.pack(tmp_path / "q", folder, (), tmp_path)
    with pytest.raises(CorruptDataError, match="too large"):
        parcels.unpack(tmp_path / "p", target, tmp_path / "store")


def test_what_a_request_needs_is_followed_through_the_store():
    first, second = store.key("a", "f", {}), store.key("b", "f", {})
    store.save(first, {}, {"run": second, "gone": store.key("c", "f", {})})
    store.save(second, {}, {"run": first})
    needed = parcels.needed(f'{{"run": "{first}"}}', paths.results_root() / "store")
    assert needed == {first, second}
