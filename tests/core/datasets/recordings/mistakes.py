"""A recording as a person would write it, and each mistake that one can make in it."""

from __future__ import annotations

import json

import numpy as np
from PIL import Image

from core.errors import CorruptDataError, InputError

STIMULI = (
    "id,file,category,supercategory,labels,source,split,size,note\n"
    "007,a.png,cat,animal,cat | furry |,web,train,1.5,x\n"
    "NA,sub/b.png,car,thing,,web,test,2,7\n"
    "c,,dog,animal,dog,,,,\n"
)


def make_folder(tmp_path):
    """Write a recording that has a little of everything."""
    root = tmp_path / "mine"
    for below in ("responses", "rois", "rdms", "images/sub", "gallery"):
        (root / below).mkdir(parents=True)
    (root / "dataset.json").write_text(json.dumps({"title": "Mine", "units": "z"}))
    (root / "stimuli.csv").write_text(STIMULI)
    for name in ("a.png", "sub/b.png"):
        Image.new("L", (8, 6), 99).save(root / "images" / name)
    rng = np.random.default_rng(0)
    np.save(root / "responses" / "p1.npy", rng.normal(size=(4, 5)).astype(np.float32))
    (root / "responses" / "p1.csv").write_text("id,run\nc,1\n007,1\nNA,2\n007,2\n")
    np.save(root / "responses" / "p2.npy", rng.normal(size=(3, 5)))
    (root / "rois" / "p1.json").write_text(json.dumps({"V1": [0, 1], "all": [0, 1, 2, 3, 4]}))
    np.save(root / "rdms" / "model.npy", 1 - np.eye(3))
    (root / "gallery" / "gallery.csv").write_text("id,file\ng1,g.png\n")
    Image.new("RGB", (5, 5), (1, 2, 3)).save(root / "gallery" / "g.png")
    return root


def _text(path, text):
    return lambda folder: (folder / path).write_text(text)


def _array(path, array):
    return lambda folder: np.save(folder / path, array, allow_pickle=True)


MISTAKES = {
    "no id column": (_text("stimuli.csv", "name;file\na;b\n"), InputError, r"stimuli\.csv .*'id'"),
    "empty table": (_text("stimuli.csv", ""), CorruptDataError, r"stimuli\.csv"),
    "no rows": (_text("stimuli.csv", "id,file\n"), InputError, r"stimuli\.csv has no rows"),
    "ragged table": (_text("stimuli.csv", "id\na\nb,c,d\n"), CorruptDataError, r"stimuli\.csv"),
    "empty id": (_text("stimuli.csv", "id,file\na,\n,b\n"), InputError, r"no id in line 3"),
    "duplicate ids": (_text("stimuli.csv", "id\na\na\n"), InputError, r"stimuli\.csv .*duplicate"),
    "file outside": (
        _text("stimuli.csv", "id,file\n007,../dataset.json\nNA,\nc,\n"),
        InputError,
        r"stimuli\.csv .*'\.\./dataset\.json'.*outside",
    ),
    "absolute file": (
        _text("stimuli.csv", "id,file\n007,/etc/passwd\nNA,\nc,\n"),
        InputError,
        r"stimuli\.csv .*outside",
    ),
    "fewer stimuli": (_text("stimuli.csv", "id\n007\nNA\n"), InputError, r"p1\.csv .*lacks: c"),
    "broken json": (_text("dataset.json", "{"), CorruptDataError, r"dataset\.json"),
    "json list": (_text("dataset.json", "[1]"), InputError, r"dataset\.json holds a list"),
    "json number": (_text("dataset.json", '{"title": 3}'), InputError, r"dataset\.json has 3"),
    "object array": (
        _array("responses/p1.npy", np.array([{}, []], dtype=object)),
        CorruptDataError,
        r"p1\.npy .*Python objects",
    ),
    "truncated array": (_text("responses/p1.npy", "\x93NUM"), CorruptDataError, r"p1\.npy"),
    "3-d array": (_array("responses/p1.npy", np.ones((4, 5, 2))), InputError, r"p1\.npy .*shape"),
    "complex array": (_array("responses/p1.npy", np.ones((4, 5), complex)), InputError, r"complex"),
    "other length": (
        _text("responses/p1.csv", "id\nc\n007\n"),
        InputError,
        r"p1\.csv has 2 rows, responses/p1\.npy has 4",
    ),
    "unknown trial id": (
        _text("responses/p1.csv", "id\nc\n007\nNA\nzz\n"),
        InputError,
        r"p1\.csv names 1 id .*zz",
    ),
    "trials without id": (_text("responses/p1.csv", "trial\n1\n"), InputError, r"p1\.csv .*'id'"),
    "roi out of range": (_text("rois/p1.json", '{"V1": [0, 5]}'), InputError, r"p1\.json: 'V1'"),
    "roi negative": (_text("rois/p1.json", '{"V1": [-1]}'), InputError, r"0 to 4"),
    "roi not numbers": (_text("rois/p1.json", '{"V1": ["a"]}'), InputError, r"p1\.json"),
    "roi list": (_text("rois/p1.json", "[0]"), InputError, r"p1\.json"),
    "roi broken": (_text("rois/p1.json", "{"), CorruptDataError, r"p1\.json"),
    "asymmetric rdm": (
        _array("rdms/model.npy", np.triu(np.ones((3, 3)), 1)),
        InputError,
        r"rdms/model\.npy is not symmetric",
    ),
    "small rdm": (_array("rdms/model.npy", 1 - np.eye(2)), InputError, r"rdms/model\.npy has 2"),
    "gallery repeats": (
        _text("gallery/gallery.csv", "id\n007\n"),
        InputError,
        r"gallery\.csv repeats 1 .*007",
    ),
}
