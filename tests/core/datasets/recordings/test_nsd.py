"""NSD as downloaded: volumes and surfaces, trials from 1, ROIs, images, and what is refused."""

from __future__ import annotations

import re
import shutil

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import datasets
from core.datasets.recordings import nsd
from core.datasets.releases import converted
from core.datasets.releases.coco import supercategory_of
from core.datasets.releases.layout import compare
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError
from tests.core.datasets.layouts import damaged
from tests.core.datasets.layouts.nsd import BETAS, BRICK, CATEGORIES, TABLE, noise_ceiling, write
from tests.core.datasets.layouts.shared import same_image, same_units
from tests.core.datasets.layouts.volumes import write_mgh, write_nifti
from tests.core.datasets.releases.damage import check_only_own_errors, overwritten

ATLASES = ("prf-visualrois", "floc-faces", "nsdgeneral")
OF_FSAVERAGE = ("streams", "nsdgeneral")
VOLUMES = "nsddata_betas/ppdata/{}/func1pt8mm/" + BETAS
SURFACES = "nsddata_betas/ppdata/{}/fsaverage/" + BETAS
ROI = "nsddata/ppdata/subj01/func1pt8mm/roi/{}.nii.gz"


def load(root, subject="subj01", zscore="none", **options):
    options.setdefault("atlases", ATLASES)
    return datasets.load("nsd", subject, root=root, zscore=zscore, **options)


def betas(truth, subject="subj01", session=1, ending="nii.gz"):
    return truth.root / VOLUMES.format(subject) / f"betas_session{session:02d}.{ending}"


def usable(truth, subject, roi, rois=None):
    """Responses of an ROI without the units that lack a whole session."""
    values = (rois or truth.subjects[subject].rois)[roi]
    sessions = np.array(truth.subjects[subject].sessions)
    lacks = [np.isnan(values[sessions == s]).all(axis=0) for s in np.unique(sessions)]
    return values[:, ~np.any(lacks, axis=0)]


@pytest.mark.parametrize("ending", ["nii.gz", "hdf5"])
@pytest.mark.parametrize("shape", [(5, 6, 7), (6, 6, 6)])
def test_volumes_open_trial_for_trial(tmp_path, ending, shape):
    truth = write(tmp_path, formats=(ending,), shape=shape)
    for subject, known in truth.subjects.items():
        ds = load(tmp_path, subject)
        assert ds.subjects == ("subj01", "subj03")
        assert tuple(ds.trials["id"]) == known.ids
        assert tuple(ds.trials["session"]) == known.sessions
        assert tuple(ds.trials["trial"]) == known.columns["trial"]
        assert tuple(ds.trials["repeat"]) == known.columns["repeat"]
        assert set(ds.regions) == set(known.rois)
        for roi in known.rois:
            assert same_units(ds.responses(roi, "all"), usable(truth, subject, roi))
        assert ds.lost_rois == ()
        assert not set(known.without_units) & set(ds.rois)
        np.testing.assert_array_equal(np.sort(ds.rois["V1"]), _union(ds, "V1v", "V1d"))
        assert ds.info.units == "% signal change"


def _union(ds, *rois):
    return np.union1d(ds.rois[rois[0]], ds.rois[rois[1]])


def test_surfaces_open_trial_for_trial(tmp_path):
    truth = write(tmp_path, formats=("mgh",))
    for subject, known in truth.subjects.items():
        ds = load(tmp_path, subject, space="fsaverage", atlases=OF_FSAVERAGE)
        assert tuple(ds.trials["id"]) == known.ids
        expected = known.variants["fsaverage"]
        assert set(ds.rois) == {"early", "midventral", "ventral", "nsdgeneral"}
        for roi in ds.rois:
            assert same_units(ds.responses(roi, "all"), usable(truth, subject, roi, expected))


def test_atlases_with_one_name_are_told_apart(tmp_path):
    write(tmp_path, ("subj03",), formats=("mgh",))
    label = tmp_path / "nsddata/freesurfer/fsaverage/label"
    for side in ("lh", "rh"):
        shutil.copy(label / f"{side}.streams.mgz", label / f"{side}.prf-visualrois.mgz")
    shutil.copy(label / "streams.mgz.ctab", label / "prf-visualrois.mgz.ctab")
    ds = load(tmp_path, "subj03", space="fsaverage", atlases=("prf-visualrois", "streams"))
    assert {"early", "streams early"} <= set(ds.rois)
    np.testing.assert_array_equal(ds.rois["early"], ds.rois["streams early"])


def test_hdf5_of_other_chunks_reads_the_same(tmp_path):
    truth = write(tmp_path, ("subj03",), formats=("hdf5",))
    before = load(tmp_path, "subj03").responses(None, "all")
    for session in (1, 2):
        path = betas(truth, "subj03", session, "hdf5")
        with h5py.File(path, "r+") as file:
            values = file["betas"][()]
            del file["betas"]
            file.create_dataset("betas", data=values, chunks=None if session == 1 else (1, 7, 6, 5))
    np.testing.assert_array_equal(load(tmp_path, "subj03").responses(None, "all"), before)


def test_runs_have_63_trials_and_62_in_turn():
    runs = nsd._runs(750)
    np.testing.assert_array_equal(np.bincount(runs)[1:], [63, 62] * 6)
    assert (np.diff(runs) >= 0).all()
    assert nsd._runs(751) is None


def test_sessions_are_z_scored_unless_otherwise_chosen(tmp_path):
    truth = write(tmp_path, ("subj01",))
    ds = datasets.load("nsd", root=tmp_path, atlases=ATLASES)
    assert ds.info.units == "z"
    assert ds.treatment == "z-scored within each session"
    values = ds.responses("hV4", "all")
    for session in (1, 2, 3):
        part = values[ds.trials["session"] == session]
        np.testing.assert_allclose(part.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(part.std(axis=0), 1, atol=1e-6)
    raw = truth.subjects["subj01"].rois["hV4"][:12]
    assert same_units(values[:12], (raw - raw.mean(axis=0)) / raw.std(axis=0), 1e-5)


def test_absent_sessions_are_named_and_the_others_used(tmp_path):
    truth = write(tmp_path, ("subj01",), absent_sessions={"subj01": (2,)})
    ds = load(tmp_path)
    known = truth.subjects["subj01"]
    assert tuple(ds.trials["id"]) == known.ids
    assert tuple(ds.trials["session"]) == known.sessions
    assert tuple(ds.trials["repeat"]) == known.columns["repeat"]
    assert any(note.title == "1 session of 3 without betas" for note in ds.notes)
    assert any("Session 2 " in note.detail for note in ds.notes)
    for roi in known.rois:
        assert same_units(ds.responses(roi, "all"), usable(truth, "subj01", roi))


def test_stimuli_are_those_that_the_subject_saw(tmp_path):
    truth = write(tmp_path, ("subj03",))
    ds = load(tmp_path, "subj03")
    assert set(ds.stimuli["id"]) == set(truth.subjects["subj03"].ids)
    for row in ds.stimuli.itertuples():
        known = truth.stimuli[row.id]
        assert (row.coco_id, row.shared1000) == (known["coco"], known["shared"])
        assert row.split == ("test" if known["shared"] else "train")
        assert same_image(ds.image(row.id), truth.images[row.id])
        assert set(row.labels) == {*known["labels"], *known["crowds"]}
    assert ds.without_image == ()
    assert not any(note.title == "No labels" for note in ds.notes)


def test_a_supercategory_is_that_of_most_objects(tmp_path):
    write(tmp_path, ("subj03",))
    ds = load(tmp_path, "subj03")
    groups = dict(CATEGORIES.values())
    for row in ds.stimuli.itertuples():
        of_labels = {groups[label] for label in row.labels}
        assert row.supercategory in of_labels or not of_labels
        assert len(of_labels) != 1 or {row.supercategory} == of_labels
    assert supercategory_of({"person": 1, "pizza": 2}, groups) == "food"
    assert supercategory_of({}, groups) == ""


def test_pages_announce_that_annotations_are_read(tmp_path, monkeypatch):
    write(tmp_path, ("subj03",))
    instances = (tmp_path / "nsddata_stimuli/stimuli/nsd/annotations").rename(tmp_path / "aside")
    load(tmp_path, "subj03")
    instances.rename(tmp_path / "nsddata_stimuli/stimuli/nsd/annotations")
    monkeypatch.setattr(converted, "AT_ONCE", 100)
    with converted.reporting(None):
        with pytest.raises(converted.NeedsConversion):
            load(tmp_path, "subj03")
        with converted.reporting(lambda *_: None):
            assert any(load(tmp_path, "subj03").stimuli["labels"])
        load(tmp_path, "subj03")


def test_it_opens_without_images_labels_names_and_ratios(tmp_path):
    truth = write(tmp_path, ("subj03",))
    shutil.rmtree(tmp_path / "nsddata_stimuli")
    shutil.rmtree(tmp_path / "nsddata/freesurfer")
    (betas(truth, "subj03").parent / "ncsnr.nii.gz").unlink()
    ds = load(tmp_path, "subj03")
    assert ds.images is None
    assert ds.noise_ceiling is None
    assert "prf-visualrois-7" in ds.rois
    assert set(ds.stimuli["labels"]) == {()}
    assert any(note.title == "No labels" for note in ds.notes)


@pytest.mark.parametrize("space", ["func1pt8mm", "fsaverage"])
def test_noise_ceilings_are_those_of_the_repeats_on_disk(tmp_path, space):
    truth = write(tmp_path, ("subj03",), formats=("nii.gz", "mgh"))
    options = {"space": space, "atlases": ("nsdgeneral",)}
    ds = load(tmp_path, "subj03", **options)
    known = truth.subjects["subj03"]
    counts = pd.Series(known.ids).value_counts()
    ratios = known.variants["ncsnr" if space == "func1pt8mm" else "fsaverage ncsnr"]
    noise = sum((counts == j).mean() / j for j in (1, 2, 3))
    expected = noise_ceiling(ratios["nsdgeneral"][0], 1 / noise)
    np.testing.assert_allclose(np.sort(ds.noise_ceiling), np.sort(expected), rtol=1e-5)
    few = load(tmp_path, "subj03", noise_ceiling=float(np.median(expected)), **options)
    assert 0 < len(few.units()) < len(ds.units())
    assert few.fingerprint != ds.fingerprint


@pytest.mark.parametrize("never", [0, -1])
def test_trials_that_count_from_0_are_named(tmp_path, never):
    write(tmp_path, ("subj01",), from_zero=True, never=never)
    with pytest.raises(InputError, match="seem to count from 0"):
        load(tmp_path)


def _without_table(truth):
    (truth.root / TABLE).unlink()


def _without_column(truth):
    table = pd.read_csv(truth.root / TABLE, index_col=0)
    table.drop(columns="nsdId").to_csv(truth.root / TABLE)


def _no_table(truth):
    (truth.root / TABLE).write_bytes(b"\x00\xff" * 50)


def _doubled_trial(truth):
    table = pd.read_csv(truth.root / TABLE, index_col=0)
    table["subject1_rep1"] = table["subject1_rep0"]
    table.to_csv(truth.root / TABLE)


def _endless_trial(truth):
    table = pd.read_csv(truth.root / TABLE, index_col=0)
    table.loc[table.index[0], "subject1_rep0"] = 12 * 10**12
    table.to_csv(truth.root / TABLE)


def _fewer_trials(truth):
    write_nifti(betas(truth, session=2), np.zeros((5, 6, 7, 11), dtype=np.int16))


def _all_fewer_trials(truth):
    for session in (1, 2, 3):
        write_nifti(betas(truth, session=session), np.ones((5, 6, 7, 11), dtype=np.int16))


def _further_session(truth):
    shutil.copy(betas(truth), betas(truth, session=4))


def _truncated(truth):
    damaged.truncate(betas(truth, session=2))


def _cut_header(truth):
    damaged.truncate(betas(truth, session=2), 0.01)


def _other_shape(truth):
    write_nifti(truth.root / ROI.format("nsdgeneral"), np.ones((7, 6, 5), dtype=np.float32))


def _fractions(truth):
    write_nifti(truth.root / ROI.format("nsdgeneral"), np.full((5, 6, 7), 0.5, dtype=np.float32))


def _without_rois(truth):
    shutil.rmtree((truth.root / ROI).parent)


def _crop_of_three(truth):
    table = pd.read_csv(truth.root / TABLE, index_col=0)
    table.assign(cropBox="(0, 0.1, 0)").to_csv(truth.root / TABLE)


def _truncated_brick(truth):
    damaged.truncate(truth.root / BRICK)


def _without_betas(truth):
    shutil.rmtree(truth.root / "nsddata_betas")


@pytest.mark.parametrize(
    ("harm", "error", "words"),
    [
        (_without_table, NotFoundError, "There is no nsd_stim_info_merged.csv"),
        (_without_column, CorruptDataError, "it has no nsdId"),
        (_no_table, CorruptDataError, "nsd_stim_info_merged.csv could not be read"),
        (_doubled_trial, CorruptDataError, "names one trial of subj01 for two images"),
        (_endless_trial, CorruptDataError, "has 12000000000000 as the last trial of subj01"),
        (_fewer_trials, CorruptDataError, r"betas_session02.* \(5, 6, 7, 11\).* \(5, 6, 7, 12\)"),
        (_all_fewer_trials, InputError, "end with 36, and the sessions on disk have 11"),
        (_further_session, CorruptDataError, "has a session 4, and .* ends with 3"),
        (_truncated, CorruptDataError, "betas_session02.nii.gz could not be read"),
        (_cut_header, CorruptDataError, "betas_session02.nii.gz could not be read"),
        (_other_shape, CorruptDataError, r"nsdgeneral.nii.gz has the shape \(7, 6, 5\)"),
        (_fractions, CorruptDataError, "nsdgeneral.nii.gz holds values that are no whole"),
        (_without_rois, NotFoundError, "No ROI of prf-visualrois"),
        (_crop_of_three, CorruptDataError, r"has '\(0, 0.1, 0\)' as cropBox"),
        (_truncated_brick, CorruptDataError, "nsd_stimuli.hdf5 could not be read"),
        (_without_betas, NotFoundError, "There are no betas of a subject"),
    ],
)
def test_what_is_damaged_is_said_in_one_line(tmp_path, harm, error, words):
    harm(write(tmp_path, ("subj01",)))
    with pytest.raises(error, match=words) as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("harm", [damaged.link_outside, damaged.raw_outside, damaged.link_through])
def test_hdf5_is_not_followed_out_of_the_file(tmp_path, harm):
    truth = write(tmp_path / "nsd", ("subj03",), formats=("hdf5",))
    harm(betas(truth, "subj03", 2, "hdf5"), "betas", tmp_path / "secret.h5")
    with pytest.raises(CorruptDataError, match=r"betas_session02\.hdf5"):
        load(truth.root, "subj03")


def read_all_of(path):
    """What is made of the table, without the rest of the recording."""
    table = nsd._read_table(path)
    session = nsd.SessionFiles((), (5, 6, 7, 12))
    trials, _ = nsd._trials(table, "subj03", {1: session, 2: session})
    nsd._stimuli(table, trials, None)
    for text in table["cropBox"]:
        nsd._crop(text)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    root = tmp_path_factory.mktemp("nsd")
    write(root, ("subj03",))
    return (root / TABLE).read_bytes()


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_overwritten_tables_raise_only_the_project_s_errors(table, data):
    check_only_own_errors(read_all_of, data.draw(overwritten(table)), ".csv")


def test_surfaces_need_both_hemispheres(tmp_path):
    truth = write(tmp_path, ("subj03",), formats=("mgh",))
    folder = truth.root / SURFACES.format("subj03")
    options = {"space": "fsaverage", "atlases": OF_FSAVERAGE}
    write_mgh(folder / "rh.betas_session02.mgh", np.ones((30, 6), dtype=np.float32))
    with pytest.raises(CorruptDataError, match=r"rh.betas_session02.mgh has 6"):
        load(tmp_path, "subj03", **options)
    (folder / "rh.betas_session02.mgh").unlink()
    with pytest.raises(NotFoundError, match=r"Session 2 has no rh.betas_session02.mgh"):
        load(tmp_path, "subj03", **options)


def test_files_that_are_there_are_told_from_missing_ones(tmp_path):
    truth = write(
        tmp_path, ("subj01",), formats=("nii.gz", "mgh"), absent_sessions={"subj01": (2,)}
    )
    for subject in (None, "subj01"):
        presence = compare(tmp_path, nsd.expected(tmp_path, subject))
        assert presence.unexpected == ()
        assert presence.is_complete
        missing = [each.path for each in presence.missing]
        assert len(missing) == 2
        assert all("betas_session02" in path for path in missing)
    _without_rois(truth)
    _without_table(truth)
    presence = compare(tmp_path, nsd.expected(tmp_path))
    needed = [each.path for each in presence.missing if each.is_needed]
    assert needed == [TABLE, ROI.format("*").replace("subj00", "subj01")]


def test_nothing_is_there(tmp_path):
    assert any(each.is_needed for each in nsd.expected(tmp_path))
    with pytest.raises(NeurogalleryError, match=re.escape(str(tmp_path))):
        load(tmp_path)
