"""Images of a release are those that were stored, whichever way, and from several threads."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np
import pytest
from PIL import Image

from core import store
from core.datasets.releases.images import BrickImages, FileImages, JpegImages
from core.errors import CorruptDataError, NeurogalleryError, NotFoundError

PIXELS = np.random.default_rng(0).integers(0, 255, (6, 12, 12, 3), dtype=np.uint8)
ROWS = {f"nsd-{row:05d}": row for row in range(6)}


def encoded(pixels, kind="JPEG", **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return np.frombuffer(file.getvalue(), np.uint8)


@pytest.fixture
def path(tmp_path):
    with h5py.File(tmp_path / "images.h5", "w") as file:
        file["imgBrick"] = PIXELS
        file["floats"], file["grey"] = PIXELS / 255, PIXELS[..., 0]
        jpegs = file.create_dataset("jpegs", (6,), h5py.vlen_dtype("u1"))
        for row, pixels in enumerate(PIXELS):
            jpegs[row] = encoded(pixels)
        jpegs[4], jpegs[5] = jpegs[4][:200], np.zeros(0, "u1")
        file.create_dataset("texts", data=["a", "b"])
    return tmp_path / "images.h5"


def test_rows_of_a_brick_are_images(path):
    images = BrickImages(path, "imgBrick", ROWS)
    with ThreadPoolExecutor(4) as pool:
        shown = list(pool.map(images, [*ROWS] * 5))
    for image, row in zip(shown, [*ROWS.values()] * 5, strict=True):
        np.testing.assert_array_equal(np.asarray(image), PIXELS[row])
    assert images.missing() == ()


def test_jpeg_bytes_are_what_pillow_reads(path):
    images = JpegImages(path, "jpegs", ROWS)
    for row in range(4):
        expected = Image.open(io.BytesIO(encoded(PIXELS[row]).tobytes())).convert("RGB")
        np.testing.assert_array_equal(np.asarray(images(f"nsd-{row:05d}")), np.asarray(expected))
    for row in (4, 5):
        with pytest.raises(CorruptDataError, match=rf"images\.h5 of 'nsd-0000{row}' could not"):
            images(f"nsd-{row:05d}")


def test_what_is_no_image_is_said_the_same_each_time(tmp_path):
    path = tmp_path / "images.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("jpegs", (1,), h5py.vlen_dtype("u1"))[0] = np.arange(9, dtype="u1")
    with pytest.raises(CorruptDataError, match=r"of 'a' could not be read \(no image format"):
        JpegImages(path, "jpegs", {"a": 0})("a")


@pytest.mark.parametrize("kind", [BrickImages, JpegImages])
@pytest.mark.parametrize("name", ["floats", "grey", "texts", "imgBrick", "jpegs", "none"])
def test_other_datasets_are_refused(path, kind, name):
    if (kind, name) not in ((BrickImages, "imgBrick"), (JpegImages, "jpegs")):
        with pytest.raises(CorruptDataError):
            kind(path, name, ROWS)("nsd-00001")


def test_missing_rows_and_files_are_named(path, tmp_path):
    images = BrickImages(path, "imgBrick", {"a": 0, "b": 6, "c": -1})
    assert images.missing() == ("b", "c")
    for name in ("b", "c", "d"):
        with pytest.raises(NotFoundError):
            images(name)
    nowhere = JpegImages(tmp_path / "none.h5", "jpegs", ROWS)
    assert nowhere.missing() == tuple(ROWS)
    with pytest.raises(NeurogalleryError):
        nowhere("nsd-00000")


def test_files_of_a_folder_are_found_and_read(tmp_path):
    folder = tmp_path / "COCO"
    folder.mkdir()
    (folder / "a.JPG").write_bytes(encoded(PIXELS[0], "PNG").tobytes())
    (folder / "broken.png").write_bytes(b"no image")
    names = {"a": "COCO/a.jpg", "b": "COCO/b.png", "broken": "COCO/broken.png"}
    images = FileImages(tmp_path, names)
    np.testing.assert_array_equal(np.asarray(images("a")), PIXELS[0])
    assert images.missing() == ("b",)
    for name, error in (("b", NotFoundError), ("c", NotFoundError), ("broken", CorruptDataError)):
        with pytest.raises(error):
            images(name)


def test_fingerprints_change_with_an_image_and_with_a_row(path, tmp_path):
    def of(images):
        return store.fingerprint("release", images.stamps())

    first = of(BrickImages(path, "imgBrick", ROWS))
    assert of(BrickImages(path, "imgBrick", ROWS)) == first
    assert of(BrickImages(path, "imgBrick", {**ROWS, "nsd-00001": 2})) != first
    (tmp_path / "a.png").write_bytes(encoded(PIXELS[0], "PNG").tobytes())
    files = of(FileImages(tmp_path, {"a": "a.png", "b": "b.png"}))
    (tmp_path / "b.png").write_bytes(encoded(PIXELS[1], "PNG").tobytes())
    assert of(FileImages(tmp_path, {"a": "a.png", "b": "b.png"})) != files
    with h5py.File(path, "r+") as file:
        file["more"] = np.zeros(9)
    assert of(BrickImages(path, "imgBrick", ROWS)) != first
