"""BraVL as downloaded: both studies, ids, features at the right rows, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from core import datasets
from core.datasets.recordings.bravl import ROI, expected
from core.datasets.releases.layout import compare
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError
from tests.core.datasets.layouts import damaged
from tests.core.datasets.layouts.bravl import DIMENSIONS, write

BRAIN = "GOD-Wiki/brain_feature/VC/sub-01/fmri_{}_data.mat"
VISUAL = "GOD-Wiki/visual_feature/ImageNet{}/pytorch/repvgg_b3g4-PCA/sub-01/feat_pca_{}.mat"


def load(root, subject="sub-01", **options):
    return datasets.load("bravl", subject, root=root, **options)


@pytest.fixture
def written(tmp_path):
    return write(tmp_path, ("sub-01",))


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"roi": "LVC_HVC_IT"},
        {"recording": "DIR-Wiki"},
        {"recording": "DIR-Wiki", "suffix": "0.15", "subjects": ("sub-03",)},
    ],
)
def test_a_release_opens_as_written(how, tmp_path):
    truth = write(tmp_path, **how)
    for name, subject in truth.subjects.items():
        ds = load(tmp_path, name, study=how.get("recording", "GOD-Wiki"))
        assert ds.subjects == tuple(truth.subjects)
        assert ds.info.units == truth.units
        assert ds.trials["id"].tolist() == list(subject.ids)
        assert ds.trials["repeat"].tolist() == list(subject.repeats)
        for column, values in subject.columns.items():
            assert ds.trials[column].tolist() == list(values)
        np.testing.assert_array_equal(ds.responses(ROI, repeats="all"), subject.rois[ROI])
        stimuli = ds.stimuli.set_index("id")
        assert (set(stimuli.index), ds.images) == (set(truth.stimuli), None)
        assert set(ds.embeddings) == set(DIMENSIONS)
        for stimulus, known in truth.stimuli.items():
            assert stimuli.loc[stimulus, "wnid"] == known["category"]
            assert stimuli.loc[stimulus, "split"] == known["split"]
            for model, vector in known[name].items():
                row = ds.embeddings[model][ds.row(stimulus)]
                np.testing.assert_array_equal(row, vector.astype(np.float32))


def test_means_are_over_the_trials_of_an_image(written):
    subject, ds = written.subjects["sub-01"], load(written.root)
    ids = np.array(subject.ids)
    means = [subject.rois[ROI][ids == name].mean(axis=0) for name in ds.stimuli["id"]]
    np.testing.assert_allclose(ds.responses(ROI), means, rtol=1e-5, atol=1e-6)


def test_an_image_of_training_is_none_of_test_though_indices_begin_anew(tmp_path):
    write(tmp_path, recording="DIR-Wiki")
    ds = load(tmp_path, study="DIR-Wiki")
    assert ds.repeats[ds.stimuli["split"] == "train"].tolist() == [2] * 12
    assert ds.repeats[ds.stimuli["split"] == "test"].tolist() == [3] * 4


def test_study_and_area_are_options(tmp_path):
    truths = [write(tmp_path, roi=area) for area in ("VC", "LVC_HVC_IT")]
    write(tmp_path, recording="DIR-Wiki", roi="LVC_HVC_IT")
    (tmp_path / BRAIN.format("train")).write_bytes(b"")
    with pytest.raises(CorruptDataError):
        load(tmp_path, area="VC")
    ds = load(tmp_path, area="LVC_HVC_IT")
    released = truths[1].subjects["sub-01"].rois[ROI]
    np.testing.assert_array_equal(ds.responses(ROI, repeats="all"), released)
    assert load(tmp_path, study="DIR-Wiki").fingerprint != ds.fingerprint
    with pytest.raises(NotFoundError, match="DIR-Wiki/brain_feature/VC"):
        load(tmp_path, study="DIR-Wiki", area="VC")


def test_the_folder_may_be_that_of_the_study(written):
    load(written.root / "GOD-Wiki")


def test_ids_of_single_precision_are_refused(tmp_path):
    write(tmp_path, is_single=True)
    with pytest.raises(CorruptDataError, match="last digits as float32"):
        load(tmp_path)


def change(path, **values):
    contents = {k: v for k, v in loadmat(path).items() if not k.startswith("_")}
    savemat(path, {k: v for k, v in (contents | values).items() if v is not None})


def test_whole_synsets_are_no_ids_of_images(written):
    path = written.root / BRAIN.format("train")
    change(path, WordNetID=np.floor(loadmat(path)["WordNetID"]))
    with pytest.raises(CorruptDataError, match="image ids of fmri_train_data"):
        load(written.root)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"WordNetID": None}, "has no WordNetID"),
        ({"data": None}, "no matrix 'data'"),
        ({"data": "text"}, "no matrix 'data'"),
        ({"image_idx": np.arange(5.0)}, "image_idx 5"),
        ({"image_idx": np.full((1, 12), 0.5)}, "whole numbers"),
        ({"class_idx": np.ones((4, 3))}, "a vector"),
        ({"data": np.ones((11, 7))}, "12 trials"),
        ({"data": np.ones((7, 12))}, "12 trials"),
    ],
)
def test_files_that_do_not_fit_are_refused(values, message, written):
    change(written.root / BRAIN.format("train"), **values)
    with pytest.raises(CorruptDataError, match=message):
        load(written.root)


@pytest.mark.parametrize("how", ["truncated", "other components", "absent", "version 7.3"])
def test_test_responses_are_needed_whole(how, written):
    path = written.root / BRAIN.format("test")
    if how == "version 7.3":
        damaged.as_v73(path)
        assert load(written.root).trials["id"].tolist() == list(written.subjects["sub-01"].ids)
        return
    if how == "truncated":
        damaged.truncate(path)
    elif how == "absent":
        path.unlink()
    else:
        change(path, data=np.ones((12, 3)))
    with pytest.raises(NeurogalleryError, match=r"fmri_test_data\.mat"):
        load(written.root)


def test_features_that_do_not_fit_are_left_out_and_said(written):
    change(written.root / VISUAL.format("Test", "test"), data=np.ones((4, 6)))
    ds = load(written.root)
    assert set(ds.embeddings) == {"GPTNeo", "ALBERT"}
    assert "Features repvgg_b3g4 are not offered" in [note.title for note in ds.notes]


def test_features_in_another_order_are_left_out(written):
    path = written.root / VISUAL.format("Test", "test")
    change(path, data=loadmat(path)["data"][::-1])
    ds = load(written.root)
    assert set(ds.embeddings) == {"GPTNeo", "ALBERT"}
    assert "differ between trials" in ds.notes[0].detail


def test_without_features_nothing_else_changes(written):
    (written.root / VISUAL.format("Training", "train")).unlink()
    ds = load(written.root)
    assert set(ds.embeddings) == {"GPTNeo", "ALBERT"}
    assert ds.notes == ()


def test_nothing_is_known_of_sessions(written):
    with pytest.raises(InputError, match="does not say which session"):
        load(written.root, zscore="session")


@pytest.mark.parametrize("subject", ["../sub-01", "sub-02", ""])
def test_no_other_subject_is_opened(subject, written):
    with pytest.raises(NotFoundError, match="Choices: sub-01"):
        load(written.root, subject)


def test_an_empty_folder_says_what_goes_there(tmp_path):
    with pytest.raises(NotFoundError, match="GOD-Wiki/brain_feature/VC/sub-01"):
        load(tmp_path)


@pytest.mark.parametrize("recording", ["GOD-Wiki", "DIR-Wiki"])
def test_what_is_expected(recording, tmp_path):
    write(tmp_path, ("sub-01",), recording=recording)
    presence = compare(tmp_path, expected(tmp_path, "sub-01"))
    assert presence.is_complete
    assert presence.unexpected == ()
    assert not compare(tmp_path, expected(tmp_path)).is_complete
