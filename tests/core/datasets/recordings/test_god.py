"""Generic Object Decoding as downloaded: both formats, ids, splits, images, what is refused."""

from __future__ import annotations

import shutil

import h5py
import numpy as np
import pytest
from scipy.io import loadmat, savemat

from core import datasets
from core.datasets.recordings.god import ILSVRC, INFO, REGIONS, expected
from core.datasets.releases import converted
from core.datasets.releases.layout import compare
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError
from tests.core.datasets.layouts import damaged
from tests.core.datasets.layouts.god import ROIS, TEST, write
from tests.core.datasets.layouts.shared import same_image


def load(root, subject="Subject1", **options):
    return datasets.load("god", subject, root=root, **options)


def rows_of(subject, *splits):
    return [row for row, split in enumerate(subject.columns["split"]) if split in splits]


@pytest.fixture
def written(tmp_path):
    return write(tmp_path, ("Subject1",))


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"outside": 0.0, "capitals": True},
        {"kind": "mat", "images": "flat"},
        {"kind": "mat", "outside": 0.0, "capitals": False},
    ],
)
def test_a_release_opens_as_written(how, tmp_path):
    truth = write(tmp_path, **how)
    for name, subject in truth.subjects.items():
        ds, rows = load(tmp_path, name), rows_of(subject, "train", "test")
        assert ds.subjects == ("Subject1", "Subject3")
        assert ds.info.units == truth.units
        assert ds.trials["id"].tolist() == [subject.ids[row] for row in rows]
        assert ds.trials["run"].tolist() == [subject.runs[row] for row in rows]
        assert ds.trials["session"].tolist() == [subject.columns["split"][row] for row in rows]
        assert (set(ds.rois), ds.regions) == (set(ROIS), REGIONS)
        for roi, responses in subject.rois.items():
            np.testing.assert_array_equal(ds.responses(roi, repeats="all"), responses[rows])
        stimuli = ds.stimuli.set_index("id")
        assert set(stimuli.index) == set(truth.stimuli)
        for stimulus, known in truth.stimuli.items():
            assert stimuli.loc[stimulus, "wnid"] == known["category"]
            assert stimuli.loc[stimulus, "split"] == known["split"]
            assert same_image(ds.image(stimulus), truth.images[stimulus])


def test_means_are_of_what_was_seen(written):
    subject = written.subjects["Subject1"]
    ds, ids = load(written.root), np.array(subject.ids)
    seen = np.array(subject.columns["split"]) != "imagery"
    means = [subject.rois["V1"][seen & (ids == name)].mean(axis=0) for name in ds.stimuli["id"]]
    np.testing.assert_allclose(ds.responses("V1"), means, rtol=1e-5)
    assert ds.repeats.max() == 3


def test_imagery_is_an_option(written):
    subject = written.subjects["Subject1"]
    ds = load(written.root, trials="imagery")
    expected_rows = subject.rois["LOC"][rows_of(subject, "imagery")]
    np.testing.assert_array_equal(ds.responses("LOC", repeats="all"), expected_rows)
    assert set(ds.stimuli["split"]) == {"imagery"}
    assert ds.fingerprint != load(written.root).fingerprint


def test_categories_are_named_and_living_or_not(written):
    stimuli = load(written.root).stimuli.set_index("id")
    assert stimuli.loc["n01443537_22563", "category"] == "goldfish"
    assert stimuli.loc["n01443537_22563", "supercategory"] == "living"
    assert stimuli.loc["n03122295_31279", "supercategory"] == "non-living"


def test_a_library_has_no_test_category(written):
    (written.root / "images/n01443537/n01443537_5.JPEG").write_bytes(b"")
    ds = load(written.root)
    assert ds.gallery["id"].tolist() == [name.split(".")[0] for name in written.gallery]
    assert not set(ds.gallery["wnid"]) & set(TEST)
    for file, pixels in written.gallery.items():
        assert same_image(ds.image(file.split(".")[0]), pixels)
    assert "1 further images are of test categories" in [note.title for note in ds.notes]


def test_images_may_lie_in_folders_of_synsets_or_be_absent(written):
    for folder in (written.root / "images").iterdir():
        folder.rename(written.root / folder.name)
    assert load(written.root).without_image == ()
    first = written.root / "n01443537/n01443537_22563.JPEG"
    damaged.cut_image(first)
    with pytest.raises(CorruptDataError, match="n01443537_22563"):
        load(written.root).image("n01443537_22563")
    first.unlink()
    assert load(written.root).without_image == ("n01443537_22563",)
    for folder in written.root.glob("n*"):
        shutil.rmtree(folder)
    assert load(written.root).images is None


def test_the_list_of_test_images_in_ilsvrc(written):
    place = written.root / "data"
    place.mkdir()
    text = "stimulus name,Image in ILSVRC 2012 Training,x\nn01443537_22563,Yes,No\n"
    (place / "stimulus_info_ImageNetTest.csv").write_text(text)
    stimuli = load(written.root).stimuli.set_index("id")
    assert stimuli.loc["n01443537_22563", ILSVRC] == "Yes"
    (place / "stimulus_info_ImageNetTest.csv").write_text("name\nx\n")
    with pytest.raises(CorruptDataError, match="stimulus name"):
        load(written.root)


@pytest.mark.parametrize("kind", ["h5", "mat"])
def test_ids_of_single_precision_are_refused(kind, tmp_path):
    write(tmp_path, kind=kind, single=True)
    with pytest.raises(CorruptDataError, match="last digits as float32"):
        load(tmp_path)


def test_hdf5_is_read_where_both_are_there(written):
    (written.root / "Subject1.mat").write_bytes(b"no MATLAB file")
    load(written.root)
    (written.root / "Subject1.h5").unlink()
    with pytest.raises(CorruptDataError, match=r"Subject1\.mat"):
        load(written.root)


def test_the_folder_of_the_demo_scripts_and_version_7_3(tmp_path):
    truth = write(tmp_path / "data", ("Subject3",), kind="mat")
    damaged.as_v73(tmp_path / "data/Subject3.mat")
    subject = truth.subjects["Subject3"]
    rows = rows_of(subject, "train", "test")
    responses = load(tmp_path, None).responses("VC", repeats="all")
    np.testing.assert_array_equal(responses, subject.rois["VC"][rows])


def change(path, change_columns=None, **rows):
    """Overwrite rows of metadata by key, and the data through a function."""
    with h5py.File(path, "r+") as file:
        keys = [key.decode() for key in file["metadata/key"]]
        for key, value in rows.items():
            file["metadata/value"][keys.index(key)] = value
        if change_columns:
            data = file["dataset"][()]
            change_columns(data, lambda key: file["metadata/value"][keys.index(key)] == 1)
            file["dataset"][...] = data


def test_an_empty_roi_is_left_out_by_name(written):
    change(written.root / "Subject1.h5", ROI_FFA=np.nan)
    ds = load(written.root)
    assert "FFA" not in ds.rois
    assert "FFA" in next(note.detail for note in ds.notes if note.title == "Empty ROIs")


def test_voxels_without_values_leave(written):
    def spoil(data, columns):
        data[:, np.flatnonzero(columns("ROI_V2"))[0]] = np.nan

    change(written.root / "Subject1.h5", spoil)
    ds = load(written.root)
    assert len(ds.units("V2")) == written.subjects["Subject1"].rois["V2"].shape[1] - 1


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"DataType": np.nan}, "no column DataType"),
        ({"Label": np.nan, "stimulus_id": np.nan}, "no column stimulus_id"),
        ({f"ROI_{roi}": 0 for roi in ROIS}, "no columns of an ROI"),
    ],
)
def test_metadata_without_what_is_needed_is_refused(rows, message, written):
    change(written.root / "Subject1.h5", **rows)
    with pytest.raises(CorruptDataError, match=message):
        load(written.root)


def test_unknown_kinds_of_trials_are_refused(written):
    change(written.root / "Subject1.h5", lambda data, of: data.__setitem__((0, of("DataType")), 4))
    with pytest.raises(CorruptDataError, match="holds 4"):
        load(written.root)


def test_no_imagery_is_said(written):
    def see(data, columns):
        kinds = data[:, columns("DataType")]
        kinds[kinds == 3] = 2
        data[:, columns("DataType")] = kinds

    change(written.root / "Subject1.h5", see)
    with pytest.raises(NotFoundError, match="there are train, test"):
        load(written.root, trials="imagery")


def test_damaged_files_are_refused(written):
    path = written.root / "Subject1.h5"
    damaged.link_outside(path, "dataset", written.root / "elsewhere.h5")
    with pytest.raises(CorruptDataError, match="leads out of the file"):
        load(written.root)
    damaged.truncate(path)
    with pytest.raises(CorruptDataError, match=r"Subject1\.h5"):
        load(written.root)


@pytest.mark.parametrize("how", ["truncated", "function", "object", "without", "text"])
def test_damaged_mat_files_are_refused(how, tmp_path):
    write(tmp_path, ("Subject1",), kind="mat")
    path = tmp_path / "Subject1.mat"
    contents = {k: v for k, v in loadmat(path).items() if not k.startswith("_")}
    if how == "truncated":
        damaged.truncate(path)
    elif how in ("function", "object"):
        getattr(damaged, f"add_{how}")(path, "metadata")
    elif how == "without":
        savemat(path, {"dataSet": contents["dataSet"]})
    else:
        savemat(path, contents | {"dataSet": "text"})
    with pytest.raises(NeurogalleryError, match=r"Subject1\.mat"):
        load(tmp_path)


@pytest.mark.parametrize("subject", ["../Subject1", "Subject2", ".."])
def test_no_other_subject_is_opened(subject, written):
    with pytest.raises(NotFoundError, match="Choices: Subject1"):
        load(written.root, subject)


def test_an_empty_folder_says_what_goes_there(tmp_path):
    with pytest.raises(NotFoundError, match=r"Subject1\.h5"):
        load(tmp_path)


def test_sessions_that_are_not_named_are_the_kinds_of_trials(written):
    subject, ds = written.subjects["Subject1"], load(written.root, zscore="session")
    scored = []
    for split in ("train", "test"):
        part = subject.rois["V4"][rows_of(subject, split)]
        scored.append((part - part.mean(axis=0)) / part.std(axis=0))
    np.testing.assert_allclose(ds.responses("V4", repeats="all"), np.vstack(scored), atol=1e-5)
    assert ds.treatment == "z-scored within each session"
    with pytest.raises(InputError):
        load(written.root, noise_ceiling=100)


@pytest.mark.parametrize("kind", ["h5", "mat"])
def test_what_is_expected(kind, tmp_path):
    write(tmp_path, ("Subject1",), kind=kind)
    presence = compare(tmp_path, expected(tmp_path, "Subject1"))
    assert presence.is_complete
    assert presence.unexpected == ()
    assert len(presence.present) > 1
    assert not compare(tmp_path, expected(tmp_path)).is_complete
    assert INFO.how_to_get


def test_what_takes_long_is_announced_before_anything_is_read(tmp_path, monkeypatch):
    write(tmp_path, ("Subject1",), kind="mat")
    monkeypatch.setattr(converted, "AT_ONCE", 0)
    with converted.reporting(None), pytest.raises(converted.NeedsConversion, match="first opening"):
        load(tmp_path)
    assert not [*(tmp_path / "results").rglob("*.npy")]
    assert load(tmp_path).n_units
    with converted.reporting(None):
        assert load(tmp_path).n_units
