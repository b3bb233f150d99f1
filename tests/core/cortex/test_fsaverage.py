"""The geometry of fsaverage5 as packed, and how fsaverage refines it."""

from __future__ import annotations

import sys

import numpy as np

from core.cortex.fsaverage import APART, FINE, VERTICES, cells, divided, hemispheres


def rolled(faces):
    """Faces with their least corner first, in the order round them."""
    first = faces.argmin(axis=1)[:, None]
    return np.take_along_axis(faces, (first + np.arange(3)) % 3, axis=1)


def test_faces_of_the_file_are_those_of_an_icosahedron_divided_five_times():
    for side in hemispheres():
        assert {*map(tuple, rolled(side.faces))} == {*map(tuple, rolled(divided(5)))}


def test_hemispheres_stand_apart_and_flat_vertices_have_faces():
    left, right = hemispheres()
    assert left.inflated[:, 0].max() == -APART / 2
    assert right.inflated[:, 0].min() == APART / 2
    for side in (left, right):
        used = np.isin(np.arange(VERTICES), side.flat_faces)
        np.testing.assert_array_equal(np.isfinite(side.flat[:, 0]), used)
        assert 0.4 < (side.depth > 0).mean() < 0.6
    assert "nilearn" not in sys.modules


def test_cells_take_each_fine_vertex_once_and_are_about_sixteen_each():
    inside = cells()
    weight = np.bincount(inside.fine, inside.weight)
    assert len(weight) == 163_842
    np.testing.assert_allclose(weight, 1.0)
    size = np.bincount(inside.coarse, inside.weight, VERTICES)
    np.testing.assert_allclose(np.sort(np.unique(size.round(6))), [13.5, 16.0], atol=0.6)


def test_cells_are_those_nearest_along_edges():
    """Breadth first over the edges of fsaverage, from all vertices of fsaverage5 at once."""
    faces = divided(FINE)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    count = int(faces.max()) + 1
    owners = np.full(count, -1)
    owners[:VERTICES] = np.arange(VERTICES)
    inside = cells()
    whole = inside.weight == 1
    expected = np.full(count, -1)
    expected[inside.fine[whole]] = inside.coarse[whole]
    near = owners.copy()
    a, b = np.concatenate([edges, edges[:, ::-1]]).T
    touching = (near[a] >= 0) & (near[b] < 0)
    near[b[touching]] = near[a[touching]]
    # One edge away there is one owner only; it is that of the numbers.
    at = np.flatnonzero((near >= 0) & (owners < 0))
    np.testing.assert_array_equal(near[at], expected[at])
