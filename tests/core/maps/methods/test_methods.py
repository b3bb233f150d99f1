"""Every map method against an independent answer, and what all of them share."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.spatial import procrustes
from scipy.spatial.distance import cdist, pdist, squareform
from sklearn.decomposition import PCA
from sklearn.manifold import Isomap, smacof
from sklearn.metrics import silhouette_score

from core import maps
from core.errors import InputError, NotFoundError
from core.maps import METHODS
from core.maps.linear import DECOMPOSED_WHOLE, classical, principal
from core.maps.methods import umap as umap_method
from core.maps.monitor import Monitor
from core.maps.space import open_space

FAST = {
    "pca": {},
    "tsne": {"iterations": 50},
    "umap": {"epochs": 60},
    "isomap": {},
    "mds": {},
    "mds_metric": {"iterations": 60},
}
EXACT = ["pca", "isomap", "mds", "mds_metric"]
THEMES = np.repeat(np.arange(4), 25)


@pytest.fixture(scope="module")
def planted():
    """Four clusters of 25 points in 30 dimensions."""
    rng = np.random.default_rng(3)
    return 5 * rng.standard_normal((4, 30))[THEMES] + rng.standard_normal((100, 30))


@pytest.fixture(scope="module")
def drawn(planted):
    """A map of each method, drawn once."""
    return {name: maps.embed(planted, name, **FAST[name]) for name in FAST}


def apart(a, b):
    """Procrustes distance of two maps: 0 where they are the same up to turning and scaling."""
    return procrustes(np.asarray(a, float), np.asarray(b, float))[2]


def test_every_method_of_the_contract_is_declared():
    assert list(maps.METHODS) == ["pca", "tsne", "umap", "isomap", "mds", "mds_metric"]
    for method in maps.METHODS.values():
        assert method.label
        assert method.note.endswith(".")
        assert method.citation
        for parameter in method.parameters:
            assert parameter.check(parameter.default) == parameter.default


@pytest.mark.parametrize("method", FAST)
def test_planted_clusters_separate(drawn, method):
    found = drawn[method]
    assert found.coordinates.shape == (100, 2)
    assert found.coordinates.dtype == np.float32
    assert np.abs(found.coordinates.mean(axis=0)).max() < 1e-3
    assert silhouette_score(found.coordinates, THEMES) > 0.5
    assert found.trustworthiness > 0.85
    assert not found.partial


@pytest.mark.parametrize("method", FAST)
def test_the_same_seed_gives_the_same_map(planted, drawn, method):
    again = maps.embed(planted, method, **FAST[method])
    assert np.array_equal(again.coordinates, drawn[method].coordinates)
    assert again.trustworthiness == drawn[method].trustworthiness


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_another_seed_gives_another_map(planted, drawn, method):
    other = maps.embed(planted, method, seed=1, **FAST[method])
    assert not np.array_equal(other.coordinates, drawn[method].coordinates)


@pytest.mark.parametrize("method", ["pca", "mds", "mds_metric", "isomap"])
def test_permuted_rows_give_the_same_map_permuted(planted, method):
    order = np.random.default_rng(0).permutation(100)
    # The neighbours of one cluster do not reach another: Isomap needs them to.
    values = {"n_neighbours": 40} if method == "isomap" else {}
    straight = maps.embed(planted, method, quality=False, **values).coordinates
    permuted = maps.embed(planted[order], method, quality=False, **values).coordinates
    assert apart(straight[order], permuted) < 1e-4
    if method in ("pca", "mds"):
        assert np.allclose(straight[order], permuted, atol=1e-4)


@pytest.mark.parametrize("shape", [(200, 12), (30, 400), (40, 3)])
def test_pca_is_scikit_learns_up_to_sign(shape):
    rows = np.random.default_rng(1).standard_normal(shape) * np.arange(1, shape[1] + 1) + 100
    ours = maps.embed(rows, "pca", quality=False).coordinates
    truth = PCA(2, svd_solver="full").fit_transform(rows)
    signs = np.sign(np.sum(ours * truth, axis=0))
    assert np.allclose(ours, truth * signs, atol=1e-3)
    farthest = np.abs(ours).argmax(axis=0)
    assert (ours[farthest, [0, 1]] > 0).all()


def test_many_dimensions_are_decomposed_by_iteration_and_just_as_well():
    rng = np.random.default_rng(2)
    for m, d in ((DECOMPOSED_WHOLE + 10, DECOMPOSED_WHOLE + 60), (900, DECOMPOSED_WHOLE + 5)):
        rows = rng.standard_normal((m, 4)) @ (rng.standard_normal((4, d)) * [[9], [5], [3], [2]])
        rows += rng.standard_normal((m, d))
        found, truth = principal(rows, 3), PCA(3, svd_solver="full").fit(rows)
        assert np.allclose(found.shares, truth.explained_variance_ratio_, rtol=1e-4)
        assert apart(found.scores, truth.transform(rows)) < 1e-6
        narrow = principal(rows.astype(np.float32), 3)
        assert apart(narrow.scores, found.scores) < 1e-6


@pytest.mark.parametrize("m", [40, DECOMPOSED_WHOLE + 1])
def test_classical_mds_recovers_a_planted_configuration(m):
    points = np.random.default_rng(4).standard_normal((m, 2)) * [3, 1]
    turned = np.linalg.qr(np.random.default_rng(5).standard_normal((9, 9)))[0][:2]
    from_features = maps.embed(points @ turned, "mds", quality=False)
    from_distances = maps.embed(cdist(points, points), "mds", distances=True, quality=False)
    for found in (from_features, from_distances):
        assert apart(found.coordinates, points) < 1e-6
        assert np.allclose(pdist(found.coordinates), pdist(points), atol=1e-3)


def test_metric_mds_reaches_scikit_learns_stress(planted):
    distances = squareform(pdist(planted))
    start = classical(distances)
    truth, _ = smacof(distances, init=start, n_init=1, max_iter=300, eps=1e-6)
    ours = maps.embed(planted, "mds_metric", quality=False)
    stress = [np.sum((pdist(found) - pdist(planted)) ** 2) for found in (ours.coordinates, truth)]
    assert stress[0] <= stress[1] * 1.001
    told = np.sqrt(stress[0] / np.sum(pdist(planted) ** 2))
    assert ours.notes[-1].startswith(f"Stress-1 {told:.3f}")


@pytest.mark.parametrize("neighbours", [8, 30])
def test_isomap_is_scikit_learns(planted, neighbours):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        truth = Isomap(n_neighbors=neighbours, n_components=2).fit_transform(planted)
        ours = maps.embed(planted, "isomap", n_neighbours=neighbours, quality=False)
    assert apart(ours.coordinates, truth) < 1e-8
    assert any("falls into" in note for note in ours.notes) == (neighbours == 8)


def test_isomap_unrolls_a_curve():
    angle = np.linspace(0, 1.7 * np.pi, 120)
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    along = maps.embed(ring, "isomap", n_neighbours=4, quality=False).coordinates[:, 0]
    assert abs(np.corrcoef(along, angle)[0, 1]) > 0.999


def test_umap_descends_as_umap_learn_does(planted):
    from umap.umap_ import find_ab_params, make_epochs_per_sample

    values = {"n_neighbours": 15, "min_dist": 0.1, "epochs": 30}
    space = open_space(planted, False, "euclidean", [])
    neighbours = umap_method._neighbours(space, values, Monitor(), 0)
    graph = umap_method._graph(neighbours, np.random.RandomState(0), 30)
    start = umap_method._start(space, np.random.RandomState(0)).astype(np.float32)
    ours = umap_method.descend(graph, start, values, Monitor(), np.random.RandomState(5))
    layouts, umap_ = umap_method._compiled().layouts, umap_method._compiled().umap_
    state = np.random.RandomState(5).randint(umap_.INT32_MIN, umap_.INT32_MAX, 3)
    truth = start.copy()
    layouts.optimize_layout_euclidean(
        truth, truth, graph.row, graph.col, 30, 100, make_epochs_per_sample(graph.data, 30),
        *find_ab_params(1.0, 0.1), state.astype(np.int64), move_other=True,
    )  # fmt: skip
    assert np.array_equal(ours.coordinates, truth)


@pytest.mark.parametrize("metric", ["correlation", "cosine"])
@pytest.mark.parametrize("method", ["mds", "mds_metric", "isomap", "tsne"])
def test_a_metric_of_features_is_a_matrix_of_distances(planted, method, metric):
    more = {**FAST[method], **({"pca": 0} if method in ("tsne", "isomap") else {})}
    distances = squareform(pdist(planted, metric))
    a = maps.embed(planted, method, metric=metric, **more)
    b = maps.embed(distances, method, distances=True, **FAST[method])
    assert a.trustworthiness == pytest.approx(b.trustworthiness, abs=0.02)
    if method != "tsne":
        assert apart(a.coordinates, b.coordinates) < 1e-3


@pytest.mark.parametrize("method", ["tsne", "umap", "isomap", "mds", "mds_metric"])
def test_distances_alone_are_enough(planted, method):
    distances = squareform(pdist(planted))
    distances[6], distances[:, 6] = np.nan, np.nan
    distances[6, 6] = 0
    found = maps.embed(distances, method, distances=True, **FAST[method])
    assert found.left_out == 1
    assert np.flatnonzero(found.missing).tolist() == [6]
    assert silhouette_score(np.delete(found.coordinates, 6, 0), np.delete(THEMES, 6)) > 0.5
    assert "metric" not in found.parameters


def test_an_rdm_only_recording_is_drawn(kriegeskorte_root):
    from core import datasets

    ds = datasets.load("kriegeskorte92", root=kriegeskorte_root)
    features = maps.features_of(ds, "rdm", rdm="human IT, mean of 4 subjects")
    assert features.is_distances
    for method in ("mds", "tsne"):
        found = maps.embed(features.array, method, distances=True, **FAST[method])
        assert found.left_out == 0
        animate = (ds.stimuli["supercategory"] == "animate").to_numpy()
        classifier = maps.linear_classifier(found.coordinates, animate, ~animate, permutations=0)
        assert classifier.accuracy > 0.8
    with pytest.raises(NotFoundError, match="RDMs only"):
        maps.features_of(ds, "responses")


def test_missing_and_constant_rows_are_left_out_and_counted(planted):
    rows = planted.copy()
    rows[4] = np.nan
    rows[9] = 2.5
    for method in FAST:
        found = maps.embed(rows, method, quality=False, **FAST[method])
        assert np.flatnonzero(found.missing).tolist() == [4], method
        assert found.notes[0] == "1 row is missing (NaN) and left out."
    found = maps.embed(rows, "mds", metric="correlation")
    assert np.flatnonzero(found.missing).tolist() == [4, 9]
    assert found.left_out == 2
    assert "constant, without a correlation," in found.notes[1]
    rows[9] = 0
    assert maps.embed(rows, "mds", metric="cosine").left_out == 2


def test_one_unit_has_no_correlation(planted):
    with pytest.raises(InputError, match=r"1 − r is undefined.*'euclidean'"):
        maps.embed(planted[:, :1], "mds", metric="correlation")
    two = maps.embed(planted[:, :2], "mds", metric="correlation")
    assert "Over two units r is +1 or −1" in two.notes[0]


def test_wide_rows_are_reduced_first_unless_told_not_to(planted):
    wide = np.hstack([planted, 0.1 * np.random.default_rng(0).standard_normal((100, 60))])
    stated = "The rows were first reduced to 50 components by PCA."
    assert stated in maps.embed(wide, "tsne", iterations=10, quality=False).notes
    for off in (0, 90):
        assert stated not in maps.embed(wide, "isomap", pca=off, quality=False).notes


@pytest.mark.parametrize("method", FAST)
def test_three_points_have_a_map(method):
    found = maps.embed(np.array([[0.0, 0, 1], [3, 1, 0], [0, 4, 2]]), method, **FAST[method])
    assert np.isfinite(found.coordinates).all()
    assert found.neighbours == 1
    assert 0 <= found.trustworthiness <= 1


@pytest.mark.parametrize("method", FAST)
def test_identical_points_are_mapped_with_the_others_or_refused(planted, method):
    with pytest.raises(InputError, match="All 8 usable rows are the same"):
        maps.embed(np.full((8, 5), 0.1), method)
    rows = planted[:40].copy()
    rows[:15] = rows[0]
    found = maps.embed(rows, method, **FAST[method])
    assert np.isfinite(found.coordinates).all()
    assert np.ptp(found.coordinates, axis=0).min() > 0


@pytest.mark.parametrize("method", FAST)
def test_points_on_a_line_have_a_map(method):
    rows = np.linspace(0, 1, 30)[:, None] * np.arange(1, 6)
    assert np.isfinite(maps.embed(rows, method, **FAST[method]).coordinates).all()


def test_parallel_rows_are_the_same_under_correlation():
    rows = np.outer(np.arange(1.0, 9), np.random.default_rng(0).standard_normal(20)) + 3
    with pytest.raises(InputError, match="are the same"):
        maps.embed(rows, "tsne", metric="correlation")
    with pytest.raises(InputError, match="are the same"):
        maps.embed(np.zeros((5, 5)), "mds", distances=True)


def test_parameters_too_large_for_the_points_are_adjusted_and_stated(planted):
    tsne = maps.embed(planted, "tsne", perplexity=90, iterations=10)
    assert tsne.parameters["perplexity"] == 33
    assert any("33, the largest that fits" in note for note in tsne.notes)
    few = planted[:8]
    assert maps.embed(few, "isomap", n_neighbours=50).parameters["n_neighbours"] == 7
    assert maps.embed(few, "umap", epochs=5, n_neighbours=50).parameters["n_neighbours"] == 8
    assert maps.embed(few, "umap", epochs=5).neighbours == 3


def test_negative_distances_are_clipped_and_stated():
    distances = squareform(pdist(np.random.default_rng(0).standard_normal((12, 4))))
    distances[0, 1] = distances[1, 0] = -0.2
    found = maps.embed(distances, "mds", distances=True)
    assert "1 negative distances were taken as 0." in found.notes


@pytest.mark.parametrize(
    ("given", "arguments", "message"),
    [
        (np.zeros((2, 4)), {}, "n of at least 3"),
        (np.array([[1.0, 2], [3, 4], [np.nan, np.nan]]), {}, "2 of 3 rows are usable"),
        (np.zeros(7), {}, "shape"),
        (np.eye(4), {"method": "pca", "distances": True}, "Choose 'mds'"),
        (np.eye(4), {"method": "tsne", "perplexity": 1}, "from 2 to 500"),
        (np.eye(4), {"method": "umap", "perplexity": 5}, "no parameter 'perplexity'"),
        (np.eye(4), {"method": "tsne", "metric": "manhattan"}, "euclidean, correlation, cosine"),
        (np.eye(4), {"seed": -1}, "The seed is -1"),
        (np.eye(4), {"method": "mds", "distances": True}, "zero diagonal"),
        (
            1 - np.eye(4),
            {"method": "tsne", "distances": True, "metric": "cosine"},
            "for a matrix of distances",
        ),
    ],
)
def test_bad_input_gets_one_clear_message(given, arguments, message):
    with pytest.raises(InputError, match=message):
        maps.embed(given, **arguments)


def test_single_missing_pairs_and_too_many_points_are_refused():
    distances = 1 - np.eye(5)
    distances[0, 1] = distances[1, 0] = np.nan
    with pytest.raises(InputError, match="misses 1 single pairs"):
        maps.embed(distances, "mds", distances=True)
    many = np.random.default_rng(0).standard_normal((10_001, 2))
    for method in ("isomap", "mds_metric"):
        with pytest.raises(InputError, match="at most 10,000 points"):
            maps.embed(many, method)
    assert maps.embed(many, "mds", quality=False).left_out == 0


def test_an_unknown_method_lists_the_choices():
    with pytest.raises(NotFoundError, match="pca, tsne, umap, isomap, mds, mds_metric"):
        maps.embed(np.eye(4), "autoencoder")


def test_many_points_use_the_grid_and_give_one_map(planted):
    rng = np.random.default_rng(8)
    rows = 4 * rng.standard_normal((3, 5))[np.arange(5_100) % 3] + rng.standard_normal((5_100, 5))
    values = {"iterations": 10, "perplexity": 5.0, "quality": False}
    a, b = (maps.embed(rows, "tsne", **values).coordinates for _ in range(2))
    assert np.array_equal(a, b)
    assert maps.quality(rows, a).trustworthiness > 0.8


def test_warming_up_keeps_what_numba_compiles_on_disk():
    maps.warm_up()
    epoch = umap_method._compiled().layouts._nb_optimize_layout_euclidean_single_epoch
    assert epoch.signatures
    assert sum(epoch.stats.cache_hits.values()) + sum(epoch.stats.cache_misses.values()) > 0


def test_too_many_points_are_refused_before_anything_is_read():
    for method, values in (("mds", {"metric": "cosine"}), ("mds_metric", {}), ("isomap", {})):
        with pytest.raises(InputError, match="at most 10,000 points"):
            METHODS[method].check_points(73_000, values)
    with pytest.raises(InputError, match="at most 10,000 points"):
        METHODS["mds"].check_points(73_000, {}, distances=True)
    for method in ("mds", "pca", "tsne", "umap"):
        METHODS[method].check_points(73_000, {})
