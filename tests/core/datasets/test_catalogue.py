"""The catalogue, its options, and what every recording can do."""

from __future__ import annotations

import itertools
import json
import os

import numpy as np
import pytest
from PIL import Image

from core import datasets, operations, paths
from core.datasets import files as folder_files
from core.errors import InputError, NeurogalleryError, NotFoundError


def _own_folder(name, title=None):
    folder = paths.data_root() / name
    folder.mkdir(parents=True)
    (folder / "stimuli.csv").write_text("id,category\na,cat\nb,dog\n")
    if title:
        (folder / "dataset.json").write_text(json.dumps({"title": title}))
    return folder


def test_available_lists_registered_and_own_folders():
    folder = _own_folder("mydata", "My data")
    found = {info.name: info for info in datasets.available()}
    assert {"simulated", "kriegeskorte92", "folder", "folder:mydata"} <= set(found)
    assert found["folder:mydata"].title == "My data"
    assert found["folder:mydata"].where == folder
    assert found["simulated"].is_simulated
    assert found["simulated"].where is not None
    assert found["kriegeskorte92"].where is None
    assert found["kriegeskorte92"].fetchable
    assert not found["simulated"].fetchable


def test_available_survives_a_broken_description_and_no_data_root():
    assert datasets.available()
    folder = _own_folder("broken")
    (folder / "dataset.json").write_text("{")
    info = {info.name: info for info in datasets.available()}["folder:broken"]
    assert info.title == "broken"
    assert "dataset.json" in info.description


def test_own_folder_opens_by_name():
    _own_folder("mydata", "My data")
    ds = datasets.load("folder:mydata")
    assert ds.info.name == "folder:mydata"
    assert ds.info.title == "My data"
    assert ds.subjects == ("group",)
    assert ds.missing().all()


@pytest.mark.parametrize("below", ["../elsewhere", "/etc", "a/../../elsewhere"])
def test_folder_name_may_not_lead_outside(below, tmp_path):
    _own_folder("mydata")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "stimuli.csv").write_text("id\na\nb\n")
    with pytest.raises(InputError, match="outside"):
        datasets.load(f"folder:{below}")


def test_link_that_leads_outside_is_neither_listed_nor_opened(tmp_path):
    _own_folder("mydata")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "stimuli.csv").write_text("id\na\nb\n")
    (paths.data_root() / "link").symlink_to(tmp_path / "elsewhere")
    assert "folder:link" not in [info.name for info in datasets.available()]
    with pytest.raises(InputError, match="outside"):
        datasets.load("folder:link")


@pytest.mark.parametrize("name", ["folder:", "folder:.", "folder:a\0b", "simulated:x", "nsd2", ""])
def test_unknown_names_list_the_choices(name):
    with pytest.raises(NotFoundError, match="Choices"):
        datasets.load(name)


def test_folder_and_root_together_are_refused(tmp_path):
    with pytest.raises(InputError, match="one of them"):
        datasets.load("folder:mydata", root=tmp_path)


def test_options_are_checked_and_enter_the_fingerprint():
    assert datasets.load("simulated").fingerprint == datasets.load("simulated", "S1").fingerprint
    prints = {
        datasets.load("simulated", subject, **{"stimuli": 80, **options}).fingerprint
        for subject, options in [
            ("S1", {}),
            ("S2", {}),
            ("S1", {"snr": 2}),
            ("S1", {"repeats": 2}),
            ("S1", {"seed": 1}),
            ("S1", {"stimuli": 100}),
            ("S1", {"parts": ("pixels",)}),
            ("S1", {"semantics": "permuted"}),
        ]
    }
    assert len(prints) == 8
    wrong_options = (
        {"snr": 0.01}, {"snr": 11}, {"repeats": 0}, {"tr": 3}, {"snr": "loud"},
        {"stimuli": 1501}, {"subjects": 9}, {"parts": ""}, {"parts": "pixels,magic"},
        {"parts": ()}, {"semantics": "none"},
    )  # fmt: skip
    for wrong in wrong_options:
        with pytest.raises(InputError):
            datasets.load("simulated", **wrong)
    with pytest.raises(NotFoundError, match="S1, S2, S3"):
        datasets.load("simulated", "S4", subjects=3)


def test_missing_kriegeskorte_says_how_to_fetch_it():
    with pytest.raises(NotFoundError, match="python -m core fetch kriegeskorte92"):
        datasets.load("kriegeskorte92")


@pytest.mark.parametrize("length", [0, 3, 20, 127, 128, 130, 400])
def test_wrong_mat_file_is_named(length, tmp_path):
    from core.datasets.recordings.kriegeskorte92 import FILES
    from core.errors import CorruptDataError

    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    for name in FILES:
        (tmp_path / name).write_bytes(
            (header + b"\x0f\x00\x00\x00\x00\x01\x00\x00x\x9c" * 40)[:length]
        )
    with pytest.raises(CorruptDataError, match=r"supplementalData.mat.*core fetch kriegeskorte92"):
        datasets.load("kriegeskorte92", root=tmp_path)


def test_a_subset_keeps_rows_trials_and_rdms_together(kriegeskorte_root):
    ds = datasets.load("simulated", stimuli=800)
    ids = ["tree-03", "man-01", "house-09"]
    part = ds.subset(ids)
    rows = [ds.row(stimulus) for stimulus in ids]
    assert part.stimuli["id"].tolist() == ids
    assert np.array_equal(part.responses("FFA"), ds.responses("FFA")[rows])
    assert len(part.trials) == 9
    assert part.fingerprint != ds.fingerprint
    assert part.subset(ids[::-1]).fingerprint != part.fingerprint
    assert part.image("tree-03").size == ds.image("tree-03").size
    recorded = datasets.load("kriegeskorte92", root=kriegeskorte_root)
    some = recorded.subset(["s90", "s04"])
    name = "human IT (figure 1)"
    assert some.rdms[name][0, 1] == recorded.rdms[name][89, 3]
    with pytest.raises(NotFoundError, match="no stimulus 'nobody'"):
        ds.subset(["nobody"])


PLUGIN = """
import numpy as np
import pandas as pd
from core.datasets.catalogue import Recording, register
from core.datasets.dataset import Dataset, DatasetInfo

def load(info, subject, options):
    stimuli = pd.DataFrame({{"id": list("ab")}})
    return Dataset(info, "s1", ("s1",), stimuli, "f" * 32, {keyword})

register(Recording(DatasetInfo("former_{number}", "Former"), load))
"""


@pytest.mark.parametrize(
    ("number", "keyword", "today"),
    [
        (0, "pictures=None", "images"),
        (1, "images=None, without_picture=('a',)", "without_image"),
        (2, "pictures_fingerprint='f'", "images_fingerprint"),
    ],
)
def test_a_plugin_with_former_names_is_told_what_to_change(
    number, keyword, today, tmp_path, monkeypatch
):
    name = f"former_recording_{number}"
    (tmp_path / f"{name}.py").write_text(PLUGIN.format(keyword=keyword, number=number))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("NEUROGALLERY_PLUGINS", name)
    operations.load_plugins()
    former = keyword.split("=")[-2].split()[-1]
    try:
        with pytest.raises(InputError) as raised:
            datasets.load(f"former_{number}")
    finally:
        del datasets.DATASETS._entries[f"former_{number}"]
    assert str(raised.value) == (
        f"Dataset has no {former!r}. Expected its name of today, {today!r}."
    )


def test_a_subset_is_made_with_the_names_of_today():
    _own_folder("mydata")
    assert datasets.load("folder:mydata").subset(["b"]).stimuli["id"].tolist() == ["b"]


def _meanwhile(monkeypatch, act):
    """Do something at the end of each opening of a folder."""
    notes = folder_files.notes
    monkeypatch.setattr(folder_files, "notes", lambda *of: (act(), notes(*of))[1])


def test_a_recording_whose_files_change_while_it_is_opened_is_opened_again(monkeypatch):
    folder = _own_folder("mine")
    table = folder / "stimuli.csv"
    texts = iter(["id,category\nx,cat\ny,dog\nz,dog\n"])
    _meanwhile(monkeypatch, lambda: [table.write_text(text) for text in texts])
    ds = datasets.load("folder:mine")
    assert ds.stimuli["id"].tolist() == ["x", "y", "z"]


def test_a_recording_that_never_stays_as_it_is(monkeypatch):
    table = _own_folder("mine") / "stimuli.csv"
    times = itertools.count(10**18)
    _meanwhile(monkeypatch, lambda: os.utime(table, ns=(0, next(times))))
    with pytest.raises(NeurogalleryError, match=r"^mine/stimuli\.csv changes while the recording"):
        datasets.load("folder:mine")


def test_every_file_of_a_folder_is_noted_before_it_is_read():
    folder = _own_folder("mine", "Mine")
    for below in ("images/set", "responses", "rdms", "embeddings", "rois", "gallery/cat"):
        (folder / below).mkdir(parents=True)
    for name, array in {"rdms/r": np.zeros((2, 2)), "embeddings/e": np.eye(2)}.items():
        np.save(folder / f"{name}.npy", array)
    np.save(folder / "responses" / "s.npy", np.ones((2, 2)))
    (folder / "responses" / "s.csv").write_text("id\na\nb\n")
    (folder / "rois" / "s.json").write_text('{"V1": [0]}')
    for name in ("images/set/a.png", "gallery/cat/c.png"):
        Image.new("RGB", (4, 4)).save(folder / name)
    (folder / "stimuli.csv").write_text("id,file\na,set/a.png\nb,\n")
    noted = datasets.load("folder:mine").files
    everything = {str(folder), *(str(path) for path in folder.rglob("*"))}
    assert everything <= set(noted)


FILES = ("stimuli.csv", "dataset.json", "responses/s.npy", "responses/s.csv", "rois/s.json")
FILES += ("rdms/r.npy", "embeddings/e.npy", "gallery/gallery.csv")


@pytest.mark.parametrize("name", FILES)
def test_a_pipe_in_place_of_a_file_is_refused_by_name_and_not_waited_for(name):
    folder = _own_folder("mine")
    (folder / "responses").mkdir()
    np.save(folder / "responses" / "s.npy", np.ones((2, 3)))
    (folder / name).unlink(missing_ok=True)
    (folder / name).parent.mkdir(exist_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(InputError, match=rf"{name} is a pipe. Expected a file"):
        datasets.load("folder:mine")


@pytest.mark.parametrize("name", FILES)
def test_one_rule_for_links_in_a_recording(name, tmp_path, monkeypatch):
    folder = _own_folder("mine")
    for below in ("responses", "rois", "rdms", "embeddings", "gallery"):
        (folder / below).mkdir()
    np.save(folder / "responses" / "s.npy", np.ones((2, 2)))
    for file in ("rdms/r.npy", "embeddings/e.npy"):
        np.save(folder / file, np.zeros((2, 2)))
    (folder / "responses" / "s.csv").write_text("id\na\nb\n")
    (folder / "rois" / "s.json").write_text('{"V1": [0]}')
    (folder / "dataset.json").write_text("{}")
    (folder / "gallery" / "gallery.csv").write_text("id\nc\n")
    plain = datasets.load("folder:mine").fingerprint
    inside, outside = paths.data_root() / "shared", tmp_path / "outside"
    (folder / name).rename(inside)
    (folder / name).symlink_to(inside)
    assert datasets.load("folder:mine").fingerprint == plain
    (folder / name).unlink()
    inside.rename(outside)
    (folder / name).symlink_to(outside)
    with pytest.raises(InputError, match=rf"^mine/{name} is a link out of the data folder"):
        datasets.load("folder:mine")
    monkeypatch.setenv("NEUROGALLERY_DATA_LINKS", "1")
    assert datasets.load("folder:mine").fingerprint == plain
