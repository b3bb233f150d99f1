"""Maps of what a decoder makes of the responses."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core import datasets, decoders, maps
from core.decoders.map_source import embed
from core.errors import InputError, NotFoundError
from core.operations import resolve
from tests.core.decoders import planted


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def run():
    planted.save(repeats=2)
    return decoders.train(planted.config("ridge", rois=("A", "B")))


def test_it_is_what_the_decoder_predicts_for_both_sides(run):
    ds = datasets.load(planted.NAME)
    embedded = embed(run, ds)
    assert embedded.shape == (planted.PICTURES, planted.DIMENSIONS)
    data = decoders.prepare(run.config)
    for side in (data.fold.train, data.fold.test):
        rows = data.rows(side, "mean", run.scaling)
        assert np.array_equal(embedded[rows.stimulus], run.predict(rows.x, rows.subject))
    some = ds.stimuli["id"].tolist()[5:90:7]
    assert np.allclose(embed(run, ds.subset(some)), embedded[5:90:7], atol=1e-6)


def test_stimuli_without_a_response_have_no_place():
    def lose(responses, embeddings, tested):
        responses[[3, 40]] = np.nan

    planted.save(change=lose)
    run = decoders.train(planted.config("ridge"))
    missing = np.isnan(embed(run, datasets.load(planted.NAME))).all(axis=1)
    assert np.flatnonzero(missing).tolist() == [3, 40]


def test_each_of_several_subjects_has_a_space_of_its_own():
    planted.save(subjects=("s1", "s2"))
    head = {"width": 16, "heads": 2, "depth": 1, "hidden": 16}
    both = planted.config("clip_mused", head_parameters=head, subjects=("s1", "s2"))
    run = decoders.train(both)
    data = decoders.prepare(run.config)
    rows = data.rows(np.arange(planted.PICTURES), "mean", run.scaling)
    predicted = run.predict(rows.x, rows.subject)
    for number, subject in enumerate(("s1", "s2")):
        embedded = embed(run, datasets.load(planted.NAME, subject))
        assert np.allclose(embedded, predicted[rows.subject == number], atol=1e-6)


def test_a_job_draws_it_and_two_decoders_are_two_maps(run, tmp_path):
    other = decoders.train(planted.config("ridge", rois=("A", "B"), seed=1))
    request = {"dataset": planted.NAME, "source": "decoder", "method": "pca", "run": run.key}
    key = resolve("map")(request, lambda fraction, message: None, tmp_path)["key"]
    drawn = maps.load(key)
    expected = maps.embed(embed(run, datasets.load(planted.NAME)), "pca")
    assert np.allclose(drawn.coordinates, expected.coordinates)
    ds = datasets.load(planted.NAME)
    assert key == maps.result_key(ds, "decoder", "pca", run=run.key)
    assert key != maps.result_key(ds, "decoder", "pca", run=other.key)


def test_short_names_lead_back_to_the_decoder(run):
    name = decoders.short_name(run.key, "ridge")
    assert name == f"ridge-{run.key[-6:]}"
    assert decoders.key_of(name) == run.key
    with pytest.raises(NotFoundError, match=f"'mlp-000000'.*{name}"):
        decoders.key_of("mlp-000000")


def test_what_does_not_fit_is_named(run):
    ds = datasets.load(planted.NAME)
    with pytest.raises(InputError, match="A decoder was not named"):
        maps.features_of(ds, "decoder")
    with pytest.raises(NotFoundError, match="There is no decoder decoder-0"):
        maps.features_of(ds, "decoder", run=f"decoder-{0:032}")
    simulated = datasets.load("simulated", "S1", stimuli=80)
    with pytest.raises(InputError, match="was trained on folder:planted, s1"):
        embed(run, simulated)
    (planted.save(repeats=2) / "rois" / "s1.json").write_text('{"A": [0, 1], "B": [2]}')
    with pytest.raises(InputError, match=r"3 units in 2 tokens.*24 in 2"):
        embed(run, datasets.load(planted.NAME))
