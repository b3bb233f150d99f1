"""The art as data, scenes composed from it, and the features of images."""

from __future__ import annotations

import io
import json
import shutil
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core import paths
from core.errors import CorruptDataError, InputError, NotFoundError
from core.simulation import build, features, open_files, scenes
from core.simulation.scenes import art, svg

ELEMENTS = {
    "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "defs",
    "linearGradient", "radialGradient", "stop", "clipPath", "mask", "use", "pattern", "title",
}  # fmt: skip


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """The art in a folder of the test's own; nothing read from it is remembered."""
    folder = tmp_path / "art"
    shutil.copytree(paths.ART, folder)
    monkeypatch.setattr(paths, "ART", folder)
    caches = (art.object_categories, art.places, art.colours)
    for cached in caches:
        cached.cache_clear()
    yield folder
    for cached in caches:
        cached.cache_clear()


def test_eighty_kinds_of_twelve_supercategories_and_six_themes():
    every = scenes.object_categories().values()
    assert len(every) >= 80
    assert len({kind.supercategory for kind in every}) == 12
    assert len({kind.theme for kind in every}) == 6
    assert sum(kind.split == "test" for kind in every) == 20
    assert all(len(kind.drawings) >= 3 for kind in every)
    tables = [tuple(kind.semantics.values()) for kind in every]
    assert len(set(tables)) == len(tables)
    assert all(kind.places and set(kind.places) <= set(scenes.places()) for kind in every)


@pytest.mark.parametrize("folder", ["things", "places"])
def test_every_drawing_is_plain_svg_with_slots_that_it_uses(folder):
    drawings = sorted((paths.ART / folder).rglob("*.svg"))
    assert len(drawings) > 40
    for path in drawings:
        text = path.read_text()
        names = {element.tag.split("}")[-1] for element in ET.fromstring(text).iter()}
        assert names <= ELEMENTS, path
        assert 'href="http' not in text
        slots = svg.slots(path)
        assert folder == "places" or "main" in slots, path
        for colour in slots.values():
            assert text.count(colour) > 1, path
        assert len(text) < 12_000, path


def test_colours_and_patterns_fill_the_main_slot():
    drawing = scenes.object_categories()["sofa"].drawings[0]
    plain = np.asarray(svg.render(drawing, 100, 60, {"main": "#ff0000"}), dtype=int)
    other = np.asarray(svg.render(drawing, 100, 60, {"main": "#0000ff"}), dtype=int)
    assert (plain[..., 3] == other[..., 3]).all()
    assert ((plain[..., 0] - plain[..., 2]) > 80).mean() > 0.2
    assert ((other[..., 2] - other[..., 0]) > 80).mean() > 0.2
    laid = np.asarray(
        svg.render(drawing, 100, 60, {"main": "#ff0000"}, ("stripes", "#00ff00")), dtype=int
    )
    assert ((laid[..., 1] - laid[..., 0]) > 80).mean() > 0.05


def test_the_same_seed_paints_the_same_bytes_and_another_one_does_not():
    kinds = list(scenes.object_categories().values())
    first, again, other = (
        scenes.draw(np.random.default_rng(seed), scenes.object_categories()["dog"], kinds)
        for seed in (1, 1, 2)
    )
    assert first.image.tobytes() == again.image.tobytes()
    assert first.image.tobytes() != other.image.tobytes()
    assert first.shares == again.shares


def test_a_scene_shows_its_main_thing_and_reports_what_one_sees():
    kinds = list(scenes.object_categories().values())
    for seed in range(12):
        kind = kinds[(seed * 7) % len(kinds)]
        scene = scenes.draw(np.random.default_rng(seed), kind, kinds)
        assert next(iter(scene.shares)) == kind.id
        assert scene.shares[kind.id] >= 0.06
        assert scene.number >= 1
        assert scene.place in kind.places or scene.place == "studio"
        assert scene.source in ("object", "close-up", "indoor", "outdoor")
    with pytest.raises(InputError, match="from 1 to"):
        scenes.draw(np.random.default_rng(0), kinds[0], exemplars=(1, 99))


def test_colour_and_time_of_day_can_be_asked_for():
    car = scenes.object_categories()["car"]
    scene = scenes.draw(np.random.default_rng(0), car, colour="red", light="night")
    assert (scene.colour, scene.light) == ("red", "night")
    with pytest.raises(InputError, match=r"never seen at dusk.*day"):
        scenes.draw(np.random.default_rng(3), scenes.object_categories()["bed"], light="dusk")


def test_adding_a_kind_is_adding_files(copied):
    shutil.copytree(copied / "things" / "dog", copied / "things" / "fox")
    entry = json.loads((copied / "things" / "fox" / "kind.json").read_text())
    (copied / "things" / "fox" / "kind.json").write_text(json.dumps({**entry, "name": "fox"}))
    fox = art.object_categories()["fox"]
    scene = scenes.draw(np.random.default_rng(0), fox)
    assert scene.category.name == "fox"
    assert len(art.object_categories()) == 81


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"anchor": "floating"}, "anchor 'floating'.*portrait"),
        ({"split": "both"}, "split 'both'"),
        ({"theme": "cars"}, "theme 'cars'"),
        ({"metres": "tall"}, "incomplete"),
        ({"colours": 3}, "incomplete"),
        ({"metres": -1}, "no length"),
        ({"places": ["moon"]}, "moon"),
        ({"colours": {"main": ["mauve", "red"]}}, "mauve"),
        ({"semantics": {"animate": 7.0}}, "outside 0 to 1"),
        ({"semantics": {"animate": float("nan")}}, "outside 0 to 1"),
    ],
)
def test_a_wrong_kind_is_named(copied, change, message):
    path = copied / "things" / "dog" / "kind.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(CorruptDataError, match=f"kind.json.*{message}"):
        art.object_categories()


def test_missing_art_says_how_to_restore_it(copied):
    (copied / "things" / "dog" / "kind.json").write_text("{")
    with pytest.raises(CorruptDataError, match="Restore"):
        art.object_categories()
    shutil.rmtree(copied / "things")
    with pytest.raises(NotFoundError, match="Restore"):
        art.object_categories()


@pytest.mark.parametrize("wavelength", features.WAVELENGTHS)
@pytest.mark.parametrize("orientation", range(features.ORIENTATIONS))
def test_a_grating_drives_its_own_filter_most(wavelength, orientation):
    turn = orientation * np.pi / features.ORIENTATIONS
    down, across = np.mgrid[: features.SIDE, : features.SIDE]
    phase = 2 * np.pi * (across * np.cos(turn) + down * np.sin(turn)) / wavelength
    grating = Image.fromarray((127 + 100 * np.sin(phase)).astype(np.uint8))
    energy = features.gabor(grating)[:-1].mean(axis=(1, 2))
    expected = features.WAVELENGTHS.index(wavelength) * features.ORIENTATIONS + orientation
    assert energy.argmax() == expected


def test_energy_and_colour_are_where_the_thing_is():
    image = Image.new("RGB", (176, 176), (128, 128, 128))
    draw = ImageDraw.Draw(image)
    draw.rectangle([120, 10, 170, 60], fill=(230, 20, 20))
    energy = features.gabor(image)[6:12].sum(axis=0)
    assert energy[:3, 5:].sum() > 0.8 * energy.sum()
    red_green, saturation = features.colour(image)[0], features.colour(image)[2]
    for channel in (red_green, saturation):
        assert np.unravel_index(channel.argmax(), channel.shape) == (0, 3)
    flat = features.gabor(Image.new("RGB", (50, 50), (90, 90, 90)))
    assert np.allclose(flat[:-1], 0, atol=1e-9)
    assert np.allclose(flat[-1], 90 / 255, atol=1e-6)


def test_the_stored_files_are_what_the_generator_draws():
    files = open_files()
    tables = {"gallery": files.gallery}
    for part in build.parts():
        table = tables.get(part.split, files.stimuli)
        for name in (part.mains[3], part.mains[-1]):
            scene = build.drawn_for(part, name, 2)
            row = table[(table["split"] == part.split) & (table["kind"] == name)].iloc[2]
            stored = files.image(row["id"])
            drawn = Image.open(io.BytesIO(build.encoded(scene))).convert("RGB")
            assert drawn.tobytes() == stored.tobytes()
            assert row["shares"] == pytest.approx(dict(scene.shares), abs=1e-4)
    row = int(np.flatnonzero(files.stimuli["id"] == "dog-03")[0])
    energy = features.gabor(files.image("dog-03"))
    for channel in (0, 7, 17):
        assert np.corrcoef(energy[channel].ravel(), files.gabor[row, channel].ravel())[0, 1] > 0.99
