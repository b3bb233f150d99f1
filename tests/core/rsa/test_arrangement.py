"""Map and dendrogram of RDMs against known places and scipy."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform

from core.errors import InputError
from core.rsa import arrange_rdms


def test_points_of_a_plane_come_back():
    points = np.random.default_rng(0).random((12, 2)) / 2
    distances = squareform(pdist(points))
    found = arrange_rdms(1 - distances)
    assert found.stress < 1e-4
    np.testing.assert_allclose(squareform(pdist(found.coordinates)), distances, atol=1e-3)
    np.testing.assert_allclose(found.coordinates.mean(axis=0), 0, atol=1e-9)
    assert found.coordinates[:, 0].var() > found.coordinates[:, 1].var()
    np.testing.assert_array_equal(arrange_rdms(1 - distances).coordinates, found.coordinates)


def test_stress_is_kruskals():
    similarities = np.corrcoef(np.random.default_rng(1).standard_normal((9, 30)))
    found = arrange_rdms(similarities)
    true, drawn = squareform(1 - similarities, checks=False), pdist(found.coordinates)
    expected = np.sqrt(np.sum((true - drawn) ** 2) / np.sum(drawn**2))
    assert found.stress == pytest.approx(expected)
    assert 0.1 < found.stress < 0.5


def test_the_dendrogram_is_average_linkage():
    similarities = np.corrcoef(np.random.default_rng(2).standard_normal((7, 30)))
    tree = arrange_rdms(similarities).dendrogram
    expected = linkage(squareform(1 - similarities, checks=False), "average")
    np.testing.assert_allclose(np.sort(tree.y[:, 1]), np.sort(expected[:, 2]))
    assert sorted(tree.order) == list(range(7))
    assert tree.x.shape == tree.y.shape == (6, 4)
    # Two groups are neighbours from left to right.
    groups = fcluster(expected, 2, "maxclust")[tree.order]
    assert np.count_nonzero(np.diff(groups)) == 1


def test_an_rdm_without_similarities_has_no_place():
    similarities = np.corrcoef(np.random.default_rng(3).standard_normal((5, 30)))
    similarities[2] = similarities[:, 2] = np.nan
    found = arrange_rdms(similarities)
    assert found.placed.tolist() == [0, 1, 3, 4]
    assert np.isnan(found.coordinates[2]).all()
    assert np.isfinite(found.coordinates[found.placed]).all()
    assert sorted(found.dendrogram.order) == [0, 1, 3, 4]
    with pytest.raises(InputError, match="at least 3"):
        arrange_rdms(similarities[1:4, 1:4])
    with pytest.raises(InputError, match="symmetric"):
        arrange_rdms(np.arange(9.0).reshape(3, 3))


def test_equal_rdms_lie_together():
    found = arrange_rdms(np.ones((4, 4)))
    np.testing.assert_allclose(found.coordinates, 0, atol=1e-9)
    assert found.stress == 0
