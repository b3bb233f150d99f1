"""The catalogue and the simulated recording."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core import datasets, paths
from core.datasets import drawings
from core.errors import InputError, NotFoundError


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
        datasets.load("simulated", subject, **options).fingerprint
        for subject, options in [
            ("S1", {}),
            ("S2", {}),
            ("S1", {"snr": 2}),
            ("S1", {"repeats": 2}),
            ("S1", {"seed": 1}),
        ]
    }
    assert len(prints) == 5
    for wrong in ({"snr": 0.01}, {"snr": 11}, {"repeats": 0}, {"tr": 3}, {"snr": "loud"}):
        with pytest.raises(InputError):
            datasets.load("simulated", **wrong)
    with pytest.raises(NotFoundError, match="S1, S2, S3"):
        datasets.load("simulated", "S4")


def test_missing_kriegeskorte_says_how_to_fetch_it():
    with pytest.raises(NotFoundError, match="python -m core fetch kriegeskorte92"):
        datasets.load("kriegeskorte92")


@pytest.mark.parametrize("length", [0, 3, 20, 127, 128, 130, 400])
def test_wrong_mat_file_is_named(length, tmp_path):
    from core.datasets.kriegeskorte92 import FILES
    from core.errors import CorruptDataError

    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    for name in FILES:
        (tmp_path / name).write_bytes(
            (header + b"\x0f\x00\x00\x00\x00\x01\x00\x00x\x9c" * 40)[:length]
        )
    with pytest.raises(CorruptDataError, match=r"supplementalData.mat.*core fetch kriegeskorte92"):
        datasets.load("kriegeskorte92", root=tmp_path)


def test_simulated_recording_has_the_stated_layout():
    ds = datasets.load("simulated", "S2", repeats=4)
    assert (ds.n_stimuli, len(ds.trials)) == (60, 240)
    assert list(ds.rois) == ["V1", "V4", "LOC", "FFA", "PPA"]
    units = np.concatenate(list(ds.rois.values()))
    assert np.array_equal(units, np.arange(ds.n_units))
    assert all(40 <= len(columns) <= 90 for columns in ds.rois.values())
    assert (ds.repeats == 4).all()
    assert (ds.trials["repeat"] == ds.trials["run"]).all()
    orders = [tuple(run["id"]) for _, run in ds.trials.groupby("run")]
    assert len(set(orders)) == 4
    assert ds.stimuli["category"].value_counts().eq(10).all()
    assert ds.stimuli["category"].nunique() == 6
    assert ds.stimuli["labels"].map(lambda labels: isinstance(labels, tuple) and bool(labels)).all()
    assert ds.betas.dtype == np.float32
    np.testing.assert_allclose(ds.betas.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(ds.betas.std(axis=0), 1, atol=1e-4)
    assert ds.missing_pictures() == []
    assert "no brain" in ds.info.citation


def test_simulated_regions_prefer_what_they_are_said_to():
    ds = datasets.load("simulated")
    category = ds.stimuli["category"].to_numpy()
    for roi, favourite in (("FFA", "face"), ("PPA", "house")):
        means = {name: ds.responses(roi)[category == name].mean() for name in set(category)}
        assert max(means, key=means.get) == favourite
    distance = 1 - np.corrcoef(ds.responses("LOC"))
    same = category[:, None] == category[None, :]
    assert distance[same].mean() < distance[~same].mean() - 0.3


def test_snr_sets_the_reliability_and_units_differ_in_it():
    def reliability(snr):
        ds = datasets.load("simulated", snr=snr, repeats=2)
        trials, rows = ds.responses(repeats="all"), ds.trial_rows
        first, second = trials[:60][np.argsort(rows[:60])], trials[60:][np.argsort(rows[60:])]
        return (first * second).mean(axis=0)

    low, high = reliability(0.2), reliability(5.0)
    assert np.median(low) < 0.2
    assert np.median(high) > 0.8
    assert np.ptp(reliability(1.0)) > 0.5


def test_the_same_seed_gives_the_same_bytes():
    first = datasets.load("simulated", "S3", seed=5)
    assert first.betas.tobytes() == datasets.load("simulated", "S3", seed=5).betas.tobytes()
    assert first.betas.tobytes() != datasets.load("simulated", "S3", seed=6).betas.tobytes()


def test_drawings_are_deterministic_distinct_and_safe_to_change():
    pictures = {}
    for category in drawings.CATEGORIES:
        for exemplar in range(drawings.EXEMPLARS):
            picture, labels = drawings.drawing.__wrapped__(category, exemplar, 3)
            assert (picture.size, picture.mode) == ((224, 224), "RGB")
            assert labels
            pictures[category, exemplar] = picture.tobytes()
    assert len(set(pictures.values())) == 60
    again = drawings.drawing.__wrapped__("tree", 4, 3)[0]
    assert again.tobytes() == pictures["tree", 4]
    assert drawings.drawing("tree", 4, 4)[0].tobytes() != pictures["tree", 4]

    ds = datasets.load("simulated")
    ds.image("face-00").paste((0, 0, 0), (0, 0, 224, 224))
    assert np.asarray(ds.image("face-00")).max() > 200
    with pytest.raises(NotFoundError):
        ds.image("face-99")
    with pytest.raises(NotFoundError, match="vehicle"):
        drawings.drawing("boat", 0)


def test_a_subset_keeps_rows_trials_and_rdms_together(kriegeskorte_root):
    ds = datasets.load("simulated")
    ids = ["tree-03", "face-00", "house-09"]
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
