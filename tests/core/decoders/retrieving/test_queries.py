"""From an image or a text to the responses nearest to it, and to a predicted response."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from core import decoders
from core.decoders.retrieving.decoded import decode
from core.decoders.retrieving.queries import (
    ResponseModel,
    image_query,
    nearest_by_decoding,
    nearest_by_encoding,
)
from core.errors import InputError
from core.vectors import unit_rows
from tests.core.decoders import planted


@pytest.fixture
def decoded():
    planted.save(noise=1.0)
    return decode(decoders.train(planted.config("ridge")))


def measured(decoded, stimuli):
    responses = decoded.ds.responses()[stimuli].astype(np.float64)
    return (responses - decoded.run.scaling.mean[0]) / decoded.run.scaling.deviation[0]


def target(decoded, rows):
    embeddings = decoded.data.embeddings[rows].astype(np.float64)
    return unit_rows(unit_rows(embeddings) - decoded.run.centre)


def test_an_image_finds_the_responses_to_it_by_either_way(decoded):
    model = ResponseModel(decoded)
    places = {"decoding": [], "encoding": []}
    for row, stimulus in enumerate(decoded.stimulus):
        query = image_query(decoded, decoded.data.embeddings[stimulus])
        count = len(decoded.stimulus)
        places["decoding"].append(nearest_by_decoding(decoded, query, count)[0].tolist().index(row))
        places["encoding"].append(nearest_by_encoding(model, query, count)[0].tolist().index(row))
    assert np.median(places["decoding"]) < len(decoded.stimulus) / 8
    assert np.median(places["encoding"]) < len(decoded.stimulus) / 8


def test_regions_are_means_of_the_units_that_are_left():
    def lose(responses, embeddings, tested):
        responses[:, 2] = responses[5, 20] = np.nan

    planted.save(change=lose)
    decoded = decode(decoders.train(planted.config("ridge")))
    model, ds = ResponseModel(decoded), decoded.ds
    assert {name: len(units) for name, units in model.regions.items()} == {"A": 13, "B": 10}
    scaling = decoded.run.scaling
    for roi, places in (("A", slice(0, 13)), ("B", slice(13, 23))):
        own = ds.responses(roi)[decoded.stimulus[4]].astype(np.float64)
        own = (own - scaling.mean[0, places]) / scaling.deviation[0, places]
        region = model.profile(target(decoded, [3])[0]).names.index(roi)
        assert model.measured(4)[region] == pytest.approx(own.mean(), abs=1e-5)


def test_decoding_ranks_by_the_cosine_of_the_predictions(decoded):
    query = image_query(decoded, np.ones(planted.DIMENSIONS, dtype=np.float32))
    cosine = unit_rows(decoded.predicted) @ unit_rows(query[None])[0]
    places, scores = nearest_by_decoding(decoded, query, 7)
    assert places.tolist() == np.argsort(-cosine)[:7].tolist()
    assert scores == pytest.approx(np.sort(cosine)[::-1][:7], abs=1e-5)


def test_encoding_ranks_by_the_correlation_with_the_predicted_response(decoded):
    model = ResponseModel(decoded)
    query = image_query(decoded, decoded.data.embeddings[3])
    responses = measured(decoded, decoded.stimulus)
    r = [np.corrcoef(model.predict(query), response)[0, 1] for response in responses]
    places, scores = nearest_by_encoding(model, query, 5)
    assert places.tolist() == np.argsort(r)[::-1][:5].tolist()
    assert scores == pytest.approx(np.sort(r)[::-1][:5], abs=1e-5)


def test_the_model_is_scikit_learns_ridge_fitted_on_the_training_set(decoded):
    model = ResponseModel(decoded)
    train = decoded.data.fold.train
    peer = RidgeCV(alphas=model.ridge.alphas).fit(target(decoded, train), measured(decoded, train))
    assert model.ridge.alpha == pytest.approx(peer.alpha_)
    query = target(decoded, [planted.PICTURES - 1])[0]
    assert model.predict(query) == pytest.approx(peer.predict(query[None])[0], abs=1e-3)


def test_a_profile_is_the_mean_over_the_units_of_each_region(decoded):
    model = ResponseModel(decoded)
    query = image_query(decoded, decoded.data.embeddings[0])
    profile = model.profile(query)
    assert profile.names == tuple(planted.REGIONS)
    response = model.predict(query)
    for name, mean in zip(profile.names, profile.predicted, strict=True):
        assert mean == pytest.approx(response[planted.REGIONS[name]].mean(), abs=1e-5)
    test = decoded.data.fold.test
    predicted = np.array([model.predict(row) for row in target(decoded, test)])
    actual = measured(decoded, test)
    for name, r in zip(profile.names, profile.r, strict=True):
        units = planted.REGIONS[name]
        pair = predicted[:, units].mean(axis=1), actual[:, units].mean(axis=1)
        assert r == pytest.approx(np.corrcoef(*pair)[0, 1], abs=1e-3)
    own = model.measured(0)
    first = measured(decoded, decoded.stimulus[:1])[0]
    assert own[0] == pytest.approx(first[planted.REGIONS["A"]].mean(), abs=1e-4)


def test_a_decoder_of_some_rois_has_the_regions_that_lie_in_them():
    planted.save()
    decoded = decode(decoders.train(planted.config("ridge", rois=("B",))))
    assert list(ResponseModel(decoded).regions) == ["B"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (np.zeros(planted.DIMENSIONS), "no direction"),
        (np.full(planted.DIMENSIONS, np.nan), "no direction"),
        (np.ones(3), r"shape \(3,\)"),
    ],
)
def test_a_query_without_direction_is_refused(decoded, query, message):
    with pytest.raises(InputError, match=message):
        image_query(decoded, query)
