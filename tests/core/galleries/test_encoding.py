"""Folders of images encoded in shards: resumed, killed, changed meanwhile, unreadable."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core import encoders, paths, store
from core.errors import Cancelled, NeurogalleryError, NotFoundError
from core.galleries import FolderImages, checkpoint, encode_folder, encoding, listing
from tests.core.galleries.shared import overwrite, save_gallery, save_image

SHARD = 4


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    """Seven shards, of which the last is not whole."""
    listing.forget()
    monkeypatch.setattr(listing, "SHARD", SHARD)
    monkeypatch.setattr(encoding, "SHARD", SHARD)


@pytest.fixture
def images():
    save_gallery()
    return FolderImages("small")


class Counter:
    """Counts the images that are read, and ends the work at one of them."""

    def __init__(self, images, at=None, error=Cancelled):
        self.images, self.at, self.error, self.read = images, at, error, 0
        self._image, images.image = images.image, self

    def __call__(self, name):
        self.read += 1
        return self._image(name)

    def progress(self, fraction, message):
        if self.at is not None and fraction >= self.at:
            raise self.error


def encode(images, folder, progress=None):
    return encode_folder(images, "pixels", folder, progress, side=4)


def features(key):
    return np.array(encoders.load(key).features)


def at_once(images):
    """Each image alone through the encoder: what no shard or batch can change."""
    return np.stack([encoders.encode_image(images.image(i), "pixels", side=4) for i in images.ids])


def test_embeddings_are_those_of_the_encoder(images, tmp_path):
    said = []
    key = encode(
        images, tmp_path / "job", lambda fraction, message: said.append((fraction, message))
    )
    np.testing.assert_array_equal(features(key), at_once(images))
    assert images.features("pixels", side=4).tobytes() == features(key).tobytes()
    assert images.features("pixels", side=5) is None
    fractions = [fraction for fraction, _ in said]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert said[-1][1].startswith("27 of 27 images, CPU · ")
    assert said[-1][1].endswith(" images/s")
    assert not list((tmp_path / "job").iterdir())


@pytest.mark.parametrize("at", [0.01, 0.3, 0.31, 0.99, 1.0])
def test_what_is_cancelled_goes_on_after_the_last_whole_shard(images, tmp_path, at):
    expected = at_once(images)
    first = Counter(images, at)
    with pytest.raises(Cancelled):
        encode(images, tmp_path / "job", first.progress)
    whole = sum(shard.rows for shard in opened(tmp_path / "job"))
    second = Counter(images)
    key = encode(images, tmp_path / "job")
    assert second.read == len(images.ids) - whole
    assert whole in (0, 4, 8, 24)
    assert features(key).tobytes() == expected.tobytes()


def opened(folder):
    origin = encoding._origin(encoders.get("pixels"), {"side": 4})
    with checkpoint.Checkpoint(folder, origin, 48) as opened:
        opened.resume(listing.scan(paths.data_root() / "galleries" / "small").shards)
        return opened.shards


@pytest.mark.parametrize("damage", ["half a row more", "rows lost", "list damaged", "list lost"])
def test_whatever_a_kill_leaves_gives_the_same_embeddings(images, tmp_path, damage):
    expected = at_once(images)
    with pytest.raises(Cancelled):
        encode(images, tmp_path / "job", Counter(images, 0.5).progress)
    rows, state = (tmp_path / "job" / name for name in (checkpoint.ROWS, checkpoint.STATE))
    {
        "half a row more": lambda: rows.write_bytes(rows.read_bytes() + b"half a row"),
        "rows lost": lambda: rows.write_bytes(rows.read_bytes()[:-100]),
        "list damaged": lambda: state.write_text(state.read_text()[:-20]),
        "list lost": state.unlink,
    }[damage]()
    assert features(encode(images, tmp_path / "job")).tobytes() == expected.tobytes()


def test_shards_of_another_encoder_are_not_taken_up(images, tmp_path):
    with pytest.raises(Cancelled):
        encode(images, tmp_path / "job", Counter(images, 0.5).progress)
    counter = Counter(images)
    encode_folder(images, "pixels", tmp_path / "job", side=5)
    assert counter.read == len(images.ids)


def test_a_killed_process_goes_on(images, tmp_path):
    expected, folder = at_once(images), tmp_path / "job"
    code = (
        "import sys, time; from pathlib import Path\n"
        "from core.galleries import FolderImages, encode_folder, encoding, listing\n"
        f"listing.SHARD = encoding.SHARD = {SHARD}\n"
        "encode_folder(FolderImages('small'), 'pixels', Path(sys.argv[1]),\n"
        "    lambda fraction, message: time.sleep(0.1), side=4)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)], cwd=paths.PROJECT)
    until = time.monotonic() + 120
    while len(opened_list(folder)) < 2:
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    counter = Counter(images)
    assert features(encode(images, folder)).tobytes() == expected.tobytes()
    assert 0 < counter.read <= len(images.ids) - 2 * SHARD


def opened_list(folder: Path):
    state = store.read_json(folder / checkpoint.STATE) if folder.is_dir() else None
    return state["shards"] if state else []


@pytest.mark.parametrize("change", ["overwritten", "added", "removed"])
def test_a_folder_that_changes_meanwhile_is_encoded_again_from_there(images, tmp_path, change):
    image = images.folder / "red_fox" / "red_fox_05.JPEG"  # the fifteenth
    counter = Counter(images)

    def progress(fraction, message):
        if counter.read and fraction > 0.7 and not changed:
            changed.append(True)
            {
                "overwritten": lambda: overwrite(image, 7),
                "added": lambda: save_image(image.with_name("red_fox_05b.png"), 7),
                "removed": image.unlink,
            }[change]()

    changed = []
    with pytest.raises(NeurogalleryError, match=r"small has changed while.*Encode it again"):
        encode(images, tmp_path / "job", progress)
    assert not encoders.entries()
    counter.read = 0
    key = encode(images, tmp_path / "job")
    assert counter.read == len(images.ids) - 3 * SHARD
    assert images.key("pixels", side=4) == key or change == "overwritten"
    listing.forget()
    assert features(key).tobytes() == at_once(images).tobytes()
    assert images.key("pixels", side=4) == key


def test_unreadable_images_are_rows_of_nan_with_reasons(images, tmp_path, monkeypatch):
    monkeypatch.setattr(encoding, "MOST_REASONS", 3)
    names = list(images.ids)
    expected = at_once(images)
    bad = [1, 6, 7, 20, 26]
    for number in bad:
        (images.folder / names[number]).write_bytes(b"no image")
    (images.folder / names[26]).unlink()
    save_image(tmp_path / "outside.png", 1)
    (images.folder / names[26]).symlink_to(tmp_path / "outside.png")
    listing.forget()
    key = encode(images, tmp_path / "job")
    encoded = encoders.load(key)
    assert np.flatnonzero(np.isnan(encoded.features).any(axis=1)).tolist() == bad
    kept = np.setdiff1d(np.arange(27), bad)
    np.testing.assert_array_equal(encoded.features[kept], expected[kept])
    assert encoded.facts["failed"] == 5
    assert list(encoded.failures) == [names[number] for number in bad[:3]]
    assert "could not be read" in encoded.failures[names[1]]
    with pytest.raises(NeurogalleryError, match="leads outside"):
        images.image(names[26])


def test_a_folder_of_which_nothing_can_be_read_can_be_tried_again(images, tmp_path):
    names = list(images.ids)
    for name in names:
        (images.folder / name).write_bytes(b"no image")
    with pytest.raises(NotFoundError, match=f"None of the 27 images of small.*{names[0]}"):
        encode(images, tmp_path / "job")
    assert not list((tmp_path / "job").iterdir())


def test_what_is_in_the_store_is_not_encoded_again(images, tmp_path):
    key = encode(images, tmp_path / "job")
    counter = Counter(images)
    assert encode(images, tmp_path / "other") == key
    assert counter.read == 0
    assert [entry.key for entry in encoders.entries()] == [key]
