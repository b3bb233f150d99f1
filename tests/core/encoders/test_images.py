"""Images on their way into an encoder: every kind of file, memory, disk, low-level values."""

from __future__ import annotations

import errno
import io
import threading
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import datasets, encoders, paths
from core.datasets.dataset import Dataset, DatasetInfo
from core.encoders import encode, pipeline
from core.encoders.encoder import Loaded
from core.encoders.families import gabor
from core.encoders.families.pixels import LoadedPixels
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError

SIDE = 16
RED = (200, 40, 30)


def png(image, **options):
    content = io.BytesIO()
    image.save(content, options.pop("format", "PNG"), **options)
    return content.getvalue()


def plain(colour=RED, mode="RGB", size=(SIDE, SIDE)):
    return Image.new(mode, size, colour)


def animated():
    return png(plain(), format="GIF", save_all=True, append_images=[plain((0, 0, 255))])


def palette():
    return png(plain().quantize(4))


def half_clear():
    return png(Image.new("RGBA", (SIDE, SIDE), (*RED, 128)))


def clear_palette():
    image = plain().quantize(4)
    return png(image, transparency=image.getpixel((0, 0)))


def grey_16_bits():
    return png(Image.fromarray(np.full((SIDE, SIDE), 32_896, dtype=np.uint16)))


def noise():
    pixels = np.random.default_rng(0).integers(0, 255, (90, 90, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


WHITE = (255, 255, 255)
GOOD = {
    "rgb": (lambda: png(plain()), RED),
    "grey": (lambda: png(plain(77, "L")), (77, 77, 77)),
    "palette": (palette, RED),
    "animated": (animated, RED),
    "alpha on white": (half_clear, tuple(round(255 + (c - 255) * 128 / 255) for c in RED)),
    "clear palette": (clear_palette, WHITE),
    "grey and alpha": (lambda: png(plain((77, 0), "LA")), WHITE),
    "16 bits": (grey_16_bits, (128, 128, 128)),
    "CMYK": (lambda: png(plain((0, 255, 255, 0), "CMYK"), format="JPEG", quality=100), (255, 0, 0)),
    "one bit": (lambda: png(plain(1, "1")), WHITE),
}
BAD = {
    "corrupt": (lambda: b"\x89PNG\r\n\x1a\nnothing of an image", "could not be read"),
    "no image": (lambda: b"plain text", "could not be read"),
    "empty": (lambda: b"", "could not be read"),
    "truncated": (lambda: png(noise())[:9000], "could not be read"),
    "truncated JPEG": (lambda: png(noise(), format="JPEG")[:2000], "could not be read"),
    "huge": (lambda: png(Image.new("1", (8000, 7000))), "8000 x 7000"),
    "bomb": (lambda: png(Image.new("1", (16_000, 12_000))), "exceeds limit"),
    "floats": (lambda: png(plain(0.5, "F"), format="TIFF"), "floats"),
}


def make(root, files):
    (root / "images").mkdir(parents=True)
    for name, content in files.items():
        (root / "images" / name).write_bytes(content)
    lines = [f'"{name}","{name}"' for name in files]
    (root / "stimuli.csv").write_text("\n".join(["id,file", *lines]) + "\n")
    return datasets.load("folder", root=root)


def test_every_kind_of_image_or_a_named_failure(tmp_path):
    kinds = {**GOOD, **BAD}
    ds = make(tmp_path / "all", {name: kinds[name][0]() for name in kinds})
    features = encoders.encode_images(ds, "pixels", side=2)
    failures = encoders.load_failures(ds, "pixels", side=2)
    assert set(failures) == set(BAD)
    for row, name in enumerate(ds.stimuli["id"]):
        if name in BAD:
            assert np.isnan(features[row]).all()
            assert BAD[name][1] in failures[name]
            assert name in failures[name]
        else:
            colour = features[row].reshape(4, 3)[0] * 255
            np.testing.assert_allclose(colour, GOOD[name][1], atol=3, err_msg=name)


@pytest.mark.parametrize("name", GOOD)
def test_uploads_of_every_kind(name):
    make_file, colour = GOOD[name]
    image = encoders.check_upload(make_file())
    assert image.mode == "RGB"
    np.testing.assert_allclose(image.getpixel((3, 3)), colour, atol=3)
    assert encoders.encode_image(image, "pixels", side=2).shape == (12,)


@pytest.mark.parametrize("name", BAD)
def test_bad_uploads_have_one_clear_line(name):
    with pytest.raises((InputError, CorruptDataError)) as caught:
        encoders.check_upload(BAD[name][0](), "dog.png")
    assert "\n" not in str(caught.value)
    assert "dog.png" in str(caught.value)


def test_uploads_are_bounded_and_turned(monkeypatch):
    monkeypatch.setattr("core.encoders.uploads.MAX_BYTES", 1000)
    with pytest.raises(InputError, match=r"dog\.png has .* MB"):
        encoders.check_upload(bytes(1001), "dog.png")
    turned = Image.new("RGB", (8, 4))
    exif = turned.getexif()
    exif[0x0112] = 6
    assert encoders.check_upload(png(turned, exif=exif)).size == (4, 8)


def test_an_image_of_over_100_million_pixels_is_not_decoded():
    class Unread(Image.Image):
        size = (20_000, 6_000)
        width, height = size

        def load(self):
            raise AssertionError("decoded")

    with pytest.raises(InputError, match="20000 x 6000"):
        encoders.encode_image(Unread(), "pixels")


def test_no_image_at_all_is_an_error_and_nothing_is_kept(tmp_path):
    ds = make(tmp_path / "bad", {name: BAD[name][0]() for name in ("corrupt", "empty")})
    with pytest.raises(NotFoundError, match="None of the 2 images"):
        encoders.encode_images(ds, "pixels")
    assert encoders.entries() == []
    with pytest.raises(NotFoundError, match="no gallery"):
        encoders.encode_images(ds, "pixels", "gallery")
    bare = Dataset(ds.info, "s", ("s",), pd.DataFrame({"id": ["a"]}), "f" * 32)
    with pytest.raises(NotFoundError, match="without images"):
        encoders.encode_images(bare, "pixels")


# --- memory and disk


class Counting(Loaded):
    """Counts how many prepared images are alive."""

    dimensions, batch = 3, 8

    def __init__(self):
        self.lock = threading.Lock()
        self.alive = self.most = 0
        self.order = []

    def prepare(self, images):
        with self.lock:
            self.alive += len(images)
            self.most = max(self.most, self.alive)
        return [np.asarray(image.getpixel((0, 0))) for image in images]

    def images(self, prepared):
        with self.lock:
            self.alive -= len(prepared)
        return np.stack(prepared).astype(np.float32)


def numbered(name):
    number = int(name)
    return Image.new("RGB", (4, 4), (number % 256, number // 256, 7))


def test_few_images_are_in_memory_and_rows_keep_their_order():
    ids = [str(number) for number in range(2000)]
    loaded = Counting()
    rows = np.concatenate(list(pipeline.features(ids, numbered, loaded, {})))
    assert loaded.most <= 3 * loaded.batch
    np.testing.assert_array_equal(rows[:, 0] + 256 * rows[:, 1], np.arange(2000))


def generated(count, size=SIDE):
    stimuli = pd.DataFrame({"id": [str(number) for number in range(count)]})
    info = DatasetInfo("generated", "Generated")

    def image(name):
        return numbered(name).resize((size, size))

    return Dataset(info, "s1", ("s1",), stimuli, f"{count:032x}", images=image)


def test_memory_does_not_grow_with_the_images():
    peaks = {}
    for count in (200, 1600):
        ds = generated(count, 256)
        tracemalloc.start()
        encoders.encode_images(ds, "pixels", side=64)
        peaks[count] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # Embeddings of 1,400 more images alone would be 69 MB.
    assert peaks[1600] - peaks[200] < 8e6, peaks


def full(*given, **named):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("step", ["rows", "store"])
def test_a_full_disk_leaves_nothing(monkeypatch, step):
    ds = generated(50)
    with monkeypatch.context() as patched:
        if step == "rows":
            patched.setattr(encode, "write_rows", full)
        else:
            patched.setattr("core.store.results.np.save", full)
        with pytest.raises(NeurogalleryError, match="No space left on device"):
            encoders.encode_images(ds, "pixels")
    files = [p for p in paths.results_root().rglob("*") if p.is_file() and p.name != ".lock"]
    assert files == []
    assert np.isfinite(encoders.encode_images(ds, "pixels")).all()


def test_an_error_of_the_model_ends_the_threads(monkeypatch):
    before = threading.active_count()
    monkeypatch.setattr(LoadedPixels, "images", full)
    with pytest.raises(NeurogalleryError):
        encoders.encode_images(generated(100), "pixels")
    assert threading.active_count() == before


# --- low-level encoders


def grating(angle, wavelength=8, side=128):
    """A grating whose luminance varies along an angle from the horizontal."""
    y, x = np.mgrid[:side, :side]
    phase = 2 * np.pi / wavelength * (x * np.cos(angle) + y * np.sin(angle))
    return Image.fromarray((127 + 120 * np.sin(phase)).astype(np.uint8)).convert("RGB")


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("scale", [0, 1, 2])
def test_gabor_answers_most_to_its_orientation_and_scale(number, scale):
    image = grating(number * np.pi / 8, 4 * 2**scale)
    places = encoders.encode_image(image, "gabor").reshape(4, 8, 8, 8)
    # Beyond the edge the image is mirrored, and its stripes run the other way.
    found = places[:, :, 2:6, 2:6].mean(axis=(2, 3))
    assert np.unravel_index(found.argmax(), found.shape) == (scale, number)
    across = found[scale, (number + 4) % 8]
    assert found[scale, number] > 10 * across


def test_gabor_energy_ignores_phase_and_says_where():
    first = np.asarray(grating(0))
    moved = Image.fromarray(np.roll(first, 3, axis=1))
    both = [encoders.encode_image(p, "gabor", grid=1) for p in (Image.fromarray(first), moved)]
    np.testing.assert_allclose(both[0].max(), both[1].max(), rtol=0.02)
    left = first.copy()
    left[:, 64:] = 127
    found = encoders.encode_image(Image.fromarray(left), "gabor", grid=2).reshape(4, 8, 2, 2)
    assert found[1, 0, :, 0].min() > 5 * found[1, 0, :, 1].max()
    blank = encoders.encode_image(plain(), "gabor", grid=3)
    assert np.abs(blank).max() < 1e-4


def test_gabor_filters_do_not_answer_to_luminance():
    assert gabor.filters(8, 4)[:, 0, 0].max() < 0.005


def test_pixels_are_the_image():
    pixels = np.random.default_rng(0).integers(0, 255, (4, 4, 3), dtype=np.uint8)
    found = encoders.encode_image(Image.fromarray(pixels), "pixels", side=4)
    np.testing.assert_allclose(found, pixels.reshape(-1) / 255, atol=1e-6)


# --- neighbours


def test_nearest_agrees_with_a_full_sort_and_leaves_missing_rows_out():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(300, 12)).astype(np.float32)
    features[[4, 70]] = np.nan
    features[9] = 0
    features[200] = 3 * features[20]
    indices, similarities = encoders.nearest(features, features[20], 297)
    wide = features.astype(np.float64)
    norms = np.linalg.norm(wide, axis=1) * np.linalg.norm(wide[20])
    with np.errstate(invalid="ignore"):
        cosine = wide @ wide[20] / norms
    assert set(indices[:2]) == {20, 200}
    assert not {4, 9, 70} & set(indices)
    np.testing.assert_allclose(similarities, cosine[indices], atol=1e-6)
    assert (np.diff(similarities) <= 0).all()
    assert len(encoders.nearest(features, features[20], 1000)[0]) == 297
    for query in (features[4], features[9], features[0, :5]):
        with pytest.raises(InputError):
            encoders.nearest(features, query, 5)
    with pytest.raises(InputError, match="k is 0"):
        encoders.nearest(features, features[0], 0)
