"""MOSAIC as downloaded: trials by attributes, parcels, phases, images, and what is refused."""

from __future__ import annotations

import shutil

import h5py
import numpy as np
import pytest

from core import datasets, splits, store
from core.datasets.recordings.mosaic import BETAS, VISUAL, expected
from core.datasets.releases import converted
from core.datasets.releases.layout import compare
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError
from tests.core.datasets.layouts import damaged
from tests.core.datasets.layouts.mosaic import (
    GRAYORDINATES,
    SIZE_AND_SUM,
    parcel,
    write,
)
from tests.core.datasets.layouts.shared import picture, same_image, save_picture

FILE = f"{BETAS}/NaturalScenesDataset/sub-01_NSD.hdf5"
TABLE = "stimulus_info/nsd_stiminfo.tsv"


def load(root, subject="sub-01_NSD", **options):
    return datasets.load("mosaic", subject, root=root, **options)


@pytest.fixture
def release(tmp_path):
    return write(tmp_path, ("sub-01_NSD",))


def kept(known, roi, count):
    """Columns of an ROI that have a value in some trial."""
    return [column for column in range(count) if column not in known.leaving.get(roi, ())]


@pytest.mark.parametrize(
    "subject", ["sub-01_NSD", "sub-02_BOLD5000", "sub-01_GOD", "sub-02_THINGS"]
)
@pytest.mark.parametrize("with_checksum", [False, True])
def test_a_subject_opens_as_written(subject, with_checksum, tmp_path):
    truth = write(tmp_path, (subject,), with_checksum)
    known = truth.subjects[subject]
    ds = load(tmp_path, subject, ceiling="test, averages")
    assert ds.trials["id"].tolist() == list(known.ids)
    assert ds.trials["repeat"].tolist() == list(known.repeats)
    for column in ("phase", "repetition"):
        assert ds.trials[column].tolist() == list(known.columns[column])
    assert ds.regions == VISUAL
    for roi, responses in known.rois.items():
        own = responses[:, kept(known, roi, responses.shape[1])]
        # The order of a ROI is left before right, each by grayordinate.
        np.testing.assert_array_equal(ds.betas[:, ds.units(roi)], own)
    stimuli = ds.stimuli.set_index("id")
    for name, about in truth.stimuli.items():
        assert {column: stimuli[column][name] for column in about} == about
    assert ds.images is None
    assert set(ds.without_image) == set(truth.without_image)


def test_parcels_are_those_of_the_atlas(release):
    ds = load(release.root, areas="all")
    assert ds.n_units == GRAYORDINATES
    assert len(ds.rois) == 180 * 3 + 19
    # Facts of the map, known from elsewhere; all grayordinates are columns then.
    for name, (size, total) in SIZE_AND_SUM.items():
        lost = [unit for unit, names in ds.left_out.items() if name in names]
        units = ds.units(name)
        assert (len(units) + len(lost), units.sum() + sum(lost)) == (size, total)
    np.testing.assert_array_equal(ds.units("R_MT"), parcel("R_MT"))
    everything = release.subjects["sub-01_NSD"].variants["all"]["grayordinates"]
    np.testing.assert_array_equal(ds.betas, everything)


def test_the_copy_has_the_visual_areas_alone(release):
    ds = load(release.root)
    assert ds.n_units == sum(len(ds.units(area)) for area in VISUAL) + len(ds.left_out)
    assert not {"A1", "brainStem"} & set(ds.rois)
    assert ds.n_units == 7894


def test_a_missing_grayordinate_takes_its_trial_from_its_area_alone(release):
    ds = load(release.root)
    assert ds.trial_counts("R_MT").sum() == len(ds.trials) - 1
    assert ds.trial_counts("L_MT").sum() == len(ds.trials)


@pytest.mark.parametrize("ceiling", ["test, averages", "training, single trials"])
def test_the_chosen_noise_ceiling_selects(ceiling, release):
    phase, n = {"test": "test", "training": "train"}[ceiling.split(",")[0]], "avg"
    n = "avg" if "averages" in ceiling else "1"
    with h5py.File(release.root / FILE) as file:
        released = file[f"noiseceilings/sub-01_NSD_phase-{phase}_n-{n}_noiseceiling"][()]
    ds = load(release.root, ceiling=ceiling, noise_ceiling=30.0)
    assert len(ds.units("R_FFC")) == (released[parcel("R_FFC")] >= 30).sum()
    assert "(as released)" in ds.treatment


def test_artificial_images_have_another_noise_ceiling(release):
    before = load(release.root).noise_ceiling
    with h5py.File(release.root / FILE, "r+") as file:
        group = file["noiseceilings"]
        other = group.create_dataset("a_phase-artificial_n-avg_x", data=np.zeros(GRAYORDINATES))
        other.attrs["n"], other.attrs["phase"] = "avg", "test"
    np.testing.assert_array_equal(load(release.root).noise_ceiling, before)


def test_a_recording_without_noise_ceiling(tmp_path):
    write(tmp_path, ("sub-01_GOD",))
    assert load(tmp_path, "sub-01_GOD").noise_ceiling is None
    with pytest.raises(NotFoundError, match="no noise ceiling of training, averages"):
        load(tmp_path, "sub-01_GOD", ceiling="training, averages")


def test_phases_are_the_split_as_recorded(release):
    ds = load(release.root)
    fold = splits.make(ds, "recorded", validation=0.5, validation_by="image")[0]
    assert set(ds.stimuli["id"][fold.test]) == {"000000532481.jpg", "001.jpg"}


def test_an_image_of_both_phases_is_in_no_set(release):
    with h5py.File(release.root / FILE, "r+") as file:
        next(iter(file["betas"].values())).attrs["phase"] = "train"
    ds = load(release.root)
    assert ds.stimuli["split"][0] == ""
    assert "1 stimulus in training and test" in [note.title for note in ds.notes]


def test_sessions_are_not_known(release):
    with pytest.raises(InputError, match="does not say which session"):
        load(release.root, zscore="session")


def test_without_a_table_images_open_all_the_same(release):
    (release.root / TABLE).unlink()
    ds = load(release.root)
    assert set(ds.stimuli["source"]) == {""}
    assert "nsd_stiminfo.tsv" in ds.notes[0].detail


def test_a_table_of_another_form_is_refused(release):
    (release.root / TABLE).write_text("name\talias\n1\t2\n")
    with pytest.raises(CorruptDataError, match="a column 'filename'"):
        load(release.root)


@pytest.mark.parametrize("below", ["images", "images/BOLD5000"])
def test_images_by_file_name_or_alias(below, tmp_path):
    write(tmp_path, ("sub-02_BOLD5000",))
    files = ["n01930112_19568.JPEG", "COCO_train2014_000000420713.jpg"]
    for number, name in enumerate(files):
        save_picture(tmp_path / below / name, picture(number))
    ds = load(tmp_path, "sub-02_BOLD5000")
    assert set(ds.without_image) == {"dining_car.jpg", "carmechanic4.jpeg"}
    assert same_image(ds.image("n01930112_19568.JPEG"), picture(0))
    assert same_image(ds.image("000000420713.jpg"), picture(1))


# Bad input --------------------------------------------------------------------------------------


def change(root, edit):
    with h5py.File(root / FILE, "r+") as file:
        edit(file["betas"], next(iter(file["betas"])))


def shorten(betas, key):
    attributes = dict(betas[key].attrs)
    del betas[key]
    betas[key] = np.zeros(64984, dtype=np.float32)
    betas[key].attrs.update(attributes)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (shorten, "64984.* 91,282 grayordinates"),
        (lambda betas, key: betas[key].attrs.pop("phase"), "no attribute phase"),
        (
            lambda betas, key: betas[key].attrs.pop("presented_stimulus_filename"),
            "no attribute presented_stimulus_filename",
        ),
        (lambda betas, key: betas[key].attrs.create("repetition", [1, 2]), "attribute repetition"),
        (
            lambda betas, key: betas[key].attrs.create("phase", np.zeros(1000)),
            "no attribute phase",
        ),
        (lambda betas, key: betas.create_group("further"), "further is a group"),
        (lambda betas, key: betas.__setitem__("x", h5py.SoftLink("/nowhere")), "no x"),
        (lambda betas, key: betas.__setitem__("x", h5py.ExternalLink("o.h5", "/x")), "out of the"),
        (lambda betas, key: [betas.pop(each) for each in [*betas]], "no trials"),
    ],
)
def test_trials_that_do_not_fit_are_refused(edit, message, release):
    change(release.root, edit)
    with pytest.raises(CorruptDataError, match=message):
        load(release.root)


def test_what_is_expected_and_what_to_do_are_told_apart(release):
    change(release.root, lambda betas, key: betas[key].attrs.pop("phase"))
    with pytest.raises(CorruptDataError, match=r"phase\. Expected one value of it\. Download"):
        load(release.root)


def test_damaged_files_are_refused(release):
    damaged.truncate(release.root / FILE)
    with pytest.raises(CorruptDataError, match=r"sub-01_NSD\.hdf5"):
        load(release.root)
    with h5py.File(release.root / FILE, "w") as file:
        file["noiseceilings"] = 1
    with pytest.raises(CorruptDataError, match="has no betas"):
        load(release.root)


def test_two_files_of_a_subject_are_named(release):
    path = release.root / FILE
    shutil.copy(path, path.with_name("sub-01_NSD_crc32-00000000.hdf5"))
    with pytest.raises(InputError, match="2 files of sub-01_NSD"):
        load(release.root)


@pytest.mark.parametrize("subject", ["../sub-01_NSD", "..", "sub-02_NSD", "sub-01_NSD/.."])
def test_no_other_subject_is_opened(subject, release):
    with pytest.raises(NotFoundError, match="Choices: sub-01_NSD"):
        load(release.root, subject)


def test_an_empty_folder_says_what_goes_there(tmp_path):
    with pytest.raises(NotFoundError, match=r"sub-01_NSD\.hdf5"):
        load(tmp_path)


def test_a_full_disk_is_said_and_leaves_nothing(release, monkeypatch, tmp_path):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10))
    with pytest.raises(NeurogalleryError, match="free"):
        load(release.root)
    assert not [*(tmp_path / "results").rglob("blocks*")]


# Opening ----------------------------------------------------------------------------------------


def test_trials_are_listed_once_and_announced_before(release, monkeypatch):
    monkeypatch.setattr(converted, "AT_ONCE", 1)
    with converted.reporting(None), pytest.raises(converted.NeedsConversion):
        load(release.root)
    assert not store.entries()
    first = load(release.root)
    with converted.reporting(None):
        again = load(release.root)
    assert again.fingerprint == first.fingerprint
    change(release.root, lambda betas, key: betas[key].attrs.modify("phase", "train"))
    with converted.reporting(None), pytest.raises(converted.NeedsConversion):
        load(release.root)


def test_subjects_stand_recording_by_recording(tmp_path):
    write(tmp_path, ("sub-01_NSD", "sub-02_BOLD5000", "sub-01_GOD"))
    # As the package of the release puts them.
    (tmp_path / BETAS / "GenericObjectDecoding").rename(tmp_path / "GenericObjectDecoding")
    presence = compare(tmp_path, expected(tmp_path))
    assert presence.is_complete
    assert presence.unexpected == ()
    assert load(tmp_path).subjects == ("sub-02_BOLD5000", "sub-01_GOD", "sub-01_NSD")


def test_what_is_expected(release):
    presence = compare(release.root, expected(release.root))
    assert presence.is_complete
    assert presence.unexpected == ()
    assert not compare(release.root, expected(release.root, "sub-02_NSD")).is_complete


def test_what_is_expected_of_nothing(tmp_path):
    assert not compare(tmp_path, expected(tmp_path)).is_complete
