"""A folder of many images: read once, told by each file's state afterwards, resolved by folder."""

from __future__ import annotations

import os

import pytest

from core import paths, store
from core.datasets import image_files
from core.datasets.own import image_index
from core.errors import NeurogalleryError
from tests.core.datasets.shared import load, paint, write


@pytest.fixture
def folder(tmp_path):
    root = write(tmp_path / "recordings" / "r", files=["s/a.png", "s/b.png", "s/c.png", ""])
    for seed, name in enumerate("abc"):
        paint(root / "images" / "s" / f"{name}.png", seed)
    return root


@pytest.fixture
def many(folder, monkeypatch):
    """The fingerprint of the folder before its images count as many."""
    fingerprint = load(folder).fingerprint
    monkeypatch.setattr(image_index, "MANY", 1)
    return fingerprint


def test_the_second_opening_reads_no_image_and_has_the_same_fingerprint(folder, many, monkeypatch):
    assert load(folder).fingerprint == many
    monkeypatch.setattr(image_files, "_ends", lambda *_: pytest.fail("an image was read"))
    ds = load(folder)
    assert (ds.fingerprint, ds.without_image) == (many, ("d",))
    assert str(folder / "images" / "s" / "b.png") in ds.files


def test_a_change_that_keeps_size_and_time_is_noticed(folder, many):
    path = folder / "images" / "s" / "b.png"
    assert load(folder).fingerprint == many
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[-30] ^= 255
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert load(folder).fingerprint != many
    path.unlink()
    ds = load(folder)
    assert ds.fingerprint != many
    assert ds.without_image == ("b", "d")


def test_a_damaged_index_or_a_full_disk_keeps_nothing_from_opening(folder, many, monkeypatch):
    load(folder)
    (written,) = store.written(image_index.OPERATION)
    (paths.results_root() / "store" / written / "result.json").write_text("{")
    assert load(folder).fingerprint == many
    assert store.load(written).facts["fingerprint"]

    def refuse(*_):
        raise NeurogalleryError("The disk is full")

    monkeypatch.setattr(store, "load", lambda key: None)
    monkeypatch.setattr(store, "save", refuse)
    assert load(folder).fingerprint == many


@pytest.mark.parametrize("kind", ["links", "absolute", "missing"])
def test_folders_are_resolved_once_for_all_of_their_files(folder, tmp_path, monkeypatch, kind):
    monkeypatch.setenv("NEUROGALLERY_DATA", str(folder.parent))
    elsewhere = folder.parent / "pool"
    names = [f"{number:02}.png" for number in range(40)]
    paint(elsewhere / "x.png")
    for name in names:
        if kind == "links":
            (folder / "images" / name).symlink_to(f"../../pool/{name}")
        if kind != "missing":
            os.link(elsewhere / "x.png", elsewhere / name)
    resolved, real = [], os.path.realpath
    inside = image_files.ImageFolder(folder / "images", folder)
    monkeypatch.setattr(os.path, "realpath", lambda *a, **k: resolved.append(a) or real(*a, **k))
    if kind == "absolute":
        placed = [inside.absolute(str(elsewhere / name)) for name in names]
    else:
        placed = [inside.place(name) for name in names]
    monkeypatch.undo()
    below = folder / "images" if kind == "missing" else elsewhere
    assert placed == [str(below / name) for name in names]
    assert len(resolved) <= 2


def test_a_link_out_of_the_root_is_refused_among_many_that_are_not(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA", str(folder.parent))
    paint(tmp_path / "outside.png")
    for name, target in (("in.png", "s/a.png"), ("out.png", tmp_path / "outside.png")):
        (folder / "images" / name).symlink_to(target)
    (folder / "images" / "again.png").symlink_to("out.png")
    inside = image_files.ImageFolder(folder / "images", folder)
    assert inside.place("in.png") == str(folder / "images" / "s" / "a.png")
    for name in ("out.png", "again.png"):
        with pytest.raises(NeurogalleryError, match="leads outside"):
            inside.place(name)
    assert inside.absolute(str(folder / "images" / "again.png")) is None
    assert inside.absolute(str(tmp_path / "outside.png")) is None
    monkeypatch.setenv(paths.LINKS, "1")
    assert inside.place("out.png") == str(folder / "images" / "out.png")
