"""Recordings are opened once for all sessions, and read again when a file has changed."""

import os

import numpy as np
import pytest
from PIL import Image

from core import datasets, jobs
from core.store import stamps
from pages.shared.frame import recording, results
from pages.shared.maps import spaces
from tests.pages.app import open_page, texts, until_done, write_folder

OPTIONS = (("stimuli", 80), ("subjects", 2), ("repeats", 1))


def test_the_first_subject_is_opened_once(monkeypatch):
    opened = []
    load = datasets.load_with
    monkeypatch.setattr(datasets, "load_with", lambda *of: opened.append(of[1]) or load(*of))
    first = recording.load("simulated", None, OPTIONS)
    assert recording.load("simulated", first.subject, OPTIONS) is first
    assert recording.load("simulated", "S2", OPTIONS).subject == "S2"
    assert recording.load("simulated", None, OPTIONS) is first
    assert opened == [None, "S2"]
    recording.forget()
    assert recording.load("simulated", first.subject, OPTIONS) is not first


@pytest.fixture
def folder(data_root):
    """A recording of 12 images in a folder below images/, and of responses with two ROIs."""
    rng = np.random.default_rng(0)
    folder = write_folder(data_root, responses__s1=rng.normal(size=(12, 6)).astype(np.float32))
    (folder / "rois").mkdir()
    (folder / "rois" / "s1.json").write_text('{"V1": [0, 1, 2], "IT": [3, 4, 5]}')
    (folder / "images" / "set").mkdir(parents=True)
    rows = [f"p{i},set/{i}.png" for i in range(12)]
    (folder / "stimuli.csv").write_text("\n".join(["id,file", *rows]))
    for i in range(12):
        paint(folder, i, "red")
    return folder


def paint(folder, i, colour):
    Image.new("RGB", (8, 8), colour).save(folder / "images" / "set" / f"{i}.png")


def overwrite_image(folder):
    paint(folder, 3, (1, 2, 3))


def overwrite_responses(folder):
    responses = np.random.default_rng(1).normal(size=(12, 6)).astype(np.float32)
    np.save(folder / "responses" / "s1.npy", responses)


def overwrite_rois(folder):
    (folder / "rois" / "s1.json").write_text('{"V1": [0, 1], "IT": [3, 4, 5]}')


def shorten_in_the_past(folder):
    """An older copy of half of the trials, as `cp -p` puts it there, with its list of stimuli."""
    path = folder / "responses" / "s1.npy"
    np.save(path, np.load(path)[:6])
    os.utime(path, ns=(10**18, 10**18))
    lines = (folder / "stimuli.csv").read_text().splitlines()[:7]
    (folder / "stimuli.csv").write_text("\n".join(lines))


CHANGES = {
    "set/3.png": overwrite_image,
    "responses/s1.npy": overwrite_responses,
    "rois/s1.json": overwrite_rois,
    "stimuli.csv": shorten_in_the_past,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_file_is_read_again_and_said_once(folder, name, monkeypatch):
    monkeypatch.setattr(recording, "LOOKING", 1.0)
    app = open_page("overview", recording="folder:mine")
    assert "read again" not in texts(app)
    CHANGES[name](folder)
    app.run()
    assert not app.exception
    (said,) = [info.value for info in app.info if "read again" in info.value]
    assert name in said
    assert "read again" not in texts(app.run())


def test_files_are_looked_at_for_a_small_share_of_the_time(folder, monkeypatch):
    name, looks = "folder:mine", []
    ds = recording.opened(name, None, {})
    changed = stamps.changed
    monkeypatch.setattr(
        stamps, "changed", lambda *of, **how: looks.append(1) or changed(*of, **how)
    )
    monkeypatch.setattr(recording, "LOOKING", 1e-6)
    recording.forget()
    ds = recording.opened(name, None, {})
    for _ in range(20):
        assert recording.opened(name, None, {}) is ds
    assert len(looks) == 2  # when it was opened, and once after


@pytest.mark.parametrize("page", ["clusters", "maps"])
def test_a_job_that_read_other_files_is_not_run_without_end(folder, page, monkeypatch):
    """The page does not look: what its job read is what it goes by."""
    monkeypatch.setattr(recording, "LOOKING", 1e-9)
    monkeypatch.setattr(results, "LONG_S", 1e9)  # no button
    settings = {"recording": "folder:mine", "random_seed": "0"}
    monkeypatch.setattr(spaces, "_comes_at_once", lambda ds, view: False)  # as if it were large
    ran, run = [], jobs.run
    monkeypatch.setattr(jobs, "run", lambda *of: ran.append(of) or run(*of))
    app = until_done(open_page(page, **settings))
    assert not app.exception
    before = len(ran)
    overwrite_image(folder)
    app.number_input(key="random_seed").set_value(5).run()
    said = 0
    for _ in range(4):
        app = until_done(app)
        assert not app.exception
        said += "This recording was read again because set/3.png" in texts(app)
    assert len(ran) - before == 1
    assert said == 1
