"""Algonauts 2023 as downloaded: hemispheres, ROIs, splits, images, and what is refused."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from core import datasets
from core.datasets.recordings import algonauts2023
from core.datasets.recordings.algonauts2023 import EVERYWHERE, expected
from core.datasets.releases.layout import compare
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError
from tests.core.datasets.layouts import damaged
from tests.core.datasets.layouts.algonauts2023 import FSAVERAGE, MAPS, VERTICES, name_map, write
from tests.core.datasets.layouts.shared import same_image

PRF, STREAMS = MAPS["prf-visualrois"], MAPS["streams"]
TRAINING = "subj01/training_split/training_fmri/{}_training_fmri.npy"
MASK = "subj01/roi_masks/{}.prf-visualrois_challenge_space.npy"
NAMES = "subj01/roi_masks/mapping_prf-visualrois.npy"
IMAGES = "subj01/training_split/training_images"


def load(root, subject="subj01", **options):
    return datasets.load("algonauts2023", subject, root=root, **options)


@pytest.fixture
def withheld(tmp_path):
    return write(tmp_path, ("subj01",))


@pytest.fixture
def complete(tmp_path):
    return write(tmp_path, ("subj01",), with_test_responses=True)


@pytest.mark.parametrize("subject", ["subj01", "subj06", "subj08"])
@pytest.mark.parametrize("with_test", [False, True])
def test_a_subject_opens_as_written(subject, with_test, tmp_path):
    truth = write(tmp_path, ("subj01", "subj06", "subj08"), with_test)
    known = truth.subjects[subject]
    ds = load(tmp_path, subject)
    assert ds.subjects == ("subj01", "subj06", "subj08")
    assert ds.trials["id"].tolist() == list(known.ids) == ds.stimuli["id"].tolist()
    assert ds.stimuli["split"].tolist() == list(known.columns["split"])
    assert set(ds.rois) == set(known.rois)
    assert list(ds.rois)[:3] == ["V1", "V2", "V3"]
    assert ds.regions == tuple(
        name
        for kind, names in MAPS.items()
        for name in names
        if name in known.rois and kind != "streams"
    )
    for roi, responses in known.rois.items():
        np.testing.assert_array_equal(ds.responses(roi), responses)
    for roi, ceiling in known.ceilings.items():
        np.testing.assert_allclose(ds.noise_ceiling[ds.units(roi)], ceiling, rtol=1e-6)
    for stimulus in [*ds.stimuli["id"], *ds.gallery["id"]]:
        assert same_image(ds.image(stimulus), truth.images[stimulus])


def test_test_images_without_responses_can_be_searched(withheld):
    ds = load(withheld.root)
    assert set(ds.stimuli["split"]) == {"train"}
    assert set(ds.gallery["split"]) == {"test"}
    assert {*ds.stimuli["id"], *ds.gallery["id"]} == set(withheld.images)
    assert not ds.missing().any()
    assert "4 test images without responses" in [note.title for note in ds.notes]


def test_test_images_with_responses_are_stimuli(complete):
    ds = load(complete.root)
    assert len(ds.gallery) == 0
    assert ds.stimuli["split"].value_counts().to_dict() == {"train": 13, "test": 4}


def test_responses_of_one_hemisphere_leave_test_images_to_the_gallery(complete):
    (complete.root / "subj01/test_split/test_fmri/rh_test_fmri.npy").unlink()
    assert len(load(complete.root).gallery) == 4
    assert len(load(complete.root, hemisphere="left").gallery) == 0


@pytest.mark.parametrize("hemisphere", ["left", "right"])
def test_one_hemisphere(hemisphere, complete):
    ds = load(complete.root, hemisphere=hemisphere)
    known = complete.subjects["subj01"].variants[hemisphere]
    assert set(ds.rois) == set(known)
    for roi, responses in known.items():
        np.testing.assert_array_equal(ds.responses(roi), responses)


def test_the_copy_has_the_vertices_of_rois_or_all(withheld):
    assert EVERYWHERE not in load(withheld.root).rois
    ds = load(withheld.root, vertices="all")
    assert ds.n_units == sum(VERTICES.values()) == len(ds.units(EVERYWHERE))
    whole = [np.load(withheld.root / TRAINING.format(side)) for side in ("lh", "rh")]
    np.testing.assert_array_equal(ds.responses(EVERYWHERE), np.hstack(whole))
    held = np.unique(np.concatenate([ds.units(roi) for roi in ds.rois if roi != EVERYWHERE]))
    assert load(withheld.root).n_units == len(held)


@pytest.mark.parametrize("hemisphere", ["left", "right"])
def test_vertices_of_a_visual_area_lie_side_by_side_in_the_copy(hemisphere, withheld):
    ds = load(withheld.root, hemisphere=hemisphere)
    for roi in [name for name in ("V1", "V2", *PRF) if name in ds.rois]:
        units = np.sort(ds.units(roi))
        np.testing.assert_array_equal(units, np.arange(units[0], units[0] + len(units)))


def test_rois_without_a_vertex_are_left_out_by_name(withheld):
    without = withheld.subjects["subj01"].without_units
    ds = load(withheld.root)
    assert without
    assert not set(without) & set(ds.rois)
    assert all(name in ds.notes[0].detail for name in without)


def test_vertices_from_the_surface_where_masks_of_the_challenge_are_not_there(withheld):
    before = load(withheld.root)
    for path in (withheld.root / "subj01/roi_masks").glob("*_challenge_space.npy"):
        path.unlink()
    after = load(withheld.root)
    assert before.rois.keys() == after.rois.keys()
    for roi in before.rois:
        np.testing.assert_array_equal(before.responses(roi), after.responses(roi))
    (withheld.root / "subj01/roi_masks/lh.all-vertices_fsaverage_space.npy").unlink()
    with pytest.raises(NotFoundError, match="all-vertices"):
        load(withheld.root)


def test_a_subject_in_a_folder_of_the_challenge(withheld, tmp_path):
    (tmp_path / "challenge_data").mkdir()
    (tmp_path / "subj01").rename(tmp_path / "challenge_data/subj01")
    assert load(tmp_path).n_stimuli == 13
    assert compare(tmp_path, expected(tmp_path)).is_complete


@pytest.mark.parametrize("both", [True, False])
def test_swapped_hemispheres_are_named(both, withheld):
    root = withheld.root
    damaged.swap(root / TRAINING.format("lh"), root / TRAINING.format("rh"))
    if not both:
        (root / TRAINING.format("rh")).unlink()
        shutil.copy(root / TRAINING.format("lh"), root / TRAINING.format("rh"))
    with pytest.raises(InputError, match="has 40 vertices" + (".*swapped" if both else "")):
        load(root)


def test_swapped_masks_are_named(withheld):
    damaged.swap(withheld.root / MASK.format("lh"), withheld.root / MASK.format("rh"))
    with pytest.raises(InputError, match=r"lh\.prf-visualrois.* 46 vertices.*swapped"):
        load(withheld.root)


def test_a_missing_image_is_named(withheld):
    next((withheld.root / IMAGES).glob("train-0005_*")).unlink()
    with pytest.raises(InputError, match="12 images, and train-0005 is not among"):
        load(withheld.root)
    next((withheld.root / IMAGES).glob("train-0013_*")).unlink()
    shutil.rmtree(withheld.root / IMAGES)
    with pytest.raises(InputError, match="13 rows, training_images 0 images"):
        load(withheld.root)


def test_images_in_another_order_are_refused(withheld):
    folder = withheld.root / IMAGES
    first, second = (next(folder.glob(f"train-000{number}_*")) for number in (1, 2))
    ids = [path.name.split("_")[1] for path in (first, second)]
    first.rename(folder / f"train-0001_{ids[1]}")
    second.rename(folder / f"train-0002_{ids[0]}")
    with pytest.raises(InputError, match="ids of NSD that ascend"):
        load(withheld.root)


@pytest.mark.parametrize("how", ["shorter", "objects", "text"])
def test_responses_that_do_not_fit_are_refused(how, withheld):
    damaged.change_npy(withheld.root / TRAINING.format("rh"), how)
    with pytest.raises(NeurogalleryError):
        load(withheld.root)


def test_truncated_responses_are_refused(withheld):
    damaged.truncate(withheld.root / TRAINING.format("lh"))
    with pytest.raises(CorruptDataError, match="lh_training_fmri"):
        load(withheld.root)


def test_a_name_map_that_would_run_code_is_refused(withheld, tmp_path):
    (withheld.root / NAMES).write_bytes(damaged.calling_map())
    with pytest.raises(NeurogalleryError, match="mapping_prf-visualrois"):
        load(withheld.root)


def test_a_number_without_a_name_is_refused(withheld):
    (withheld.root / NAMES).write_bytes(name_map({0: "Unknown", 1: "V1v"}))
    with pytest.raises(CorruptDataError, match=r"holds 2, 3, 4, .* that mapping_prf"):
        load(withheld.root)


def test_vertices_of_nan_leave(withheld):
    path = withheld.root / TRAINING.format("lh")
    responses, mask = np.load(path), np.load(withheld.root / MASK.format("lh"))
    vertex = np.flatnonzero(mask == 1)[0]
    responses[:, vertex] = np.nan
    np.save(path, responses)
    ds = load(withheld.root)
    assert len(ds.left_out) == 1
    assert {"V1", "V1v"} <= set(next(iter(ds.left_out.values())))
    assert not ds.missing("V1").any()


def test_unreadable_images_are_named(withheld):
    ds = load(withheld.root)
    damaged.cut_image(next((withheld.root / IMAGES).glob("train-0003_*")))
    with pytest.raises(CorruptDataError, match="train-0003"):
        ds.image(ds.stimuli["id"][2])


@pytest.mark.parametrize("subject", ["../subj01", "..", "subj09", "subj01/.."])
def test_no_other_subject_is_opened(subject, withheld):
    with pytest.raises(NotFoundError, match="Choices: subj01"):
        load(withheld.root, subject)


def test_an_empty_folder_says_what_goes_there(tmp_path):
    with pytest.raises(NotFoundError, match="subj01/training_split"):
        load(tmp_path)


def test_a_full_disk_is_said_and_leaves_nothing(withheld, monkeypatch, tmp_path):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10))
    with pytest.raises(NeurogalleryError, match="free"):
        load(withheld.root)
    assert not [*(tmp_path / "results").rglob("*.npy")]


def test_units_by_the_released_noise_ceiling(complete):
    ds = load(complete.root, noise_ceiling=50.0)
    known = complete.subjects["subj01"].ceilings["V1"]
    assert len(ds.units("V1")) == (known >= 50).sum()
    assert "(as released)" in ds.treatment


def test_a_noise_ceiling_beyond_all_variance_is_refused(complete):
    path = complete.root / "subj01/test_split/noise_ceiling/lh_noise_ceiling.npy"
    np.save(path, 100 * np.load(path))
    with pytest.raises(CorruptDataError, match=r"lh_noise_ceiling\.npy of subj01 .* 0 to 1"):
        load(complete.root)


def test_an_average_is_of_no_session(withheld):
    with pytest.raises(InputError, match="does not say which session"):
        load(withheld.root, zscore="session")


def test_what_is_expected(complete):
    presence = compare(complete.root, expected(complete.root))
    assert presence.missing == presence.unexpected == ()
    shutil.rmtree(complete.root / "subj01/test_split")
    assert compare(complete.root, expected(complete.root, "subj01")).is_complete
    assert not compare(complete.root, expected(complete.root, "subj02")).is_complete


def test_what_is_expected_of_nothing(tmp_path):
    names = {each.path.split("/")[0] for each in expected(tmp_path)}
    assert names == {f"subj{number:02d}" for number in range(1, 9)}


@pytest.mark.parametrize("hemisphere", ["both", "left"])
@pytest.mark.parametrize("subject", ["subj01", "subj06"])
def test_units_have_the_vertices_of_the_mask(subject, hemisphere, tmp_path, monkeypatch):
    """Of a subject whose hemispheres are shorter too; a 2 in the mask is a vertex as a 1 is."""
    root = write(tmp_path, (subject,)).root
    monkeypatch.setattr(algonauts2023, "FSAVERAGE", FSAVERAGE)
    ds = load(root, subject, hemisphere=hemisphere)
    sides = ("lh", "rh")[: 1 if hemisphere == "left" else 2]
    for number, side in enumerate(sides):
        masks = root / subject / "roi_masks"
        at = np.flatnonzero(np.load(masks / f"{side}.all-vertices_fsaverage_space.npy"))
        whole = np.load(root / TRAINING.replace("subj01", subject).format(side))
        own = np.flatnonzero(ds.surface.hemisphere == number)
        place = np.searchsorted(at, ds.surface.vertex[own])
        np.testing.assert_array_equal(at[place], ds.surface.vertex[own])
        recorded = ds.betas[: len(whole), own]
        np.testing.assert_allclose(recorded, whole[:, place], equal_nan=True)


def test_without_a_mask_that_fits_units_have_no_place_and_it_says_so(withheld, monkeypatch):
    ds = load(withheld.root)
    assert ds.surface is None
    notes = {note.title: note.detail for note in ds.notes}
    assert "of 90 vertices" in notes["Units without a place on the cortex"]
    monkeypatch.setattr(algonauts2023, "FSAVERAGE", FSAVERAGE)
    (withheld.root / "subj01/roi_masks/rh.all-vertices_fsaverage_space.npy").unlink()
    ds = load(withheld.root)
    assert (ds.surface.vertex[ds.surface.hemisphere == 1] == -1).all()
    assert (ds.surface.vertex[ds.surface.hemisphere == 0] >= 0).all()
