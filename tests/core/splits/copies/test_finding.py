"""Altered copies are found, and images that are merely alike are not."""

from __future__ import annotations

import io
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageColor, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from core import datasets
from core.datasets import Dataset, DatasetInfo
from core.errors import Cancelled
from core.progress import silent
from core.splits.copies import find_copies
from core.splits.copies.candidates import CROPS, ORIENTATIONS, frequencies, laid, placed
from core.splits.copies.plainness import is_simple
from core.splits.copies.views import GREY, border_box, views_of

Turn = Image.Transpose


def encoded(quality, form="JPEG"):
    def alter(image):
        file = io.BytesIO()
        image.save(file, form, quality=quality)
        return Image.open(io.BytesIO(file.getvalue())).convert("RGB")

    return alter


def cropped(left, top, right, bottom):
    def alter(image):
        width, height = image.size
        edges = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
        return image.crop(tuple(round(edge) for edge in edges))

    return alter


def written_on(image):
    image = image.copy()
    ImageDraw.Draw(image).text((9, image.height - 30), "(c) somebody", fill="white")
    return image


def one_pixel(image):
    image = image.copy()
    image.putpixel((0, 0), (255, 0, 255))
    return image


def gamma(value):
    curve = [round(255 * (level / 255) ** value) for level in range(256)]
    return lambda image: image.point(curve * 3)


ALTERED = {
    "the same": lambda image: image,
    "JPEG 90": encoded(90),
    "turned 4": lambda image: image.rotate(4, Image.Resampling.BICUBIC, fillcolor=(128,) * 3),
    "JPEG 30": encoded(30),
    "WebP": encoded(60, "WEBP"),
    "smaller": lambda image: image.resize((80, 80)),
    "larger": lambda image: image.resize((400, 400)),
    "stretched": lambda image: image.resize((240, 150)),
    "crop of 5 %": cropped(0.02, 0.03, 0.03, 0.02),
    "crop of 15 %": cropped(0.12, 0.05, 0.03, 0.1),
    "crop of 30 %": cropped(0.2, 0.1, 0.1, 0.2),
    "crop of one edge": cropped(0.2, 0, 0, 0),
    "mirrored": lambda image: image.transpose(Turn.FLIP_LEFT_RIGHT),
    "upside down": lambda image: image.transpose(Turn.FLIP_TOP_BOTTOM),
    "turned 90": lambda image: image.transpose(Turn.ROTATE_90),
    "turned 180": lambda image: image.transpose(Turn.ROTATE_180),
    "turned 270": lambda image: image.transpose(Turn.ROTATE_270),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.6),
    "contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.4),
    "gamma": gamma(1.8),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "framed": lambda image: ImageOps.expand(image, 18, "white"),
    "letterbox": lambda image: ImageOps.expand(image, (0, 22), "black"),
    "written on": written_on,
    "one pixel": one_pixel,
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(1.2)),
    "mirrored crop": lambda image: ImageOps.mirror(cropped(0.1, 0.05, 0.05, 0.1)(image)),
    "JPEG 20": encoded(20),
    "64 px": lambda image: image.resize((64, 64)),
    "crop of 40 %": cropped(0.2, 0.2, 0.2, 0.2),
    "crop of 40 %, a corner": cropped(0, 0, 0.4, 0.4),
    "inverted": ImageOps.invert,
    "inverted, mirrored": lambda image: ImageOps.mirror(ImageOps.invert(image)),
    "red and blue exchanged": lambda image: Image.merge("RGB", image.split()[::-1]),
    "squeezed, padded": lambda image: ImageOps.pad(image.resize((110, 180)), (180, 180)),
    "crop, JPEG 50": lambda image: encoded(50)(cropped(0.05, 0.1, 0.1, 0.05)(image)),
}


WORDS = ["cat", "cot", "car", "can", "dog", "dig", "house", "horse", "mouse", "table", "cable"]


def word(text, height):
    image = Image.new("RGB", (256, 256), "white")
    ImageDraw.Draw(image).text((128, 128), text, fill="black", font_size=height, anchor="mm")
    return image


def grating(degrees, phase=0.0):
    y, x = np.mgrid[:128, :128] / 128 - 0.5
    angle = np.deg2rad(degrees)
    wave = np.sin(2 * np.pi * 6 * (x * np.cos(angle) + y * np.sin(angle)) + phase)
    return Image.fromarray((127.5 + 127 * wave).astype(np.uint8)).convert("RGB")


def shape(corners, colour, ground="grey"):
    image = Image.new("RGB", (128, 128), ground)
    ImageDraw.Draw(image).regular_polygon((64, 64, 40), corners, fill=colour)
    return image


def on_ground(ground, place, colour):
    """A textured ball on a scene."""
    rng = np.random.default_rng(place)
    ball = rng.integers(-40, 40, (12, 12, 3)) + np.array(ImageColor.getrgb(colour))
    ball = Image.fromarray(np.clip(ball, 0, 255).astype(np.uint8))
    mask = Image.new("L", (200, 200))
    ImageDraw.Draw(mask).ellipse((0, 0, 199, 199), fill=255)
    edge, image = round(0.25 * ground.width), ground.copy()
    image.paste(ball.resize((edge, edge)), place, mask.resize((edge, edge)))
    return image


ALIKE = {
    "small words": [word(text, 14) for text in WORDS],
    "words": [word(text, 36) for text in WORDS],
    "large words": [word(text, 70) for text in WORDS],
    "gratings 6 degrees apart": [grating(degrees) for degrees in range(0, 90, 6)],
    "phases": [grating(30, phase) for phase in (0.0, 1.5, 3.14, 4.7)],
    "shapes of other colours": [
        shape(corners, colour) for corners in (3, 4, 6) for colour in ("red", "blue", "white")
    ],
    "black on white, white on black": [shape(3, "black", "white"), shape(3, "white", "black")],
}


def recording(images):
    """A recording of some images."""
    table = pd.DataFrame({"id": [str(place) for place in range(len(images))]})
    info = DatasetInfo("images", "Images")
    return Dataset(
        info,
        "S1",
        ("S1",),
        table,
        "f",
        betas=np.ones((len(images), 1), np.float32),
        trials=pd.DataFrame({"id": table["id"], "repeat": 1, "run": 1, "session": 1}),
        images=lambda name: images[int(name)],
    )


@pytest.fixture(scope="module")
def scenes():
    """Every thirtieth image of the simulated experiment, but those with hardly any detail."""
    ds = datasets.load("simulated")
    images = [ds.image(name) for name in ds.stimuli["id"][::30]]
    return [image for image in images if not is_simple(views_of(image)[0].grey[None])[0]]


def pairs_of(images):
    copies = find_copies(recording(images), np.arange(len(images)), silent)
    return set(zip(copies.first.tolist(), copies.second.tolist(), strict=True))


def test_each_alteration_is_found_and_nothing_else(scenes):
    changed = [alter(scenes[place]) for place, alter in enumerate(ALTERED.values())]
    pairs = pairs_of(scenes + changed)
    planted = {(place, len(scenes) + place) for place in range(len(ALTERED))}
    assert [list(ALTERED)[first] for first, _ in planted - pairs] == []
    assert pairs == planted


def test_the_simulated_scenes_hold_no_copies_though_their_objects_come_back():
    ds = datasets.load("simulated")
    # The images of a category stand together: a few whole categories, the hardest among them.
    rows = np.r_[740:761, 825:849, 980:990]
    assert len(find_copies(ds, rows, silent).first) == 0


def test_the_92_photographs_hold_no_copies(realdata, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA", str(realdata))
    ds = datasets.load("kriegeskorte92")
    assert len(find_copies(ds, np.arange(ds.n_stimuli), silent).first) == 0


def test_rows_that_are_not_asked_about_and_unreadable_images(scenes):
    images = [scenes[0], scenes[0], scenes[1], scenes[1], None]
    ds = recording(images)
    copies = find_copies(ds, np.array([0, 1, 2, 4]), silent)
    assert (copies.first.tolist(), copies.second.tolist()) == ([0], [1])
    assert copies.agreement == pytest.approx([1.0], abs=1e-3)
    assert copies.compared.tolist() == [0, 1, 2]
    assert len(find_copies(ds, np.array([4]), silent).first) == 0


def test_plain_images_are_no_copies_of_each_other():
    assert (
        pairs_of([Image.new("RGB", (50, 50), colour) for colour in ("grey", "red", "grey")])
        == set()
    )


@pytest.mark.parametrize("kind", ALIKE)
def test_stimuli_that_are_alike_by_design_are_no_copies(kind):
    assert pairs_of(ALIKE[kind]) == set()


def test_simple_stimuli_encoded_again_are_copies():
    images = [word("house", 36), grating(30), shape(5, "red")]
    pairs = pairs_of([*images, *(encoded(80)(image) for image in images)])
    assert pairs == {(0, 3), (1, 4), (2, 5)}


def test_a_photograph_with_little_detail_may_be_brighter(realdata, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA", str(realdata))
    ds = datasets.load("kriegeskorte92")
    images = [ds.image(name).convert("RGB") for name in ("s07", "s73")]
    brighter = [ImageEnhance.Brightness(image).enhance(1.15) for image in images]
    assert all(is_simple(views_of(image)[0].grey[None])[0] for image in images)
    assert pairs_of([*images, *brighter]) == {(0, 2), (1, 3)}


def test_another_object_on_the_same_ground_is_no_copy(scenes):
    places = [(20, 30), (90, 60), (60, 100)]
    for ground in scenes[:3]:
        colours = ("red", "navy", "white")
        images = [on_ground(ground, *each) for each in zip(places, colours, strict=True)]
        assert pairs_of([ground, *images]) == set()
        assert pairs_of([images[0], encoded(30)(images[0])]) == {(0, 1)}


def test_a_place_says_where_the_crop_stood(scenes):
    grey = np.asarray(scenes[3].convert("L").resize((GREY, GREY)), dtype=np.float32)
    for way in ORIENTATIONS:
        # Brute force: lay the pixels, and ask where a pixel of the result stood.
        square = grey[:, ::-1] if way & 1 else grey
        square = square[::-1] if way & 2 else square
        square = square.T if way & 4 else square
        y, x = placed(way, CROPS[0]) @ np.array([0.2, 0.7, 1.0])
        assert square[19, 67] == pytest.approx(grey[int(y * GREY), int(x * GREY)], abs=12)
        direct = frequencies(np.ascontiguousarray(square)[None], CROPS[0])[0]
        of_signs = laid(frequencies(grey[None], CROPS[0]), way)[0]
        assert of_signs == pytest.approx(direct, rel=1e-3, abs=0.5)


def test_a_border_is_cut_and_a_plain_ground_stays():
    grey = np.full((60, 80), 128, dtype=np.float32)
    grey[20:40, 30:50] = np.random.default_rng(0).uniform(0, 255, (20, 20))
    assert border_box(np.pad(grey, 10)) == (10, 10, 90, 70)
    assert border_box(np.full((60, 80), 128, dtype=np.float32)) is None
    assert len(views_of(Image.new("RGB", (20, 30), "red"))) == 1


def test_a_cancel_is_heard(scenes):
    def cancel(done, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        find_copies(recording(scenes[:3]), np.arange(3), cancel)


def test_fifty_images_take_seconds(scenes):
    began = time.process_time()
    pairs_of(scenes)
    assert time.process_time() - began < 10
