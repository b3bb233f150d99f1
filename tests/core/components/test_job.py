"""The job of components, on a small recording and on the simulated experiment."""

from __future__ import annotations

import numpy as np
import pytest

from core import components, datasets, operations
from core.components import ComponentsRequest, reliability, subjects
from core.components import texts as component_texts
from core.datasets import Reference
from core.errors import InputError, NotFoundError
from core.progress import silent
from tests.core.encoding import recording


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    for module in (reliability, subjects, component_texts):
        monkeypatch.setattr(module, "PERMUTATIONS", 99)


def computed(request, folder):
    key = operations.resolve("components")(request.to_json(), silent, folder)["key"]
    assert key == request.key()
    return components.load(key)


def test_a_request_survives_json_and_is_checked():
    ds = recording.opened()
    request = ComponentsRequest(Reference.of(ds), "units", ("A",), "pca", 3, seed=2)
    again = ComponentsRequest.from_json(request.to_json())
    assert (again, again.key()) == (request, request.key())
    assert ComponentsRequest(Reference.of(ds), "regions", ("A",)).rois == ()
    with pytest.raises(NotFoundError, match="fastica"):
        ComponentsRequest(Reference.of(ds), method="fastica")
    with pytest.raises(InputError, match="source is 'voxels'"):
        ComponentsRequest(Reference.of(ds), "voxels")


def test_the_dimensions_of_a_region_are_found(tmp_path):
    """Region A answers to an embedding of eight dimensions."""
    ds = recording.opened(noise=0.3)
    result = computed(ComponentsRequest(Reference.of(ds), "units", ("A",), "pca"), tmp_path)
    assert result.how_many.k == result.components.k == 8
    assert result.reliable.all()
    assert result.names == tuple(map(str, range(14)))
    assert (np.diff(result.reliability.r) <= 0).all()
    assert result.twins.empty


def test_without_repeats_they_are_ordered_by_variance_and_it_says_why(tmp_path):
    ds = recording.opened(repeats=1)
    result = computed(ComponentsRequest(Reference.of(ds), "units", method="pca", k=5), tmp_path)
    assert result.reliability is None
    assert result.how_many is None
    assert "two usable repeats" in result.problem
    assert not result.reliable.any()
    assert (np.diff(result.components.variance) <= 0).all()


def test_subjects_of_the_experiment_have_twins_and_words(tmp_path):
    ds = datasets.load("simulated", stimuli=300, subjects=2)
    result = computed(ComponentsRequest(Reference.of(ds), method="nmf", k=4), tmp_path)
    assert result.names == ds.regions
    assert set(result.twins["subject"]) == {"S2"}
    assert result.twins["p"].min() <= 0.05
    assert result.components.shifted == len(ds.regions)
    words = ("pizza", "lighthouse", "face", "dog")
    similar = components.similarity(ds, "clip-small", words)
    assert np.abs(similar.mean(axis=0)).max() < 1e-6
    food = int(
        result.components.profiles[:, [n.startswith("food") for n in result.names]]
        .sum(axis=1)
        .argmax()
    )
    table = components.correlate_texts(
        result.components.scores[:, food], similar, words, components.category_of(ds)
    )
    assert table["text"][0] == "pizza"
    with pytest.raises(InputError, match="each once"):
        components.similarity(ds, "clip-small", ("a", "a"))
