"""k-means against the best of all partitions, scikit-learn, and defined edge cases."""

from itertools import product

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from core import clusters
from core.clusters.descent import assign, step
from core.errors import Cancelled, InputError, NotFoundError

METRICS = list(clusters.METRICS)


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def planted(rng, k=4, each=60, v=12, noise=0.3):
    """Rows around k centroids, and the centroid of each."""
    truth = np.repeat(np.arange(k), each)
    centres = 2.0 * rng.standard_normal((k, v))
    return centres[truth] + noise * rng.standard_normal((len(truth), v)), truth


def unit_rows(rows, metric):
    """Rows of length 1, by the definition of each distance."""
    rows = np.asarray(rows, dtype=np.float64)
    if metric == "euclidean":
        return rows
    if metric == "correlation":
        rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def oracle_objective(rows, labels, metric):
    """Objective of a partition with the best centroid of each part, from first principles."""
    rows, value = unit_rows(rows, metric), 0.0
    for label in set(labels):
        part = rows[np.asarray(labels) == label]
        if metric == "euclidean":
            value += np.sum((part - part.mean(axis=0)) ** 2)
        else:
            value += len(part) - np.linalg.norm(part.sum(axis=0))
    return value


def best_of_all(rows, k, metric):
    partitions = (labels for labels in product(range(k), repeat=len(rows)) if len(set(labels)) == k)
    return min(oracle_objective(rows, labels, metric) for labels in partitions)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("n", "k"), [(6, 2), (9, 2), (7, 3), (8, 3), (3, 3)])
def test_reaches_the_best_of_all_partitions(rng, metric, n, k):
    rows = rng.standard_normal((n, 4))
    best = best_of_all(rows, k, metric)
    found = min(clusters.fit(rows, k, metric, seed=seed).objective for seed in range(5))
    assert found == pytest.approx(best, abs=1e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_objective_r2_and_centroids_follow_their_definitions(rng, metric):
    rows = rng.standard_normal((300, 7)) + 0.5
    found = clusters.fit(rows, 5, metric)
    assert found.objective == pytest.approx(oracle_objective(rows, found.labels, metric), rel=1e-5)
    alone = oracle_objective(rows, np.zeros(300), metric)
    assert found.r2 == pytest.approx(1 - found.objective / alone, abs=1e-5)
    means = [unit_rows(rows, metric)[found.labels == c].mean(axis=0) for c in range(5)]
    if metric == "euclidean":
        assert np.allclose(found.centroids, means, atol=1e-5)
    else:
        directions = np.array([mean / np.linalg.norm(mean) for mean in means])
        assert np.allclose(found.centroids, directions, atol=1e-5)
    assert found.centroids.dtype == np.float32
    if metric == "correlation":
        assert np.allclose(found.centroids.mean(axis=1), 0, atol=1e-6)
    apart = cdist(rows, found.centroids, metric)
    assert (found.labels == apart.argmin(axis=1)).mean() > 0.99


@pytest.mark.parametrize("metric", METRICS)
def test_not_worse_than_scikit_learn(rng, metric):
    rows = rng.standard_normal((800, 10)) @ rng.standard_normal((10, 10))
    peer = KMeans(6, n_init=10, random_state=0).fit(unit_rows(rows, metric))
    found = clusters.fit(rows, 6, metric)
    assert found.objective <= 1.002 * oracle_objective(rows, peer.labels_, metric)


@pytest.mark.parametrize("metric", METRICS)
def test_planted_clusters_come_back_in_any_order_of_rows(rng, metric):
    rows, truth = planted(rng)
    order = rng.permutation(len(rows))
    assert adjusted_rand_score(truth, clusters.fit(rows, 4, metric).labels) == 1
    assert adjusted_rand_score(truth[order], clusters.fit(rows[order], 4, metric).labels) == 1


def test_the_same_seed_gives_the_same_clusters(rng):
    rows = rng.standard_normal((500, 6))
    first, again = (clusters.fit(rows, 7, seed=3) for _ in range(2))
    assert np.array_equal(first.labels, again.labels)
    assert np.array_equal(first.centroids, again.centroids)
    assert first.objective == again.objective


def test_correlation_ignores_offset_and_size_of_each_row(rng):
    rows, _ = planted(rng, noise=1.5)
    changed = rows * rng.uniform(0.1, 9, (240, 1)) + rng.uniform(-50, 50, (240, 1))
    first, second = clusters.fit(rows, 5), clusters.fit(changed, 5)
    assert adjusted_rand_score(first.labels, second.labels) > 0.99
    assert first.objective == pytest.approx(second.objective, rel=1e-3)


@pytest.mark.parametrize(("offset", "scale"), [(1e6, 1.0), (0.0, 1e-18), (0.0, 1e12)])
def test_euclidean_keeps_its_precision(rng, offset, scale):
    rows, truth = planted(rng)
    found = clusters.fit(rows * scale + offset, 4, "euclidean")
    assert adjusted_rand_score(truth, found.labels) == 1
    assert found.objective == pytest.approx(
        oracle_objective(rows, truth, "euclidean") * scale**2, rel=1e-4
    )


def test_clusters_are_numbered_by_size_then_by_their_first_row():
    rows = np.array([[0.0, 9], [5, 5], [0, 9.1], [9, 0], [9, 0.1], [9.1, 0]])
    assert clusters.fit(rows, 3, "euclidean").labels.tolist() == [1, 2, 1, 0, 0, 0]
    ties = clusters.fit(rows[[3, 0, 1]], 3, "euclidean")
    assert ties.labels.tolist() == [0, 1, 2]
    assert ties.sizes.tolist() == [1, 1, 1]


@pytest.mark.parametrize("metric", METRICS)
def test_one_cluster_explains_nothing(rng, metric):
    rows = rng.standard_normal((20, 5))
    found = clusters.fit(rows, 1, metric)
    assert found.r2 == 0
    assert found.labels.tolist() == [0] * 20
    assert found.objective == pytest.approx(oracle_objective(rows, [0] * 20, metric), rel=1e-5)


def test_rows_left_out_are_counted_and_named(rng):
    rows = rng.standard_normal((30, 5)).astype(np.float32)
    rows[3], rows[7] = np.nan, 0.1
    rows[9] = 0.0
    found = clusters.fit(rows, 3)
    assert np.flatnonzero(found.labels == -1).tolist() == [3, 7, 9]
    assert (found.missing, found.undefined) == (1, 2)
    assert found.sizes.sum() == 27
    assert "1 row without a response" in found.notes[0]
    assert "2 rows that are constant" in found.notes[1]
    cosine = clusters.fit(rows, 3, "cosine")
    assert (cosine.missing, cosine.undefined) == (1, 1)
    assert clusters.fit(rows, 3, "euclidean").undefined == 0


@pytest.mark.parametrize("metric", METRICS)
def test_identical_points_fill_every_cluster_and_say_so(metric):
    rows = np.tile([1.0, 4.0, 2.0, 0.1], (12, 1))
    found = clusters.fit(rows, 3, metric)
    assert found.sizes.tolist() == [10, 1, 1]
    assert found.r2 == 0
    assert found.objective == pytest.approx(0, abs=1e-9)
    assert found.refilled == 2
    assert "took the row farthest" in found.notes[-1]


def test_fewer_distinct_points_than_clusters():
    rows = np.repeat([[1.0, 0, 0], [0, 5, 0]], 5, axis=0)
    found = clusters.fit(rows, 3, "euclidean")
    assert sorted(found.sizes) == [1, 4, 5]
    assert found.r2 == pytest.approx(1)


def test_rows_that_cancel_have_a_centroid_and_the_right_objective():
    rows = np.array([[1.0, 2, 3], [3, 2, 1]])
    found = clusters.fit(rows, 1)
    assert found.objective == pytest.approx(2)
    assert np.linalg.norm(found.centroids) == pytest.approx(1)
    assert found.centroids.sum() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_an_empty_cluster_takes_the_farthest_row(rng, metric):
    method = clusters.METRICS[metric]
    prepared = method.prepare(rng.standard_normal((40, 4)) + np.array([3, 0, -3, 0]))
    centroids = np.repeat(prepared.rows[:1].astype(float), 3, axis=0)
    found = step(prepared, centroids, method)
    own = method.apart(prepared.rows, centroids, np.zeros(40, dtype=int))
    alone = np.flatnonzero(found.counts[found.labels] == 1)
    assert found.refilled == 2
    assert set(alone) == set(np.argsort(-own)[:2])


def test_many_clusters_and_every_row_its_own(rng):
    rows = rng.standard_normal((150, 6))
    assert clusters.fit(rows, 140, "euclidean", starts=2).sizes.min() >= 1
    own = clusters.fit(rows, 150, "euclidean", starts=2)
    assert own.sizes.tolist() == [1] * 150
    assert own.r2 == pytest.approx(1)


def test_blocks_of_rows_do_not_change_labels(rng):
    rows = rng.standard_normal((20_000, 3)).astype(np.float32)
    centroids = rng.standard_normal((5, 3))
    labels = assign(rows, centroids, clusters.METRICS["euclidean"])
    assert (labels == cdist(rows, centroids).argmin(axis=1)).mean() > 0.9999


@pytest.mark.parametrize("metric", METRICS)
def test_nearest_rows_are_members_in_order(rng, metric):
    rows, _ = planted(rng, noise=1.0)
    rows[5] = np.nan
    found = clusters.fit(rows, 4, metric)
    members = clusters.describe(found, rows, 2)
    own = rows[found.labels == 2]
    assert sorted(members.rows) == np.flatnonzero(found.labels == 2).tolist()
    centre = unit_rows(own, metric).mean(axis=0, keepdims=True)
    truth = cdist(unit_rows(rows[members.rows], metric), centre, metric)[:, 0]
    assert np.allclose(members.distances, truth, atol=1e-5)
    assert np.all(np.diff(members.distances) >= 0)
    few = clusters.nearest(found, rows, 2, 10)
    assert np.array_equal(few.rows, members.rows[:10])
    assert len(clusters.nearest(found, rows, 2, 10_000).rows) == len(own)


@pytest.mark.parametrize(
    ("rows", "k", "message"),
    [
        (np.eye(4), 5, "4 of 4 rows can be clustered, fewer than 5 clusters"),
        (np.full((4, 3), np.nan), 1, "0 of 4 rows"),
        (np.ones((4, 3)), 2, r"0 of 4 rows can be clustered \(0 are missing, 4 have no direction"),
        (np.eye(4), 0, "k is 0"),
        (np.eye(4), 2.5, "k is 2.5"),
        (np.zeros(4), 2, "shape"),
        (np.array([[1.0, np.inf], [1, 2]]), 1, "infinite"),
        (np.array([[1.0, np.nan], [1, 2]]), 2, r"1 of 2 rows .*\(1 are missing"),
        (np.array([[np.inf, np.nan], [1, 2]]), 1, "infinite"),
    ],
)
def test_bad_input_gets_one_clear_message(rows, k, message):
    with pytest.raises(InputError, match=message):
        clusters.fit(rows, k)


def test_a_row_that_lacks_a_value_is_missing_and_the_others_go_on(rng):
    rows = rng.standard_normal((30, 4))
    rows[[3, 7], [1, 0]] = np.nan
    whole = rows.copy()
    whole[[3, 7]] = np.nan
    partial, right = clusters.fit(rows, 3), clusters.fit(whole, 3)
    assert np.array_equal(partial.labels, right.labels)
    assert partial.missing == 2
    assert partial.labels[3] == partial.labels[7] == -1
    table = clusters.profile(partial, rows, list("abcd"))
    assert table.equals(clusters.profile(right, whole, list("abcd")))
    assert clusters.choose_k(rows, range(2, 4)).rows == 28


def test_unknown_names_list_the_choices(rng):
    rows = rng.standard_normal((9, 3))
    with pytest.raises(NotFoundError, match="correlation, cosine, euclidean"):
        clusters.fit(rows, 2, "manhattan")
    found = clusters.fit(rows, 2)
    with pytest.raises(InputError, match="from 0 to 1"):
        clusters.describe(found, rows, 2)
    with pytest.raises(InputError, match="8 rows"):
        clusters.describe(found, rows[:8], 0)
    with pytest.raises(InputError, match="count is 0"):
        clusters.nearest(found, rows, 0, 0)
    with pytest.raises(InputError, match="starts is 0"):
        clusters.fit(rows, 2, starts=0)


def test_progress_can_stop_it(rng):
    fractions = []

    def progress(fraction, message):
        fractions.append(fraction)
        if len(fractions) == 12:
            raise Cancelled

    with pytest.raises(Cancelled):
        clusters.fit(rng.standard_normal((200, 5)), 3, progress=progress)
    assert fractions == sorted(fractions)


def test_one_unit_has_no_correlation(rng):
    rows = rng.standard_normal((30, 1))
    with pytest.raises(InputError, match=r"1 − r is undefined.*at least two units.*'euclidean'"):
        clusters.fit(rows, 2)
    assert sorted(clusters.fit(rows, 2, "euclidean").sizes) > [0, 0]
