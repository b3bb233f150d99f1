"""What drives a unit, and new images and texts, on the simulated experiment."""

from __future__ import annotations

import numpy as np
import pytest

from core import datasets, encoders, encoding
from core.encoding import scores
from core.encoding.data import config_of
from core.encoding.tuning import place_texts
from core.errors import InputError
from tests.core.encoding import recording
from tests.core.encoding.recording import TRUTH


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEUROGALLERY_RESULTS", str(tmp_path_factory.mktemp("results")))
        patch.setattr(scores, "PERMUTATIONS", 99)
        ds = datasets.load("simulated")
        config = config_of("clip-small", "simulated", ds.subject, {}, rois=("LOC", "food"))
        yield ds, encoding.fit("clip-small", config, ds)


def test_the_images_of_a_unit_are_those_of_its_responses(experiment):
    ds, fit = experiment
    table = encoding.responses_of_unit(fit, ds, 5)
    assert table["measured"].is_monotonic_decreasing
    responses = ds.responses()[:, fit.units[5]]
    top = ds.row(table["id"][0])
    assert responses[top] == responses[fit.test].max()
    r = np.corrcoef(table["measured"], table["predicted"])[0, 1]
    assert r == pytest.approx(fit.unit_scores.r[5], abs=1e-5)


def test_a_new_image_is_predicted_and_stands_among_the_test_images(experiment):
    ds, fit = experiment
    name = ds.stimuli["id"][fit.test[7]]
    response = fit.predict_image(ds.image(name))
    np.testing.assert_allclose(response, fit.predicted[7], atol=0.02)
    table = encoding.by_roi(fit, response).set_index("roi")
    own = fit.predicted[:, fit.regions["food"]].mean(axis=1)
    assert table.loc["food", "rank"] == pytest.approx(np.mean(own < own[7]), abs=0.01)
    assert (table["low"] < table["high"]).all()


def test_food_words_drive_the_food_region(experiment):
    ds, fit = experiment
    words = ["pizza", "apple", "ice cream", "bus", "lighthouse", "chair"]
    food = encoding.predict_texts(fit, ds, words)[:, fit.regions["food"]].mean(axis=1)
    assert food[:3].min() > food[3:].max()
    assert "pizza" in encoding.words_of(ds)


def test_texts_lie_among_the_images(experiment):
    ds, fit = experiment
    images = encoders.encode_images(ds, "clip-small")[fit.train]
    placed = place_texts(["a dog", "a car", "a boat"], images, "clip-small")
    np.testing.assert_allclose(placed.mean(axis=0), images.mean(axis=0), atol=1e-3)
    spread = np.mean(np.sum((placed - placed.mean(axis=0)) ** 2, axis=1))
    assert spread == pytest.approx(np.sum(images.var(axis=0)), rel=1e-3)
    with pytest.raises(InputError, match="at least two"):
        place_texts(["a dog", "a dog"], images, "clip-small")


def test_a_model_without_a_text_encoder_says_so(monkeypatch):
    monkeypatch.setattr(scores, "PERMUTATIONS", 99)
    ds = recording.opened()
    fit = encoding.fit(TRUTH, recording.config(), ds)
    assert not encoding.has_text(TRUTH)
    with pytest.raises(InputError, match="reads no text"):
        encoding.predict_texts(fit, ds, ["a", "b"])
