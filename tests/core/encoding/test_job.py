"""Requests of encoding models: their JSON, key and job; decoding from each region."""

from __future__ import annotations

import numpy as np
import pytest

from core import encoding, operations, ridge
from core.datasets import Reference
from core.encoding import EncodingRequest, InformationRequest, information, job, scores
from core.errors import InputError, NotFoundError
from core.progress import silent
from core.scores import Queries, evaluate
from tests.core.encoding import recording
from tests.core.encoding.recording import OTHER, TRUTH


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(scores, "PERMUTATIONS", 99)


@pytest.fixture
def ds():
    return recording.opened()


def test_a_request_survives_json(ds):
    request = recording.request(
        ds, f"{TRUTH} +{OTHER}", rois=("A",), split="image", split_parameters={"test": 0.3}, seed=3
    )
    assert request.models == (f"{TRUTH} + {OTHER}",)
    again = EncodingRequest.from_json(request.to_json())
    assert again == request
    assert again.split_parameters == request.split_parameters
    assert again.split_parameters["test"] == 0.3
    assert again.key() == request.key()
    assert again.key() != recording.request(ds, seed=4).key()


def test_the_job_keeps_each_model(ds, tmp_path):
    request = recording.request(ds)
    key = operations.resolve("encoding")(request.to_json(), silent, tmp_path)["key"]
    assert key == request.key()
    fits = encoding.load(key)
    assert [fit.model for fit in fits] == [TRUTH, OTHER]
    alone = recording.request(ds, OTHER)
    steps = []
    job.run(alone, lambda fraction, message="": steps.append(message), tmp_path)
    assert not any("permuted" in step for step in steps)  # it is there already


def test_what_is_refused(ds):
    with pytest.raises(NotFoundError, match="nothing"):
        recording.request(ds, "nothing")
    with pytest.raises(InputError, match="each once"):
        recording.request(ds, TRUTH, TRUTH)
    with pytest.raises(InputError, match="the same for every embedding"):
        recording.request(ds, split="pair")
    with pytest.raises(InputError, match="has a field 'heads'"):
        EncodingRequest.from_json({"dataset": "simulated", "heads": 3})


def test_decoding_by_region_is_ridge_and_two_way(ds, tmp_path):
    request = InformationRequest(Reference.of(ds), (TRUTH,))
    key = information.run(request, silent, tmp_path)["key"]
    table = information.load(key)
    assert table["roi"].tolist() == ["A", "B"]
    first, second = table.to_dict("records")
    assert first["value"] > 0.9 > second["value"]
    assert first["low"] < first["value"] <= first["high"]
    data = encoding.data.prepare_model(TRUTH, request.config(TRUTH), ds)
    x = data.responses(data.train)[:, :14]
    fitted = ridge.fit(x, data.features[TRUTH][data.train])
    predicted = fitted.predict(data.responses(data.test)[:, :14])
    queries = Queries(
        predicted, data.features[TRUTH][data.test], np.arange(len(data.test)), data.category
    )
    peer = evaluate(queries).set_index("measure").loc["two-way"]
    assert first["value"] == pytest.approx(peer["value"])
    assert InformationRequest.from_json(request.to_json()) == request
