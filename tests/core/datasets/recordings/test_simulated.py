"""The simulated experiment: layout, what its regions answer to, reliability, controls, files."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import datasets, paths, rdm, simulation
from core.datasets.recordings import simulated
from core.errors import CorruptDataError, InputError, NotFoundError
from core.simulation.scenes import object_categories
from core.statistics import noise_ceilings, split_half_reliability

HIGH = ("LOC", "FFA", "PPA", "EBA")


@pytest.fixture(scope="module")
def whole():
    return datasets.load("simulated")


@pytest.fixture(scope="module")
def files():
    return simulation.open_files()


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """The embedded files in a folder of the test's own."""
    folder = tmp_path / "simulated"
    shutil.copytree(paths.EMBEDDED, folder)
    monkeypatch.setattr(paths, "EMBEDDED", folder)
    return folder


def model_rdms(files, rows):
    """RDMs of pixels, of Gabor energy and of the main things' meaning."""
    images = [files.image(name).resize((24, 24)) for name in files.stimuli["id"].iloc[rows]]
    pixels = np.stack([np.asarray(p, dtype=np.float64).ravel() for p in images])
    gabor = files.gabor[rows, :18].reshape(len(rows), -1)
    meaning = np.array(
        [
            list(object_categories()[name].semantics.values())
            for name in files.stimuli["kind"].iloc[rows]
        ]
    )
    scaled = (meaning - meaning.mean(axis=0)) / meaning.std(axis=0)
    return rdm.compute(pixels), rdm.compute(gabor), rdm.compute(scaled, "euclidean")


def test_layout(whole):
    assert (whole.n_stimuli, len(whole.trials), len(whole.gallery)) == (1500, 4500, 4000)
    assert len(whole.subjects) == 8
    stimuli = whole.stimuli
    assert stimuli["split"].value_counts().to_dict() == {"training": 1200, "test": 300}
    training, test = (stimuli[stimuli["split"] == side] for side in ("training", "test"))
    assert training["category"].value_counts().eq(20).all()
    assert test["category"].value_counts().eq(15).all()
    assert (training["category"].nunique(), test["category"].nunique()) == (60, 20)
    assert not set(training["category"]) & set(test["category"])
    assert stimuli["supercategory"].nunique() == 12
    assert stimuli["theme"].nunique() == 6
    assert whole.gallery["category"].nunique() == 80
    assert 1800 <= whole.n_units <= 2200
    assert list(whole.rois)[:10] == list(simulation.ROIS)
    assert len(whole.regions) == 25
    units = np.concatenate([whole.rois[name] for name in whole.regions])
    assert np.array_equal(units, np.arange(whole.n_units))
    assert (whole.repeats == 3).all()
    assert whole.trials.groupby("session").size().eq(750).all()


def test_test_kinds_and_held_out_drawings_never_appear_in_training_images(whole):
    training = whole.stimuli[whole.stimuli["split"] == "training"]
    seen = {label for labels in training["labels"] for label in labels}
    test = {kind.name for kind in object_categories().values() if kind.split == "test"}
    assert not seen & test
    assert training["exemplar"].max() == 4
    assert (whole.stimuli["exemplar"] == 5).any()
    from core.simulation.build import parts

    training_part = next(part for part in parts() if part.split == "training")
    assert 5 not in training_part.exemplars


def test_labels_name_everything_one_sees_the_main_thing_first(whole):
    for row in whole.stimuli.itertuples():
        assert row.labels[0] == row.category
        assert {object_categories()[kind].name for kind in row.shares} == set(row.labels)
        assert min(row.shares.values()) >= 0.004
        assert sum(row.shares.values()) <= 1.0
    assert whole.stimuli["labels"].map(len).max() >= 4


def test_images_are_distinct_and_open(whole):
    sample = [*whole.stimuli["id"][::75], *whole.gallery["id"][::200]]
    images = [whole.image(name) for name in sample]
    assert {(p.size, p.mode) for p in images} == {((176, 176), "RGB")}
    assert len({p.tobytes() for p in images}) == len(sample)
    whole.image(sample[0]).paste((0, 0, 0), (0, 0, 176, 176))
    assert np.asarray(whole.image(sample[0])).max() > 100


def test_early_regions_follow_the_image_and_late_ones_the_meaning(whole, files):
    rows = np.arange(0, 1500, 4)
    pixels, gabor, meaning = model_rdms(files, rows)
    measured = {roi: rdm.compute(whole.responses(roi)[rows]) for roi in ("V1", *HIGH)}
    v1 = {
        name: rdm.compare(measured["V1"], model)
        for name, model in (("pixels", pixels), ("gabor", gabor), ("meaning", meaning))
    }
    assert v1["gabor"] > v1["meaning"] + 0.05
    assert v1["pixels"] > v1["meaning"] + 0.05
    for roi in HIGH:
        with_meaning = rdm.compare(measured[roi], meaning)
        assert with_meaning > rdm.compare(measured[roi], gabor) + 0.05
        assert with_meaning > rdm.compare(measured[roi], pixels) + 0.05


@pytest.mark.parametrize(
    ("roi", "theme"), [("FFA", "faces"), ("EBA", "bodies"), ("food", "food"), ("PPA", "sky")]
)
def test_regions_prefer_what_they_are_named_for(whole, roi, theme):
    mean = pd.Series(whole.responses(roi).mean(axis=1)).groupby(whole.stimuli["theme"]).mean()
    if roi == "EBA":
        mean = mean.drop(["animals", "faces"])  # animals have bodies too
    assert mean.idxmax() == theme


def test_region_means_average_the_units(whole):
    means = whole.region_means()
    assert means.shape == (1500, 25)
    column = whole.regions.index("FFA-1")
    expected = whole.responses("FFA-1").astype(np.float64).mean(axis=1)
    assert np.allclose(means[:, column], expected, atol=1e-5)
    again = datasets.load("simulated", "S8", stimuli=80)
    assert "RSC" not in again.rois
    assert len(again.regions) == 23
    with pytest.raises(NotFoundError, match="no ROI 'RSC'"):
        again.responses("RSC")


@pytest.mark.parametrize("snr", [0.2, 0.4, 1.5])
def test_reliability_follows_the_option_and_the_model_predicts_it(snr):
    options = {o.name: o.default for o in simulated.INFO.options}
    found = simulation.run("S3", {**options, "snr": snr, "stimuli": 600})
    row_of = {name: row for row, name in enumerate(found.stimuli["id"])}
    rows = found.trials["id"].map(row_of).to_numpy()
    measured = split_half_reliability(found.betas, rows).units
    predicted = found.model.noise_ceiling(3)
    estimated = noise_ceilings(found.betas, rows)
    assert np.median(estimated.ncsnr) == pytest.approx(np.median(found.model.ncsnr), rel=0.12)
    assert np.median(estimated.ceiling) == pytest.approx(np.median(predicted), abs=0.05)
    assert np.median(found.model.ncsnr) == pytest.approx(snr, rel=0.1)
    assert np.median(measured) == pytest.approx(np.median(predicted), abs=0.05)
    assert np.corrcoef(measured, predicted)[0, 1] > 0.8
    assert np.ptp(predicted) > 0.3


def test_noise_is_correlated_over_the_cortex_and_drifts_within_a_session():
    files = simulation.open_files()
    model = simulation.subject_model(files, "S1", snr=1e-9)
    trials = simulation.trial_list(np.arange(750), 2, np.random.default_rng(0))
    shown, session = trials["id"].to_numpy(), trials["session"].to_numpy()
    betas = model.record(shown, session, np.random.default_rng(1))
    units = model.regions["EBA"]
    away = np.linalg.norm(model.cortex[units][:, None] - model.cortex[units][None], axis=2)
    r = np.corrcoef(betas[:, units].T)
    near, far = (away > 0) & (away < 0.1), away > 0.6
    assert r[near].mean() > r[far].mean() + 0.15
    assert r[far].mean() > 0.03
    first = betas[:750].astype(np.float64)
    neighbours = np.mean(first[:-25] * first[25:], axis=0)
    assert neighbours.mean() > 0.02


def test_two_subjects_differ_and_a_seed_repeats():
    small = {"stimuli": 120, "repeats": 2}
    first = datasets.load("simulated", "S1", **small)
    again = datasets.load("simulated", "S1", **small)
    other = datasets.load("simulated", "S2", **small)
    seeded = datasets.load("simulated", "S1", seed=1, **small)
    assert first.betas.tobytes() == again.betas.tobytes()
    assert first.betas.tobytes() != seeded.betas.tobytes()
    assert first.n_units != other.n_units
    a, b = rdm.compute(first.responses("LOC")), rdm.compute(other.responses("LOC"))
    assert 0.05 < rdm.compare(a, b) < 0.99


def test_the_permuted_control_keeps_reliability_and_loses_the_shared_meaning(files):
    rows = np.arange(0, 1500, 4)
    meaning = model_rdms(files, rows)[2]
    found = {}
    for semantics in ("shared", "permuted"):
        ds = datasets.load("simulated", parts="semantics", semantics=semantics, snr=1.0)
        loc = ds.responses("LOC", repeats="all")
        reliability = split_half_reliability(loc, ds.trial_rows).units
        r = rdm.compare(rdm.compute(ds.responses("LOC")[rows]), meaning)
        found[semantics] = np.median(reliability), r
    assert found["shared"][0] == pytest.approx(found["permuted"][0], abs=0.03)
    assert found["shared"][1] > 0.4
    assert abs(found["permuted"][1]) < 0.08


def test_the_meaning_of_the_main_thing_is_a_clean_control(files):
    """With semantics alone, images of one kind are alike, whatever else they show."""
    for permuted in (False, True):
        model = simulation.subject_model(
            files, "S1", snr=1.0, parts=("semantics",), permuted=permuted
        )
        spread = pd.DataFrame(model.signal).groupby(files.stimuli["kind"].to_numpy()).std()
        assert spread.to_numpy().max() < 1e-4
    shared, permuted = (
        simulation.subject_model(
            files, "S1", snr=1.0, parts=("pixels", "colour", "context"), permuted=shuffled
        ).signal
        for shuffled in (False, True)
    )
    assert np.array_equal(shared, permuted)


def test_noise_has_variance_one(files):
    model = simulation.subject_model(files, "S1", snr=1.0)
    session = np.repeat([1, 2, 3], 750)
    noise = model.noise(session, np.random.default_rng(0))
    assert noise.var(axis=0).mean() == pytest.approx(1.0, abs=0.01)
    drift = simulation.model._drift(session, 4000, np.random.default_rng(1))
    assert drift.var() == pytest.approx(1.0, abs=0.05)


def test_expected_betas_are_what_many_trials_average_to(files):
    model = simulation.subject_model(files, "S4", snr=0.6)
    part = model.of_stimuli(np.arange(60)).of_units(model.rois["FFA"])
    shown = np.tile(np.arange(60), 600)
    betas = part.record(shown, np.repeat(np.arange(48), 750), np.random.default_rng(2))
    averaged = betas.reshape(600, 60, -1).mean(axis=0)
    assert np.abs(averaged - part.expected()).max() < 0.25
    assert np.corrcoef(averaged.ravel(), part.expected().ravel())[0, 1] > 0.99


def test_other_meaning_in_the_art_changes_the_fingerprint(tmp_path, monkeypatch):
    before = datasets.load("simulated", stimuli=80).fingerprint
    every = dict(object_categories())
    dog = every["dog"]
    every["dog"] = replace(dog, semantics={k: 1 - v for k, v in dog.semantics.items()})
    monkeypatch.setattr("core.simulation.files.object_categories", lambda: every)
    simulation.files._opened.cache_clear()
    assert datasets.load("simulated", stimuli=80).fingerprint != before
    del every["dog"]
    simulation.files._opened.cache_clear()
    with pytest.raises(CorruptDataError, match=r"lacks 'dog'"):
        datasets.load("simulated", stimuli=80)
    simulation.files._opened.cache_clear()


@pytest.mark.parametrize("content", ["{}", '{"files": []}', '{"files": {}}', '{"files": 3}'])
def test_a_manifest_that_lists_other_files_is_refused(copied, content):
    (copied / "manifest.json").write_text(content)
    with pytest.raises(CorruptDataError, match=r"manifest.json lists other files.*make demo-data"):
        datasets.load("simulated", stimuli=80)


def test_the_gallery_of_one_session_is_not_that_of_another():
    first = datasets.load("simulated", stimuli=80)
    first.gallery["category"] = "x"
    assert "x" not in set(datasets.load("simulated", stimuli=80).gallery["category"])


def test_parts_leave_their_regions_without_signal(files):
    model = simulation.subject_model(files, "S1", snr=1.0, parts=("semantics",))
    assert not model.signal[:, model.rois["V1"]].any()
    assert (model.noise_ceiling(3)[model.rois["V1"]] == 0).all()
    assert np.allclose(model.signal[:, model.rois["FFA"]].std(axis=0), 1, atol=1e-4)
    everything = simulation.subject_model(files, "S1", snr=1.0)
    assert np.array_equal(model.ncsnr, everything.ncsnr)
    with pytest.raises(InputError, match="pixels, colour, context, semantics"):
        simulation.subject_model(files, "S1", snr=1.0, parts=("magic",))


def test_fewer_stimuli_are_spread_evenly_and_keep_their_signal(files):
    rows = simulation.rows_shown(files.stimuli, 240)
    assert files.stimuli["kind"].iloc[rows].value_counts().eq(3).all()
    with pytest.raises(InputError, match="1 to 1500"):
        simulation.rows_shown(files.stimuli, 1501)


@pytest.mark.parametrize("name", ["training.zip", "gallery.csv", "gabor.npy", "manifest.json"])
def test_a_missing_or_changed_file_says_how_to_restore_it(copied, name):
    path = copied / name
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(CorruptDataError, match=rf"{name}.*make demo-data|manifest.*Restore"):
        datasets.load("simulated", stimuli=80)
    path.unlink()
    with pytest.raises(NotFoundError, match=rf"no {name} .*make demo-data"):
        datasets.load("simulated", stimuli=80)
    path.write_bytes(content)
    assert datasets.load("simulated", stimuli=80).n_stimuli == 80


def test_an_image_that_does_not_decode_is_named(copied):
    ds = datasets.load("simulated", stimuli=80)
    first = ds.stimuli["id"][0]
    archive = copied / "training.zip"
    damaged = bytearray(archive.read_bytes())
    damaged[80:800] = bytes(720)
    archive.write_bytes(damaged)
    with pytest.raises(CorruptDataError, match=r"webp of .*training.zip.*make demo-data"):
        ds.image(first)
