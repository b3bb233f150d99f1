"""Weights of models against scipy."""

import numpy as np
import pytest
from scipy.optimize import nnls
from scipy.spatial.distance import squareform

from core.errors import InputError
from core.rsa import FixedModel, SelectedModel, WeightedModel


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    components = rng.random((5, 190))
    return components, components[0] * 2 + components[3] - components[4] + rng.random(190)


def model(kind, components):
    return kind("layers", [squareform(row) for row in components])


def test_weights_are_those_of_nnls(rows):
    components, target = rows
    found = model(WeightedModel, components).fit(components @ components.T, components @ target)
    np.testing.assert_allclose(found, nnls(components.T, target)[0], atol=1e-9)
    assert (found >= 0).all()
    assert found[4] == 0


def test_equal_and_empty_components_do_no_harm(rows):
    components, target = rows
    components = np.array([components[0], components[0], 0 * components[1], 1e-6 * components[3]])
    found = model(WeightedModel, components).fit(components @ components.T, components @ target)
    np.testing.assert_allclose(
        components.T @ found, components.T @ nnls(components.T, target)[0], atol=1e-6
    )
    assert found[2] == 0
    nothing = np.zeros((2, 2))
    assert model(WeightedModel, components[:2]).fit(nothing, np.zeros(2)).tolist() == [0, 0]


def test_selection_takes_the_most_similar(rows):
    components, target = rows
    found = model(SelectedModel, components).fit(components @ components.T, components @ target)
    cosines = components @ target / np.linalg.norm(components, axis=1)
    assert found.tolist() == np.eye(5)[np.argmax(cosines)].tolist()


def test_what_is_no_model_is_refused():
    rdm = squareform(np.arange(1.0, 7))
    with pytest.raises(InputError, match="no RDM"):
        WeightedModel("empty", [])
    with pytest.raises(InputError, match="1 row"):
        SelectedModel("layers", [rdm, rdm], ["conv1"])
    with pytest.raises(InputError, match="'conv2' of 'layers' has 3 rows"):
        SelectedModel("layers", [rdm, rdm[:3, :3]], ["conv1", "conv2"])
    with pytest.raises(InputError, match="Model 'flat' is not symmetric"):
        FixedModel("flat", np.triu(rdm))
