"""BOLD5000, subject CSI1: single responses to 59 unseen photographs, ranked among all of them."""

from __future__ import annotations

import numpy as np
import pytest

from core import datasets, decoders, galleries, retrieval
from core.decoders.retrieving.decoded import decode, retrieve
from core.decoders.retrieving.queries import ResponseModel, image_query
from core.decoders.retrieving.repeats import decode_repeats, score_repeats
from core.report import bold5000
from core.vectors import unit_rows

pytestmark = pytest.mark.real


@pytest.fixture
def decoded(realdata):
    recording = bold5000.read(realdata)
    if recording is None:
        pytest.skip(f"no {bold5000.NAME} in {realdata}")
    with bold5000.as_folder(recording) as dataset:
        yield decode(decoders.train(bold5000.config(dataset, "ridge", 0)))


def test_ranks_among_all_stimuli_are_those_of_brute_force(decoded):
    ds, config = decoded.ds, decoded.run.config
    stimuli = galleries.open_gallery(galleries.STIMULI, ds, datasets.load)
    features = stimuli.features(config.encoder, **config.encoder_parameters)
    parts = [retrieval.Gallery(features, centre=decoded.run.centre)]
    result = retrieve(decoded.predicted, decoded.seen, parts, 10, holds_seen=True)
    targets = unit_rows(unit_rows(features.astype(np.float64)) - decoded.run.centre)
    cosine = (unit_rows(decoded.predicted.astype(np.float64)) @ targets.T).astype(np.float32)
    own = cosine[np.arange(len(cosine)), decoded.stimulus]
    better = (cosine > own[:, None]).sum(axis=1)
    equal = (cosine == own[:, None]).sum(axis=1)
    assert np.array_equal(result.rank, 1 + better + (equal - 1) / 2)
    assert np.array_equal(result.places, np.argsort(-cosine, axis=1, kind="stable")[:, :10])
    assert np.median(result.rank) < result.chance


def test_few_repeated_images_make_no_curve_but_each_has_its_trials(decoded):
    repeats = decode_repeats(decoded)
    counts = np.bincount(repeats.stimulus)
    assert 0 < (counts > 1).sum() < 10
    assert score_repeats(decoded, repeats) == []
    repeated = int(np.argmax(counts))
    last = repeats.of_image(repeated)[-1]
    place = decoded.stimulus.tolist().index(repeated)
    assert repeats.averaged[last] == pytest.approx(decoded.predicted[place], abs=1e-4)


def test_an_image_predicts_the_response_to_it_better_than_chance(decoded):
    model = ResponseModel(decoded)
    places = [
        np.argsort(-_correlations(model, decoded, row)).tolist().index(row)
        for row in range(len(decoded.stimulus))
    ]
    assert np.mean(places) < (len(places) - 1) / 2


def _correlations(model: ResponseModel, decoded, row: int) -> np.ndarray:
    pattern = model.predict(image_query(decoded, decoded.seen[row]))
    return np.array([np.corrcoef(pattern, response)[0, 1] for response in model.test])
