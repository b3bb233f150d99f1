"""Digits beside a large offset: whatever is computed through a folder keeps them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core import clusters, maps, rdm, store
from core.clusters.pooling import rows_of
from core.datasets.own import arrays
from core.decoders.training.batches import targets_of
from core.decoders.training.data import prepare
from core.validation import check_rdm, fits_single, narrowed
from tests.core.datasets.shared import load, table, write
from tests.core.decoders import planted

N, UNITS = 20, 24
IDS = [f"p{number:02}" for number in range(N)]
TRIALS = [{"id": name, "run": run} for run in (1, 2) for name in IDS]
Z = np.random.default_rng(0).normal(size=(2 * N, UNITS))
STORED = {
    "no offset": Z,
    "1e4": Z + 1e4,
    "1e6": Z + 1e6,
    "1e8": Z + 1e8,
    "another in each unit": Z + 1e6 * np.arange(1, UNITS + 1),
    "another in each trial": Z + 1e6 * np.arange(1, 2 * N + 1)[:, None],
    "big-endian": (Z + 1e6).astype(">f8"),
    "Fortran order": np.asfortranarray(Z + 1e6),
    "float32": (Z + 1e4).astype(np.float32),
    "float16": (Z + 100).astype(np.float16),
    "int16": (Z * 1e3).astype(np.int16),
    "int32": (Z * 100 + 1e9).astype(np.int32),
    "uint32": (Z * 100 + 4e9).astype(np.uint32),
    "int64": (Z * 100 + 1e12).astype(np.int64),
}


def _training_rows():
    data = prepare(planted.config())
    return data.rows(data.fold.train, "mean", data.scaling("mean")).x


def _error(computed, right):
    return np.abs(computed - right).max() / np.abs(right).max()


@pytest.mark.parametrize("stored", STORED)
def test_what_is_computed_through_a_folder_is_right_at_any_offset(tmp_path, stored):
    array = STORED[stored]
    write(tmp_path, array, IDS, trials=TRIALS)
    np.save(tmp_path / "embeddings" / "e.npy", array[:N])
    # Differences of numbers of one size are exact in double precision.
    right = array.astype(np.float64)
    right -= right[:1]
    means = (right[:N] + right[N:]) / 2
    ds = load(tmp_path)
    # The mean of a row is out of a correlation before it is computed.
    for metric in ("euclidean",) if stored == "another in each unit" else ("euclidean", "corr"):
        name = {"corr": "correlation"}.get(metric, metric)
        shift = 0 if name == "euclidean" else array.astype(np.float64).mean()
        true = array.astype(np.float64) - shift
        averaged = (true[:N] + true[N:]) / 2
        assert _error(rdm.compute(ds.responses(), name), rdm.compute(averaged, name)) < 1e-6
        assert _error(rdm.compute(ds.embeddings["e"], name), rdm.compute(true[:N], name)) < 1e-6
        single = rdm.compute(ds.responses(repeats="all"), name)
        assert _error(single, rdm.compute(true, name)) < 1e-6
    unbiased = rdm.of_dataset(ds, None, "crossnobis")
    order = {"folds": np.repeat([0, 1], N), "stimuli": list(range(N)) * 2}
    assert _error(unbiased, rdm.compute(right, "crossnobis", **order)) < 1e-6
    regions = np.stack([means[:, :3].mean(axis=1), means[:, 3:6].mean(axis=1)], axis=1)
    seen = ds.region_means()
    assert _error(seen - seen[:1], regions - regions[:1]) < 1e-6


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e8])
def test_clusters_and_maps_are_those_without_the_offset(tmp_path, offset):
    groups = np.repeat(np.eye(4), 10, axis=0) @ np.random.default_rng(1).normal(size=(4, 10))
    values = groups + 0.05 * np.random.default_rng(2).normal(size=groups.shape)
    ids = [f"p{number:02}" for number in range(40)]
    ds = load(write(tmp_path, values + offset, ids))
    rows = rows_of([ds], "voxels").responses
    clustering = clusters.fit(rows, 4, metric="euclidean", seed=0)
    assert len(np.unique(clustering.labels.reshape(4, 10), axis=1).ravel()) == 4
    centres = clustering.centroids[clustering.labels]
    assert _error(centres - offset, np.repeat(values.reshape(4, 10, 10).mean(1), 10, axis=0)) < 1e-6
    drawn = maps.embed(ds.responses(), "pca").coordinates
    plain = maps.embed(values, "pca").coordinates
    assert _error(np.abs(drawn), np.abs(plain)) < 1e-5


@pytest.mark.parametrize("offset", [1e4, 1e8])
def test_a_decoder_is_given_the_rows_that_it_had_without_the_offset(offset):
    path = planted.save() / "responses" / "s1.npy"
    x = _training_rows()  # before the file, which is memory-mapped, is written anew
    np.save(path, np.load(path).astype(np.float64) + offset)
    moved = _training_rows()
    assert np.abs(x - moved).max() < 1e-5 * max(1.0, offset / 1e7)


def test_targets_of_a_decoder_keep_what_differs_in_the_embeddings():
    planted.save()
    data = prepare(planted.config())
    shifted = replace(data, embeddings=data.embeddings.astype(np.float64) + 1e6)
    exact = shifted.embeddings.astype(np.longdouble)
    exact /= np.sqrt((exact**2).sum(axis=1, keepdims=True))
    exact -= exact[data.fold.train].mean(axis=0)
    exact /= np.sqrt((exact**2).sum(axis=1, keepdims=True))
    assert np.abs(targets_of(shifted.embeddings, shifted.centre()) - exact).max() < 1e-6
    assert data.centre().dtype == np.float32


def test_an_rdm_keeps_the_ranks_of_its_pairs(tmp_path):
    apart = np.random.default_rng(0).normal(size=(N, N))
    apart = np.tril(apart, -1) + np.tril(apart, -1).T
    shifted = apart + 1e8 * (1 - np.eye(N))
    write(tmp_path, Z[:N], IDS)
    np.save(tmp_path / "rdms" / "offset.npy", shifted)
    np.save(tmp_path / "rdms" / "plain.npy", apart)
    ds = load(tmp_path)
    assert ds.rdms["plain"].dtype == np.float32
    assert rdm.compare(ds.rdms["offset"], apart) == pytest.approx(1.0, abs=1e-12)
    pearson = rdm.compare(ds.rdms["offset"], apart, "pearson")
    assert pearson == pytest.approx(1.0, abs=1e-6)
    with pytest.raises(ValueError, match="infinite"):
        check_rdm(np.where(np.eye(N) > 0, 0.0, 1e300))


def test_ordinary_files_stay_in_single_precision_and_keep_their_fingerprint(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "IN_MEMORY", 0)
    write(tmp_path, Z[:N], IDS)
    ds = load(tmp_path)
    assert ds.betas.dtype == np.float32
    read = {name: tmp_path / name for name in ("responses/S1.npy", "rois/S1.json", "stimuli.csv")}
    assert ds.fingerprint == store.fingerprint("folder", "S1", read, ds.images_fingerprint)
    np.save(tmp_path / "responses" / "S1.npy", Z[:N] + 1e6)
    ds = load(tmp_path)
    assert isinstance(ds.betas, np.memmap)
    assert ds.betas.dtype == np.float64
    # What former versions stored without the digits is not found any more.
    assert ds.fingerprint != store.fingerprint("folder", "S1", read, ds.images_fingerprint)


def test_single_precision_is_left_where_it_costs_what_differs():
    assert fits_single(Z)
    assert fits_single(np.full((5, 4), 1e8 + 0.1))  # nothing differs
    assert fits_single(np.arange(2000).reshape(40, 50))  # exact
    assert fits_single(Z * 1e-200 * 1e200)
    assert fits_single(np.where(Z > 1.5, np.nan, Z))
    assert not fits_single(np.where(Z > 1.5, np.nan, Z + 100))
    assert not fits_single(Z + 100)
    assert fits_single((Z + 100).astype(np.float32))
    assert narrowed(Z).dtype == np.float32
    large = np.random.default_rng(0).normal(size=(4000, 600))
    assert fits_single(large)
    assert not fits_single(large + 1e3)


def test_trials_of_a_table_without_repeats_stay_as_they_are(tmp_path):
    write(tmp_path, (Z + 1e4).astype(np.float32), IDS, trials=TRIALS)
    table(tmp_path / "responses" / "S1.csv", [{"id": f"{t['id']}"} for t in TRIALS])
    ds = load(tmp_path)
    assert ds.responses(repeats="all").dtype == np.float32
    assert ds.responses().dtype == np.float64


def test_a_stimulus_that_is_equally_far_from_all_is_no_offset():
    apart = np.random.default_rng(0).random((N, N))
    apart = np.triu(apart, 1) + np.triu(apart, 1).T
    apart[0, 1:] = apart[1:, 0] = 0.3 + 1e-9 * np.arange(1, N)
    assert check_rdm(apart).dtype == np.float32
    assert check_rdm(apart + 1e5 * (1 - np.eye(N))).dtype == np.float64
