"""LAION-fMRI as downloaded: sessions, ROIs in both places, splits, images, and what is refused."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from core import datasets, splits
from core.datasets.recordings.laion_fmri import expected
from core.datasets.releases.layout import compare
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError
from tests.core.datasets.layouts import damaged
from tests.core.datasets.layouts.laion_fmri import CEILINGS, SESSIONS, SHAPE, write
from tests.core.datasets.layouts.shared import same_image, same_units
from tests.core.datasets.layouts.volumes import write_nifti

OWN = "derivatives/glmsingle-tedana/sub-01"
TRIALS = OWN + "/ses-02/func/sub-01_ses-02_task-images_desc-SingletrialBetas_trials.tsv"
STEM = OWN + "/ses-02/func/sub-01_ses-02_task-images_space-T1w_"
BETAS = STEM + "stat-effect_desc-SingletrialBetas_statmap.nii.gz"
MASK = OWN + "/sub-01_task-images_space-T1w_desc-meanR2gt15mask_mask.nii.gz"
METADATA = "stimuli/task-images_metadata.csv"
V1V = "derivatives/rois/sub-01/retinotopy/sub-01_space-T1w_res-1pt8_label-V1v_mask.nii.gz"


def load(root, subject="sub-01", **options):
    return datasets.load("laion_fmri", subject, root=root, **{"zscore": "none", **options})


@pytest.fixture
def release(tmp_path):
    return write(tmp_path, ("sub-01",))


def usable(known, roi):
    """Columns of an ROI that have a value in every session."""
    columns = range(known.rois[roi].shape[1])
    return [column for column in columns if column not in known.leaving.get(roi, ())]


@pytest.mark.parametrize("subject", ["sub-01", "sub-03"])
@pytest.mark.parametrize("older", [False, True])
def test_a_subject_opens_as_written(subject, older, tmp_path):
    truth = write(tmp_path, older_rois=older, images="folder" if older else "h5", named_runs=older)
    known = truth.subjects[subject]
    ds = load(tmp_path, subject)
    assert ds.subjects == ("sub-01", "sub-03")
    assert ds.trials["id"].tolist() == list(known.ids)
    assert ds.trials["session"].tolist() == list(known.sessions)
    assert ds.trials["run"].tolist() == list(known.runs)
    assert set(ds.rois) == {"V1", *known.rois}
    assert set(ds.regions) == set(known.rois)
    for roi in known.rois:
        responses = ds.responses(roi, repeats="all")
        assert same_units(responses, known.rois[roi][:, usable(known, roi)])
    assert set(ds.units("V1")) == {*ds.units("V1v"), *ds.units("V1d")}
    for row in ds.stimuli.itertuples():
        if not older:
            assert row.source == truth.stimuli[row.id]["dataset"]
            assert row.unique_or_shared == truth.stimuli[row.id]["unique_or_shared"]
            assert row.n_reps == truth.stimuli[row.id]["n_reps"]
        assert same_image(ds.image(row.id), truth.images[row.id])


def test_sessions_are_z_scored_as_a_rule(release):
    ds = datasets.load("laion_fmri", root=release.root)
    assert ds.treatment == "z-scored within each session"
    assert ds.info.units == "z"
    for session in SESSIONS:
        responses = ds.responses("hV4", repeats="all")[ds.trials["session"] == session]
        np.testing.assert_allclose(responses.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(responses.std(axis=0), 1, rtol=1e-5)


def test_voxels_without_values_leave(release):
    known = release.subjects["sub-01"]
    ds = load(release.root)
    leaving = sum(len(columns) for roi, columns in known.leaving.items() if roi.startswith("V1"))
    assert len(ds.left_out) == leaving == 2


def test_sessions_and_rois_that_are_not_there_are_named(release):
    shutil.rmtree(release.root / OWN / "ses-02/func")
    ds = load(release.root)
    notes = {note.title: note.detail for note in ds.notes}
    assert set(ds.trials["session"]) == {"ses-01", "ses-10"}
    assert "session 2, 3, 4" in notes["28 sessions not there"]
    assert "EBA" in notes["1 ROI without a voxel"]


@pytest.mark.parametrize("which", CEILINGS)
def test_the_chosen_noise_ceiling_selects(which, release):
    name = which.removeprefix("Noiseceiling")
    known = release.subjects["sub-01"]
    ds = load(release.root, ceiling=name, noise_ceiling=40.0)
    for roi in ("hV4", "V1v"):
        values = known.variants[which][roi][0][usable(known, roi)]
        assert len(ds.units(roi)) == (values >= 40).sum()
    assert "(as released)" in ds.treatment


def test_another_noise_ceiling_is_no_substitute(release):
    for path in (release.root / OWN).glob("*Noiseceiling*rep*"):
        path.unlink()
    assert load(release.root).noise_ceiling is None
    with pytest.raises(NotFoundError, match="Noiseceiling4rep"):
        load(release.root, ceiling="4rep")


def test_the_copy_can_do_without_sectors(release):
    ds = load(release.root, voxels="without sectors")
    assert "laiongeneral" not in ds.rois
    assert ds.n_units < load(release.root).n_units


def test_without_the_mask_rois_are_as_their_files(release):
    before = len(load(release.root).units("hV4"))
    (release.root / MASK).unlink()
    ds = load(release.root)
    assert len(ds.units("hV4")) == before + 3
    assert "EBA" in ds.rois
    assert "Voxels are not masked" in [note.title for note in ds.notes]


def test_trials_in_another_order_take_their_volumes(release):
    before = load(release.root)
    edited(release.root, lambda rows: ["\t".join(row) for row in reversed(rows)])
    after = load(release.root)
    second = (before.trials["session"] == "ses-02").to_numpy()
    assert after.trials["id"][second].tolist() == before.trials["id"][second].tolist()[::-1]
    responses = [ds.responses("hV4", repeats="all")[second] for ds in (before, after)]
    np.testing.assert_array_equal(responses[1], responses[0][::-1])


def edited(root, change):
    path = root / TRIALS
    header, *lines = path.read_text().splitlines()
    path.write_text("\n".join([header, *change([line.split("\t") for line in lines])]) + "\n")


def test_trials_that_count_from_1_are_named(release):
    edited(
        release.root, lambda rows: ["\t".join([s, r, str(int(b) + 1), i]) for s, r, b, i in rows]
    )
    with pytest.raises(InputError, match="count from 1"):
        load(release.root)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: ["\t".join(row) for row in rows[1:]], "lists 8 trials, and .* has 9"),
        (lambda rows: ["\t".join([s, r, "0", i]) for s, r, _, i in rows], "not 0 to 8"),
        (lambda rows: ["\t".join([s, r, "x", i]) for s, r, _, i in rows], "not 0 to 8"),
        (lambda rows: ["\t".join([s, r, b, ""]) for s, r, b, _ in rows], "Line 2 .* no label"),
        (lambda rows: ["\t".join([*row, "y", "z"]) for row in rows], "columns"),
    ],
)
def test_trials_that_do_not_fit_are_refused(change, message, release):
    edited(release.root, change)
    with pytest.raises(CorruptDataError, match=message):
        load(release.root)


def test_shapes_that_differ_are_refused(release):
    write_nifti(release.root / V1V, np.ones((*SHAPE[:2], SHAPE[2] + 1), dtype=np.uint8))
    with pytest.raises(CorruptDataError, match=r"label-V1v_mask.* as the betas"):
        load(release.root)
    write_nifti(release.root / BETAS, np.zeros((3, 3, 3, SESSIONS["ses-02"]), dtype=np.float32))
    with pytest.raises(CorruptDataError, match="ses-02 have the shape"):
        load(release.root)


@pytest.mark.parametrize("path", [BETAS, V1V, MASK])
def test_truncated_volumes_are_refused(path, release):
    damaged.truncate(release.root / path)
    with pytest.raises(CorruptDataError, match="could not be read"):
        load(release.root)


# Splits -----------------------------------------------------------------------------------------


def write_split(root, pool, name, train, test):
    path = root / "splits" / pool / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    variant = {"variant_id": 0, "train_ids": train, "test_ids": test}
    path.write_text(json.dumps({"name": name, "variants": [variant]}), "utf-8")
    return path


def test_a_split_of_the_authors_is_that_as_recorded(release):
    ids = load(release.root).stimuli["id"].tolist()
    write_split(release.root, "sub-01", "tau", [*ids[:5], "unseen.jpg"], ids[5:7])
    write_split(release.root, "shared", "ood", ids[4:], ids[:4])
    before = load(release.root)
    assert before.stimuli["split"].tolist() == ["train"] * 5 + ["test"] * 2 + [""] * (len(ids) - 7)
    ds = load(release.root, split="ood", split_of="shared")
    assert ds.stimuli["split"].tolist() == ["test"] * 4 + ["train"] * (len(ids) - 4)
    assert ds.fingerprint != before.fingerprint
    fold = splits.make(ds, "recorded", validation=0.2)[0]
    assert set(fold.test) == set(range(4))


def test_a_split_that_is_not_there(release):
    assert "No split of the authors" in [note.title for note in load(release.root).notes]
    write_split(release.root, "sub-01", "tau", [], [])
    with pytest.raises(NotFoundError, match=r"no split random_0\.json of sub-01.*Choices: tau"):
        load(release.root, split="random_0")


def test_a_split_of_other_images_is_named(release):
    write_split(release.root, "sub-01", "tau", ["a.jpg"], ["b.jpg"])
    ds = load(release.root)
    assert set(ds.stimuli["split"]) == {""}
    assert "A split of other images than sub-01 saw" in [note.title for note in ds.notes]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"variants": []}', '{"variants": [{"train_ids": [1], "test_ids": []}]}'],
)
def test_split_files_of_another_form_are_refused(content, release):
    write_split(release.root, "sub-01", "tau", [], []).write_text(content)
    with pytest.raises(CorruptDataError, match=r"tau\.json"):
        load(release.root)


def test_an_image_in_both_sets_is_refused(release):
    write_split(release.root, "sub-01", "tau", ["a", "b"], ["b"])
    with pytest.raises(CorruptDataError, match="b in training and test"):
        load(release.root)


# Images -----------------------------------------------------------------------------------------


def test_without_images_a_recording_opens(tmp_path):
    write(tmp_path, ("sub-01",), images=None)
    ds = load(tmp_path)
    assert ds.images is None
    assert set(ds.without_image) == set(ds.stimuli["id"])


def test_a_table_of_other_images_is_refused(release):
    damaged.change_lines(release.root / METADATA, "shorter")
    with pytest.raises(CorruptDataError, match="a row for each image"):
        load(release.root)


def test_images_without_their_table_are_missing(release):
    (release.root / METADATA).unlink()
    assert load(release.root).images is None


def test_an_image_that_the_table_lacks_is_missing(release):
    path = release.root / METADATA
    name = release.subjects["sub-01"].ids[0]
    path.write_text(path.read_text().replace(name, "another.jpg"))
    ds = load(release.root)
    assert ds.without_image == (name,)
    with pytest.raises(NotFoundError, match="no image"):
        ds.image(name)


# Doubts, subjects, what is expected -------------------------------------------------------------


def test_labels_in_doubt_are_named(release):
    assert "Labels in doubt" not in [note.title for note in load(release.root).notes]
    old, new = release.root / OWN / "ses-02", release.root / OWN / "ses-32"
    old.rename(new)
    for path in [*(new / "func").iterdir()]:
        path.rename(path.with_name(path.name.replace("ses-02", "ses-32")))
    notes = {note.title: note.detail for note in load(release.root).notes}
    count = sum(
        "controversial" in name and session == "ses-02"
        for name, session in zip(
            release.subjects["sub-01"].ids, release.subjects["sub-01"].sessions, strict=True
        )
    )
    assert count
    assert f"in {count} trial" in notes["Labels in doubt"]


@pytest.mark.parametrize("subject", ["../sub-01", "..", "sub-02", "sub-01/.."])
def test_no_other_subject_is_opened(subject, release):
    with pytest.raises(NotFoundError, match="Choices: sub-01"):
        load(release.root, subject)


def test_an_empty_folder_says_what_goes_there(tmp_path):
    with pytest.raises(NotFoundError, match="derivatives/glmsingle-tedana/sub-01/ses-01"):
        load(tmp_path)


def test_rois_that_are_not_there_are_asked_for(release):
    shutil.rmtree(release.root / "derivatives/rois")
    with pytest.raises(NotFoundError, match="--part rois"):
        load(release.root)


def test_a_full_disk_is_said_and_leaves_nothing(release, monkeypatch, tmp_path):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10))
    with pytest.raises(NeurogalleryError, match="free"):
        load(release.root)
    assert not [*(tmp_path / "results").rglob("*.npy")]


@pytest.mark.parametrize("older", [False, True])
def test_what_is_expected(older, tmp_path):
    write(tmp_path, older_rois=older, images="folder" if older else "h5")
    presence = compare(tmp_path, expected(tmp_path))
    assert presence.is_complete
    assert presence.unexpected == ()
    (tmp_path / TRIALS).unlink()
    missing = compare(tmp_path, expected(tmp_path)).missing
    assert [each.path for each in missing if each.is_needed] == [TRIALS]


def test_what_is_expected_of_nothing(tmp_path):
    needed = [each.path for each in expected(tmp_path) if each.is_needed]
    assert {path.split("/")[2] for path in needed} == {f"sub-{n:02d}" for n in (1, 3, 5, 6, 7)}
