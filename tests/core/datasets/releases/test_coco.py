"""Labels of cropped COCO images are what a loop over the whole JSON counts."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings

from core.datasets.releases import coco
from core.datasets.releases.coco import counts_of, is_stored, labels_of, read_annotations
from core.errors import CorruptDataError, NotFoundError
from tests.core.datasets.releases.damage import check_only_own_errors, overwritten

CATEGORIES = [(1, "person"), (13, "stop sign"), (27, "backpack"), (90, "toothbrush")]
NONE = (0.0, 0.0, 0.0, 0.0)


@pytest.fixture(autouse=True)
def _store(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "results"))


def content(seed=0, images=20, first=100):
    rng = np.random.default_rng(seed)
    objects = []
    for number in range(images * 4):
        left, top, width, height = (rng.random(4) * [500, 350, 120, 120]).round(2).tolist()
        is_crowd = int(rng.random() < 0.2)
        runs = {"counts": [3, 4, 5], "size": [480, 640]}
        objects.append(
            {
                "segmentation": runs if is_crowd else [[left, top, left + 1, top, left, top + 1]],
                "iscrowd": is_crowd,
                "image_id": first + int(rng.integers(images)),
                "bbox": [left, top, width, height],
                "category_id": CATEGORIES[rng.integers(4)][0],
                "id": number,
            }
        )
    return {
        "info": {"description": "COCO [2017] {x}"},
        "licenses": [{"url": "x", "id": 1}],
        "images": [
            {"file_name": f"{n:012d}.jpg", "height": 480, "width": 640, "id": n}
            for n in range(first, first + images)
        ],
        "annotations": objects,
        "categories": [
            {"supercategory": "thing", "id": number, "name": name} for number, name in CATEGORIES
        ],
    }


def save(path, table):
    path.write_text(json.dumps(table), "utf-8")
    return path


def counted(table, image, crop):
    """The oracle: pixels of half a pixel's width that a box and the window share."""
    top, bottom, left, right = crop
    names, counts = dict(CATEGORIES), {}
    for each in table["annotations"]:
        x, y, width, height = each["bbox"]
        across = min(x + width, 640 * (1 - right)) - max(x, 640 * left)
        down = min(y + height, 480 * (1 - bottom)) - max(y, 480 * top)
        if each["image_id"] == image and across > 0 and down > 0:
            name = names[each["category_id"]]
            counts[name] = counts.get(name, 0) + 1
    return counts


@pytest.mark.parametrize("crop", [NONE, (0, 0, 0.125, 0.125), (0.2, 0.3, 0, 0), (0, 0.6, 0.5, 0.1)])
@pytest.mark.parametrize("chunk", [7, 2**20])
def test_counts_are_those_of_a_loop(tmp_path, monkeypatch, crop, chunk):
    monkeypatch.setattr(coco, "CHUNK", chunk)
    train, validation = content(0), content(1, first=500)
    paths = [save(tmp_path / "train.json", train), save(tmp_path / "val.json", validation)]
    annotations = read_annotations(paths)
    for table, first in ((train, 100), (validation, 500)):
        for image in range(first, first + 20):
            counts = counts_of(annotations, image, crop)
            assert counts == counted(table, image, crop)
            assert labels_of(annotations, image, crop) == tuple(counts)
    assert dict(annotations.categories) == dict(CATEGORIES)
    assert annotations.supercategories["stop sign"] == "thing"


def test_the_second_reading_is_of_the_copy(tmp_path, monkeypatch):
    path = save(tmp_path / "train.json", content())
    assert not is_stored([path])
    first = read_annotations([path])
    assert is_stored([path])
    monkeypatch.setattr(coco, "_read", None)
    second = read_annotations([path])
    for name in ("images", "sizes", "owners", "kinds", "boxes"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert (second.categories, second.supercategories) == (first.categories, first.supercategories)


def test_names_and_images_that_are_not_there_are_errors(tmp_path):
    annotations = read_annotations([save(tmp_path / "train.json", content())])
    assert annotations.id_of("toothbrush") == 90
    for name in ("Toothbrush", "stop", "", "stop sign "):
        with pytest.raises(NotFoundError, match="no category"):
            annotations.id_of(name)
    for image in (99, 120, -1):
        with pytest.raises(NotFoundError, match="no image"):
            counts_of(annotations, image, NONE)
    for crop in ((0.5, 0.5, 0, 0), (-0.1, 0, 0, 0), (np.nan, 0, 0, 0)):
        with pytest.raises(CorruptDataError, match="The crop"):
            counts_of(annotations, 100, crop)
    with pytest.raises(NotFoundError):
        read_annotations([tmp_path / "none.json"])


def _changed(change):
    table = content()
    change(table)
    return json.dumps(table)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON object"),
        ("[]", "no JSON object"),
        ("{}", "has no images, annotations, categories"),
        ('{"annotations": [', "could not be read"),
        (json.dumps(content())[:-1], "could not be read"),
        (json.dumps(content())[:-900], "could not be read"),
        (_changed(lambda t: t["annotations"][0].pop("bbox")), "KeyError: 'bbox'"),
        (_changed(lambda t: t["annotations"][0].update(bbox=[1, 2, 3])), "a box is"),
        (_changed(lambda t: t["annotations"][0].update(bbox=[1, 2, 3, 1e999])), "a box is"),
        (_changed(lambda t: t["annotations"][0].update(category_id=5)), "without a name"),
        (_changed(lambda t: t["images"].append(t["images"][0])), "name an image twice"),
        (_changed(lambda t: t["categories"].append({"id": 1, "name": "dog"})), "two names"),
        (_changed(lambda t: t["categories"].append({"id": 2, "name": "person"})), "one name"),
        (_changed(lambda t: t.pop("categories")), "has no categories"),
        (_changed(lambda t: t.update(annotations=[1, 2])), "TypeError"),
        ('{"images": [' + "[" * 100_000, "could not be read"),
    ],
)
def test_what_is_not_coco_s_is_refused(tmp_path, text, said):
    (tmp_path / "train.json").write_text(text, "utf-8")
    with pytest.raises(CorruptDataError, match=said):
        read_annotations([tmp_path / "train.json"])


@settings(max_examples=40, deadline=5000, derandomize=True)
@given(damaged=overwritten(json.dumps(content(images=2)).encode()))
def test_overwritten_bytes_raise_only_the_project_s_errors(damaged):
    check_only_own_errors(lambda path: coco._read([path]), damaged, ".json")
