"""THINGS-fMRI as downloaded: both namings, blocks by session, ROIs, ceilings, what is refused."""

from __future__ import annotations

import shutil

import h5py
import numpy as np
import pandas as pd
import pytest

from core import datasets
from core.datasets.recordings import things_fmri
from core.datasets.recordings.things_fmri import ATLAS, expected
from core.datasets.releases import converted
from core.datasets.releases.layout import compare
from core.errors import CorruptDataError, InputError, NotFoundError
from tests.core.datasets.layouts import damaged
from tests.core.datasets.layouts.shared import same_image
from tests.core.datasets.layouts.things_fmri import LACKING, ROIS, write

RESPONSES = "betas_csv/sub-01_ResponseData.h5"
VOXELS = "betas_csv/sub-01_VoxelMetadata.csv"
STIMULI = "betas_csv/sub-01_StimulusMetadata.csv"


def load(root, subject="sub-01", rois="all", **options):
    return datasets.load("things_fmri", subject, root=root, rois=rois, **options)


@pytest.fixture
def written(tmp_path):
    return write(tmp_path, ("sub-01",))


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"naming": "openneuro", "is_shuffled": True},
        {"is_single_block": True},
        {"is_single_block": True, "is_shuffled": True},
    ],
)
def test_a_release_opens_as_written(how, tmp_path, monkeypatch):
    # A session at a time, few rows at a time.
    monkeypatch.setattr(things_fmri, "BLOCK_VALUES", 100)
    monkeypatch.setattr(things_fmri, "SPAN_ROWS", 5)
    monkeypatch.setattr(things_fmri, "GAP_ROWS", 1)
    truth = write(tmp_path, **how)
    for name, subject in truth.subjects.items():
        ds = load(tmp_path, name)
        assert ds.subjects == ("sub-01", "sub-02")
        assert ds.info.units == truth.units
        assert ds.trials["id"].tolist() == list(subject.ids)
        assert ds.trials["session"].tolist() == list(subject.sessions)
        assert ds.trials["run"].tolist() == list(subject.runs)
        assert ds.trials["repeat"].tolist() == list(subject.repeats)
        assert set(ds.rois) == set(subject.rois)
        for roi, responses in subject.rois.items():
            np.testing.assert_array_equal(ds.responses(roi, repeats="all"), responses)
            np.testing.assert_allclose(ds.noise_ceiling[ds.units(roi)], subject.ceilings[roi])
        stimuli = ds.stimuli.set_index("id")
        for stimulus, known in truth.stimuli.items():
            assert stimuli.loc[stimulus, "category"] == known["category"]
            assert stimuli.loc[stimulus, "split"] == known["split"]
            assert same_image(ds.image(stimulus), truth.images[stimulus])


def test_blocks_of_sessions_give_one_result(written, monkeypatch):
    whole = load(written.root, zscore="session").responses("IT", repeats="all")
    monkeypatch.setattr(things_fmri, "BLOCK_VALUES", 1)
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(written.root / "other"))
    by_session = load(written.root, zscore="session").responses("IT", repeats="all")
    np.testing.assert_array_equal(whole, by_session)
    released = written.subjects["sub-01"].rois["IT"].reshape(3, 6, -1)
    scored = (released - released.mean(axis=1, keepdims=True)) / released.std(axis=1, keepdims=True)
    np.testing.assert_allclose(by_session, scored.reshape(18, -1), atol=1e-5)


@pytest.mark.parametrize(
    ("sessions", "most", "cuts"),
    [
        ([1, 1, 2, 2, 3, 3], 2, [(0, 2), (2, 4), (4, 6)]),
        ([1, 1, 2, 2, 3, 3], 4, [(0, 4), (4, 6)]),
        ([1, 1, 2, 2, 3, 3], 1, [(0, 2), (2, 4), (4, 6)]),
        ([1, 2, 1, 3], 1, [(0, 3), (3, 4)]),
        ([1, 1], 9, [(0, 2)]),
    ],
)
def test_sessions_are_never_cut(sessions, most, cuts):
    assert things_fmri._cuts(pd.Series(sessions), most) == cuts


def test_the_atlas_is_an_option(written):
    ds = load(written.root, rois="functional")
    assert set(ds.rois) == {name for name in ROIS if not name.startswith(ATLAS)} - {*LACKING}
    assert ds.regions == tuple(ds.rois)
    assert ds.n_units < load(written.root).n_units
    assert "glasser-p9-46v" in load(written.root).rois
    assert "rOFA" in ds.notes[0].detail


def test_ceilings_are_those_of_the_release(written):
    subject = written.subjects["sub-01"]
    ds = load(written.root, ceiling="mean of 12 trials", noise_ceiling=80)
    for roi, (averages,) in subject.variants["nc_testset"].items():
        assert len(ds.rois.get(roi, ())) == (averages >= 80).sum()
    assert "as released" in ds.treatment
    with pytest.raises(InputError, match="noise ceiling of 99"):
        load(written.root, noise_ceiling=99)


def test_files_of_figshare_may_lie_in_the_folder(written):
    for path in (written.root / "betas_csv").iterdir():
        path.rename(written.root / path.name)
    np.testing.assert_array_equal(
        load(written.root).responses("V1", repeats="all"), written.subjects["sub-01"].rois["V1"]
    )


def test_missing_and_unreadable_images_are_named(written):
    folder = written.root / "object_images"
    (folder / "abacus/abacus_09s.jpg").unlink()
    damaged.cut_image(folder / "t-shirt/t-shirt_03s.jpg")
    ds = load(written.root)
    assert ds.without_image == ("abacus_09s.jpg",)
    with pytest.raises(CorruptDataError, match=r"t-shirt_03s\.jpg"):
        ds.image("t-shirt_03s.jpg")
    shutil.rmtree(folder)
    assert load(written.root).images is None


@pytest.mark.parametrize("path", [VOXELS, STIMULI])
def test_tables_are_needed(path, written):
    (written.root / path).unlink()
    with pytest.raises(NotFoundError, match=r"Metadata\.csv"):
        load(written.root)


@pytest.mark.parametrize("path", [VOXELS, STIMULI])
def test_tables_of_another_length_are_refused(path, written):
    damaged.change_lines(written.root / path, "shorter")
    with pytest.raises(CorruptDataError, match=r"40 rows and 18 columns.* (39|17) "):
        load(written.root)


def replace(path, before, after):
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")


@pytest.mark.parametrize(
    ("path", "before", "after", "message"),
    [
        (VOXELS, "prf-size", "size", "no column voxel_id or prf-size"),
        (VOXELS, "\n1,01", "\n0,01", "each once"),
        (VOXELS, "\n1,01", "\nx,01", "not whole numbers"),
        (VOXELS, "\n39,01", "\n99,01", "other voxel ids"),
        (STIMULI, "stimulus", "image", "no column stimulus"),
        (STIMULI, "dog_12s.jpg", "", "without stimulus"),
    ],
)
def test_tables_that_do_not_fit_are_refused(path, before, after, message, written):
    replace(written.root / path, before, after)
    with pytest.raises(CorruptDataError, match=message):
        load(written.root)


def test_trials_in_another_order_than_the_responses_are_refused(written):
    path = written.root / STIMULI
    header, first, second, *further = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([header, second, first, *further]) + "\n", "utf-8")
    with pytest.raises(InputError, match=r"another order .* trial_id is 1 in row 1\. Expected 0"):
        load(written.root)


def test_trials_need_no_numbers(written):
    path = written.root / STIMULI
    path.write_text(path.read_text("utf-8").replace("trial_id", "number"), "utf-8")
    assert load(written.root).trials["id"].tolist() == list(written.subjects["sub-01"].ids)


def test_tables_that_are_no_text_are_refused(written):
    (written.root / STIMULI).write_bytes(b"\xff\xfe\x00stimulus,\xe9\n")
    with pytest.raises(CorruptDataError, match=r"StimulusMetadata\.csv"):
        load(written.root)


def test_rois_without_any_voxel_are_refused(written):
    table = pd.read_csv(written.root / VOXELS)
    table.loc[:, [*ROIS]] = 0
    table.to_csv(written.root / VOXELS, index=False)
    with pytest.raises(NotFoundError, match="No ROI"):
        load(written.root)


def test_voxels_without_values_leave(written):
    with h5py.File(written.root / RESPONSES, "r+") as file:
        row = int(np.flatnonzero(np.arange(40) % len(ROIS) == ROIS.index("V2"))[0])
        file["ResponseData/block0_values"][row] = np.nan
    ds = load(written.root)
    assert set(ds.left_out.values()) == {("V2",)}


def test_damaged_files_are_refused(written):
    path, values = written.root / RESPONSES, "ResponseData/block0_values"
    damaged.link_within(path, values)
    load(written.root)
    damaged.link_outside(path, "moved", written.root / "elsewhere.h5")
    with pytest.raises(CorruptDataError, match="leads out of the file"):
        load(written.root)
    damaged.truncate(path)
    with pytest.raises(CorruptDataError, match=r"ResponseData\.h5"):
        load(written.root)
    with h5py.File(path, "w") as file:
        file["ResponseData/table"] = np.zeros(3)
    with pytest.raises(CorruptDataError, match="no ResponseData/block0_values"):
        load(written.root)


@pytest.mark.parametrize("subject", ["../sub-01", "sub-02", "sub-*"])
def test_no_other_subject_is_opened(subject, written):
    with pytest.raises(NotFoundError, match="Choices: sub-01"):
        load(written.root, subject)


def test_an_empty_folder_says_what_goes_there(tmp_path):
    with pytest.raises(NotFoundError, match=r"sub-01_ResponseData\.h5"):
        load(tmp_path)


@pytest.mark.parametrize("naming", ["figshare", "openneuro"])
def test_what_is_expected(naming, tmp_path):
    write(tmp_path, ("sub-01",), naming=naming)
    presence = compare(tmp_path, expected(tmp_path, "sub-01"))
    assert presence.is_complete
    assert presence.unexpected == ()
    assert not compare(tmp_path, expected(tmp_path)).is_complete


def test_subjects_of_both_namings_side_by_side(tmp_path):
    write(tmp_path, ("sub-01",))
    write(tmp_path, ("sub-02",), naming="openneuro")
    missing = compare(tmp_path, expected(tmp_path)).missing
    assert load(tmp_path).subjects == ("sub-01", "sub-02")
    assert {each.path.split("/")[1][:6] for each in missing if each.is_needed} == {"sub-03"}


def test_what_takes_long_is_announced_before_anything_is_read(tmp_path, monkeypatch):
    write(tmp_path, ("sub-01",))
    monkeypatch.setattr(converted, "AT_ONCE", 0)
    with converted.reporting(None), pytest.raises(converted.NeedsConversion, match="first opening"):
        load(tmp_path)
    assert not [*(tmp_path / "results").rglob("*.npy")]
    assert load(tmp_path).n_units
    with converted.reporting(None):
        assert load(tmp_path).n_units
