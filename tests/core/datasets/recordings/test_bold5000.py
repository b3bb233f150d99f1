"""BOLD5000 as downloaded: both releases, their lists, images, labels, and what is refused."""

from __future__ import annotations

import shutil

import h5py
import numpy as np
import pytest
from scipy.io import loadmat

from core import datasets
from core.datasets.recordings.bold5000 import REGIONS, RELEASED, expected
from core.datasets.releases.layout import compare
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError
from tests.core.datasets.layouts import damaged
from tests.core.datasets.layouts.bold5000 import stripped, write, write_2, write_instances
from tests.core.datasets.layouts.shared import same_image

LIST = "ROIs/stim_lists/CSI01_stim_lists.txt"
NAMES = "BOLD5000_Stimuli/Stimuli_Presentation_Lists/CSI1/CSI1_imgnames.txt"
BETA = "BOLD5000_GLMsingle_ROI_betas/py/CSI1_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_allses_{}.npy"


def load(root, subject="CSI1", **options):
    return datasets.load("bold5000", subject, root=root, **options)


def load_2(root, subject="CSI1", **options):
    return load(root, subject, release="2.0", **options)


def write_run_lists(root, sessions=(1, 2)):
    """Write the lists of the runs of CSI1, one run of 37 trials in each session."""
    lines = (root / LIST).read_text().splitlines()
    for place, session in enumerate(sessions):
        folder = root / f"BOLD5000_Stimuli/Stimuli_Presentation_Lists/CSI1/CSI1_sess{session:02d}"
        folder.mkdir(parents=True)
        part = lines[37 * place : 37 * (place + 1)]
        (folder / f"CSI_sess{session:02d}_run01.txt").write_text("\n".join(part))


@pytest.fixture
def first(tmp_path):
    return write(tmp_path, ("CSI1",), trs=("34", "1"))


@pytest.fixture
def second(tmp_path):
    return write_2(tmp_path, ("CSI1",))


@pytest.mark.parametrize(
    ("writer", "how", "release"),
    [
        (write, {"formats": ("h5",)}, "1.0"),
        (write, {"formats": ("mat",), "lists": "stim_lists", "stimuli": ""}, "1.0"),
        (write_2, {}, "2.0"),
        (write_2, {"transposed": True}, "2.0"),
    ],
)
def test_a_release_opens_as_written(writer, how, release, tmp_path):
    truth = writer(tmp_path, **how)
    for name, subject in truth.subjects.items():
        ds = load(tmp_path, name, release=release)
        assert ds.subjects == ("CSI1", "CSI4")
        assert ds.info.units == truth.units
        assert ds.trials["id"].tolist() == list(subject.ids)
        assert ds.trials["repeat"].tolist() == list(subject.repeats)
        assert ds.trials["run"].tolist() == list(subject.runs)
        assert list(ds.rois) == [*REGIONS, *RELEASED]
        assert ds.regions == REGIONS
        for roi, responses in subject.rois.items():
            np.testing.assert_array_equal(ds.responses(roi, repeats="all"), responses)
        known = ds.stimuli.set_index("id")
        assert ds.without_image == ()
        for stimulus in known.index:
            assert known.loc[stimulus, "source"] == truth.stimuli[stimulus]["source"]
            assert known.loc[stimulus, "wnid"] == truth.stimuli[stimulus].get("wnid", "")
            assert same_image(ds.image(stimulus), truth.images[stimulus])


def test_means_are_over_the_showings_of_an_image(first):
    subject = first.subjects["CSI1"]
    ds = load(first.root)
    ids = np.array(subject.ids)
    means = [subject.rois["LOC"][ids == name].mean(axis=0) for name in ds.stimuli["id"]]
    np.testing.assert_allclose(ds.responses("LOC"), means, rtol=1e-6)


def test_every_tr_is_a_file_of_its_own(tmp_path):
    truth = write(tmp_path, ("CSI1",))
    prints = set()
    for tr, rois in truth.subjects["CSI1"].variants.items():
        ds = load(tmp_path, tr=f"TR{tr}")
        np.testing.assert_array_equal(ds.responses("LHPPA", repeats="all"), rois["LHPPA"])
        prints.add(ds.fingerprint)
    assert len(prints) == 6


def test_hdf5_is_read_where_both_are_there(first):
    damaged.truncate(first.root / "ROIs/CSI1/mat/CSI1_ROIs_TR34.mat")
    load(first.root)
    shutil.rmtree(first.root / "ROIs/CSI1/h5")
    with pytest.raises(CorruptDataError, match=r"CSI1_ROIs_TR34\.mat"):
        load(first.root)


def test_a_matlab_file_of_version_7_3(first):
    shutil.rmtree(first.root / "ROIs/CSI1/h5")
    path = first.root / "ROIs/CSI1/mat/CSI1_ROIs_TR34.mat"
    arrays = {name: value for name, value in loadmat(path).items() if name in RELEASED}
    damaged.to_v73(path, arrays)
    released = first.subjects["CSI1"].rois["RSC"]
    np.testing.assert_array_equal(load(first.root).responses("RSC", repeats="all"), released)


@pytest.mark.parametrize("how", ["blank", "crlf"])
def test_lines_of_a_list_may_be_blank_or_end_otherwise(how, first):
    damaged.change_lines(first.root / LIST, how)
    assert load(first.root).trials["id"].tolist() == list(first.subjects["CSI1"].ids)


@pytest.mark.parametrize("how", ["longer", "shorter"])
def test_a_list_of_another_length_is_refused(how, first):
    damaged.change_lines(first.root / LIST, how)
    with pytest.raises(InputError, match=r"LHEarlyVis .*\(74, 5\).* lists 7[35] trials"):
        load(first.root)


def test_an_empty_list_is_refused(first):
    damaged.change_lines(first.root / LIST, "empty")
    with pytest.raises(InputError, match="lists 0 trials"):
        load(first.root)


def test_lists_in_another_order_are_refused(first):
    path = first.root / NAMES
    path.parent.mkdir(parents=True)
    lines = [*map(stripped, (first.root / LIST).read_text().splitlines())]
    path.write_text("\n".join(lines))
    load(first.root)
    path.write_text("\n".join(lines[::-1]))
    with pytest.raises(InputError, match=r"imgnames\.txt and CSI01_stim_lists\.txt .* in line 1"):
        load(first.root)


def test_no_list_is_no_guess(first):
    (first.root / LIST).unlink()
    with pytest.raises(NotFoundError, match="CSI01_stim_lists"):
        load(first.root)


def test_lists_of_runs_tell_the_sessions(first):
    assert "Sessions are not known" in [note.title for note in load(first.root).notes]
    write_run_lists(first.root)
    ds = load(first.root)
    assert ds.trials["session"].tolist() == [1] * 37 + [2] * 37
    assert ds.notes == ()
    (first.root / LIST).unlink()
    assert load(first.root).trials.equals(ds.trials)


def test_lists_of_some_runs_tell_no_session(first):
    write_run_lists(first.root, (1,))
    ds = load(first.root)
    assert ds.trials["session"].tolist() == [1] * 74
    assert ds.trials["run"].tolist() == [1] * 37 + [2] * 37
    assert "Sessions are not known" in [note.title for note in ds.notes]


def test_betas_are_z_scored_in_known_sessions(second):
    shutil.copy(second.root / NAMES, second.root / "list.txt")
    (second.root / "ROIs/stim_lists").mkdir(parents=True)
    shutil.copy(second.root / NAMES, second.root / LIST)
    assert load_2(second.root).treatment == ""
    write_run_lists(second.root)
    ds = load_2(second.root)
    assert (ds.treatment, ds.info.units) == ("z-scored within each session", "z")
    released = second.subjects["CSI1"].rois["PPA"].reshape(2, 37, -1)
    scored = (released - released.mean(axis=1, keepdims=True)) / released.std(axis=1, keepdims=True)
    np.testing.assert_allclose(
        ds.responses("PPA", repeats="all"), scored.reshape(74, -1), atol=1e-6
    )
    assert load_2(second.root, zscore="none").info.units == "% signal change"


def test_unknown_sessions_are_no_group_to_score_in(second):
    with pytest.raises(InputError, match="does not say which session"):
        load_2(second.root, zscore="session")
    assert load_2(second.root, zscore="run").treatment == "z-scored within each run"


def test_labels_of_the_release(second):
    stimuli = load_2(second.root).stimuli.set_index("id")
    words = ("nematode", "nematode worm", "roundworm")
    assert stimuli.loc["n01930112_19568.JPEG", "labels"] == words
    assert stimuli.loc["n01930112_19568.JPEG", "category"] == "nematode"
    assert stimuli.loc["n04200800_11.JPEG", "category"] == "n04200800"
    assert stimuli.loc["dining_car.jpg", "category"] == "dining_car"
    assert stimuli.loc["airplanecabin3.jpg", "category"] == "airplanecabin"
    assert stimuli.loc["COCO_train2014_000000420713.jpg", "category"] == ""


@pytest.mark.parametrize(
    ("folder", "years"),
    [
        ("annotations", ("train2014",)),
        ("annotations", ("train2017", "val2017")),
        ("BOLD5000_Stimuli/annotations", ("train2014",)),
    ],
)
def test_objects_of_coco_where_its_annotations_are(folder, years, second):
    before = load_2(second.root)
    coco = [i for i in before.stimuli["id"] if i.startswith("COCO")]
    write_instances(second.root / folder, coco, years)
    ds = load_2(second.root)
    stimuli = ds.stimuli.set_index("id")
    assert stimuli.loc[coco[0], "labels"] == ("person", "pizza")
    assert stimuli.loc[coco[0], "supercategory"] == "food"
    assert stimuli.loc[coco[1], "labels"] == ()
    assert set(stimuli.loc[coco, "category"]) == {""}
    assert stimuli.loc["n01930112_19568.JPEG", "labels"][0] == "nematode"
    assert stimuli.loc["n01930112_19568.JPEG", "supercategory"] == ""
    assert set(before.stimuli["supercategory"]) == {""}
    assert ds.fingerprint != before.fingerprint


def test_two_synsets_of_one_name_are_two_categories(second):
    labels = second.root / "BOLD5000_Stimuli/Image_Labels/imagenet_final_labels.txt"
    labels.write_text("n01930112 crane\nn03733281 crane\n")
    categories = load_2(second.root).stimuli["category"]
    assert {"crane (n01930112)", "crane (n03733281)"} <= set(categories)


def test_missing_and_unreadable_images_are_named(tmp_path):
    lacking = ("dining_car.jpg", "n03733281_29214.JPEG")
    write(tmp_path, ("CSI1",), lacking_images=lacking)
    ds = load(tmp_path)
    assert set(ds.without_image) == set(lacking)
    with pytest.raises(NotFoundError, match=r"dining_car\.jpg"):
        ds.image("dining_car.jpg")
    folder = tmp_path / "BOLD5000_Stimuli/Scene_Stimuli/Presented_Stimuli/Scene"
    damaged.cut_image(folder / "stripmall.jpg")
    with pytest.raises(CorruptDataError, match=r"stripmall\.jpg"):
        ds.image("stripmall.jpg")
    shutil.rmtree(tmp_path / "BOLD5000_Stimuli")
    assert load(tmp_path).images is None


@pytest.mark.parametrize("subject", ["../CSI1", "..", "CSI9", "CSI1/..", "stim_lists"])
def test_no_other_subject_is_opened(subject, first):
    with pytest.raises(NotFoundError, match="Choices: CSI1"):
        load(first.root, subject)


@pytest.mark.parametrize("release", ["1.0", "2.0"])
def test_an_empty_folder_says_what_goes_there(release, tmp_path):
    with pytest.raises(NotFoundError, match=rf"BOLD5000 {release}.*CSI1"):
        load(tmp_path, release=release)


def test_the_newest_release_is_taken_unless_another_is_chosen(first):
    assert load(first.root).info.title == "BOLD5000 1.0 (Chang et al. 2019)"
    write_2(first.root, ("CSI1",))
    ds = load(first.root)
    assert ds.info.title == "BOLD5000 2.0 (Chang et al. 2019)"
    assert ds.fingerprint == load_2(first.root).fingerprint
    assert not [option for option in ds.info.options if option.name == "tr"]
    assert load(first.root, release="1.0").info.units == "arbitrary units"


def test_files_of_other_regions_are_no_betas(second):
    shutil.copy(second.root / BETA.format("LHPPA"), second.root / BETA.format("V1"))
    assert "V1" not in load_2(second.root).rois
    for roi in RELEASED:
        (second.root / BETA.format(roi)).unlink()
    with pytest.raises(NotFoundError, match=r"no betas of BOLD5000 2\.0"):
        load_2(second.root)


def test_a_release_that_is_not_there_is_not_replaced(first):
    with pytest.raises(NotFoundError, match=r"choose release 1\.0"):
        load_2(first.root)


def test_damaged_and_foreign_files_are_refused(first):
    path = first.root / "ROIs/CSI1/h5/CSI1_ROIs_TR34.h5"
    damaged.link_outside(path, "LHPPA", first.root / "elsewhere.h5")
    with pytest.raises(CorruptDataError, match="leads out of the file"):
        load(first.root)
    damaged.truncate(path)
    with pytest.raises(CorruptDataError, match=r"CSI1_ROIs_TR34\.h5"):
        load(first.root)
    with h5py.File(path, "w") as file:
        file["V1"] = np.zeros((74, 2))
    with pytest.raises(CorruptDataError, match="holds V1"):
        load(first.root)


@pytest.mark.parametrize("how", ["shorter", "objects", "text"])
def test_betas_that_do_not_fit_are_refused(how, second):
    damaged.change_npy(second.root / BETA.format("LHPPA"), how)
    with pytest.raises(NeurogalleryError):
        load_2(second.root)


def test_betas_of_another_byte_order_and_memory_order(second):
    damaged.change_npy(second.root / BETA.format("LHPPA"), "big")
    damaged.change_npy(second.root / BETA.format("RHPPA"), "fortran")
    released = second.subjects["CSI1"].rois["PPA"]
    np.testing.assert_array_equal(load_2(second.root).responses("PPA", repeats="all"), released)


def test_rois_without_voxels_are_left_out_by_name(second):
    np.save(second.root / BETA.format("LHRSC"), np.zeros((74, 0), dtype=np.float32))
    (second.root / BETA.format("RHRSC")).unlink()
    (second.root / BETA.format("LHOPA")).unlink()
    ds = load_2(second.root)
    assert not {"RSC", "LHRSC", "RHRSC", "LHOPA"} & set(ds.rois)
    assert ds.regions == ("EarlyVis", "LOC", "OPA", "PPA")
    np.testing.assert_array_equal(ds.units("OPA"), ds.units("RHOPA"))
    assert "LHOPA, LHRSC, RHRSC" in ds.notes[0].detail


def test_units_of_nan_leave(second):
    path = second.root / BETA.format("LHPPA")
    betas = np.load(path)
    betas[:, 1], betas[5, 2] = np.nan, np.nan
    np.save(path, betas)
    ds = load_2(second.root)
    assert set(ds.left_out.values()) == {("PPA", "LHPPA")}
    assert len(ds.units("LHPPA")) == 3
    assert len(ds.trials) - ds.trial_counts("LHPPA").sum() == 1
    assert len(ds.trials) == ds.trial_counts("LOC").sum()


def test_a_full_disk_is_said_and_leaves_nothing(first, monkeypatch, tmp_path):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10))
    with pytest.raises(NeurogalleryError, match="free"):
        load(first.root)
    assert not [*(tmp_path / "results").rglob("*.npy")]


def needed(root, subject="CSI1"):
    return {each.path for each in expected(root, subject) if each.is_needed}


def test_what_is_expected(first):
    presence = compare(first.root, expected(first.root))
    assert presence.is_complete
    original = f"Original_Images/ImageNet/{first.subjects['CSI1'].ids[0]}"
    assert f"BOLD5000_Stimuli/Scene_Stimuli/{original}" in presence.present
    assert presence.unexpected == ()
    (first.root / "annotations").mkdir()
    (first.root / "annotations/instances_train2014.json").write_text("{}")
    (first.root / "annotations/other.json").write_text("{}")
    assert compare(first.root, expected(first.root)).unexpected == ("annotations/other.json",)
    assert needed(first.root) == {"ROIs/CSI1/h5/CSI1_ROIs_TR34.h5", LIST}
    shutil.rmtree(first.root / "ROIs/CSI1/h5")
    assert needed(first.root) == {"ROIs/CSI1/mat/CSI1_ROIs_TR34.mat", LIST}


def test_what_is_expected_of_release_2(second):
    assert needed(second.root) == {NAMES, *(BETA.format(roi) for roi in RELEASED)}
    presence = compare(second.root, expected(second.root))
    assert presence.is_complete
    assert presence.unexpected == ()


def test_what_is_expected_of_nothing(tmp_path):
    presence = compare(tmp_path, expected(tmp_path))
    assert not presence.is_complete
    assert {each.path.split("/")[1] for each in presence.missing if "h5" in each.path} == {
        "CSI1",
        "CSI2",
        "CSI3",
        "CSI4",
    }
