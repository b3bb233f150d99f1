"""Quality, neighbours, separation and the classifier against brute force and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist, squareform
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import trustworthiness
from sklearn.metrics import silhouette_samples
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core import maps
from core.errors import InputError
from core.maps.classifier import _fit

METRICS = ["euclidean", "correlation", "cosine"]


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def brute_preserved(distances, points, k):
    kept = 0
    on_map = cdist(points, points)
    for matrix in (distances, on_map):
        np.fill_diagonal(matrix, np.inf)
    for i in range(len(points)):
        near = np.argsort(distances[i])[:k]
        kept += len(np.intersect1d(near, np.argsort(on_map[i])[:k]))
    return kept / (k * len(points))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("n", "k"), [(150, 10), (31, 5), (21, 10), (7, 3), (3, 1)])
def test_quality_agrees_with_scikit_learn_and_brute_force(rng, metric, n, k):
    rows = rng.standard_normal((n, 12)) + 5
    points = rows[:, :2] + rng.standard_normal((n, 2))
    found = maps.quality(rows, points, k, metric)
    truth = trustworthiness(rows, points, n_neighbors=k, metric=metric)
    assert found.trustworthiness == pytest.approx(truth, abs=1e-12)
    distances = squareform(pdist(rows, metric))
    preserved = brute_preserved(distances.copy(), points, k)
    assert found.neighbourhood_preservation == pytest.approx(preserved)
    assert (found.queries, found.neighbours) == (n, k)
    same = maps.quality(distances.astype(np.float32), points, k, distances=True)
    assert same.trustworthiness == pytest.approx(truth, abs=1e-12)


def test_few_points_are_asked_for_fewer_neighbours(rng):
    rows = rng.standard_normal((6, 4))
    assert maps.quality(rows, rows[:, :2], 10).neighbours == 2
    assert maps.quality(rows[:, :2], rows[:, :2]).trustworthiness == 1


def test_some_queries_estimate_all(rng):
    rows = rng.standard_normal((1200, 6))
    points = rows[:, :2]
    whole, some = maps.quality(rows, points), maps.quality(rows, points, most=300)
    assert (whole.queries, some.queries) == (1200, 300)
    assert some.trustworthiness == pytest.approx(whole.trustworthiness, abs=0.01)
    preserved = whole.neighbourhood_preservation
    assert some.neighbourhood_preservation == pytest.approx(preserved, abs=0.03)


def test_quality_leaves_out_rows_missing_on_either_side(rng):
    rows = rng.standard_normal((60, 5))
    points = rows[:, :2].copy()
    truth = maps.quality(np.delete(rows, [3, 8], 0), np.delete(points, [3, 8], 0))
    rows[3], points[8] = np.nan, np.nan
    assert maps.quality(rows, points) == truth
    distances = squareform(pdist(np.nan_to_num(rows)))
    distances[3], distances[:, 3], distances[3, 3] = np.nan, np.nan, 0
    assert maps.quality(distances, points, distances=True).queries == 58
    with pytest.raises(InputError, match="has 60 rows, the coordinates has 59"):
        maps.quality(rows, points[:59])


def tied(kind, rng):
    """Rows or points of which several lie at one distance."""
    rows, points = rng.integers(0, 2, (24, 3)).astype(float), rng.standard_normal((24, 2))
    if kind == "on the map":
        rows, points = rng.standard_normal((24, 3)), rng.integers(0, 3, (24, 2)).astype(float)
    if kind == "on both":
        points = rng.integers(0, 2, (24, 2)).astype(float)
    if kind == "all":
        points = np.zeros((24, 2))
    return rows, points


@pytest.mark.parametrize("kind", ["in the space", "on the map", "on both", "all"])
def test_ties_count_as_scikit_learn_counts_them_in_the_mean_over_orders(rng, kind):
    rows, points = tied(kind, rng)
    measured = maps.quality(rows, points, 4)
    orders = [rng.permutation(24) for _ in range(1000)]
    # It takes both kinds of ties in the order of the rows, so those of the map are broken here.
    shaken = [points[o] + 1e-7 * rng.standard_normal(points.shape) for o in orders]
    pairs = zip(orders, shaken, strict=True)
    values = [trustworthiness(rows[o], near, n_neighbors=4) for o, near in pairs]
    error = 4 * np.std(values) / np.sqrt(len(values))
    assert measured.trustworthiness == pytest.approx(np.mean(values), abs=error)
    for order in orders[:5]:
        again = maps.quality(rows[order], points[order], 4)
        assert again.trustworthiness == pytest.approx(measured.trustworthiness, abs=1e-12)
        preserved = again.neighbourhood_preservation
        assert preserved == pytest.approx(measured.neighbourhood_preservation, abs=1e-12)


def test_identical_points_on_the_map_do_not_count_themselves(rng):
    rows = rng.standard_normal((40, 3))
    found = maps.quality(rows, np.zeros((40, 2)))
    assert 0 < found.trustworthiness < 0.8
    assert found.neighbourhood_preservation < 0.6


@pytest.mark.parametrize("metric", METRICS)
def test_neighbours_agree_with_scipy(rng, metric):
    rows = (rng.standard_normal((80, 9)) + 2).astype(np.float32)
    truth = cdist(rows.astype(float), rows.astype(float), metric)
    near, distances = maps.neighbours(rows, 17, 6, metric)
    expected = [row for row in np.argsort(truth[17]) if row != 17][:6]
    assert near.tolist() == expected
    assert np.allclose(distances, truth[17][expected])
    matrix = squareform(pdist(rows.astype(float), metric))
    assert maps.neighbours(matrix, 17, 6, distances=True)[0].tolist() == expected


@pytest.mark.parametrize("metric", ["correlation", "cosine"])
def test_neighbours_of_the_smallest_values_are_those_of_larger_ones(rng, metric):
    features = rng.standard_normal((30, 6))
    rows, distances = maps.neighbours(features, 3, 4, metric)
    tiny_rows, tiny_distances = maps.neighbours(features * 1e-200, 3, 4, metric)
    assert (tiny_rows == rows).all()
    np.testing.assert_allclose(tiny_distances, distances, rtol=1e-12)


def test_neighbours_skip_what_has_no_distance(rng):
    rows = rng.standard_normal((5, 4))
    rows[1], rows[2] = np.nan, 0.1
    near, _ = maps.neighbours(rows, 0, 10, "correlation")
    assert sorted(near) == [3, 4]
    assert sorted(maps.neighbours(rows, 0, 10)[0]) == [2, 3, 4]
    with pytest.raises(InputError, match="Row 1 has no distance"):
        maps.neighbours(rows, 1, 2)
    with pytest.raises(InputError, match="from 0 to 4"):
        maps.neighbours(rows, 5, 2)
    with pytest.raises(InputError, match="metric is 'dot'"):
        maps.neighbours(rows, 0, 2, "dot")


@pytest.mark.parametrize("metric", METRICS)
def test_separation_is_the_mean_silhouette(rng, metric):
    codes = rng.integers(0, 4, 90)
    rows = 2 * rng.standard_normal((4, 8))[codes] + rng.standard_normal((90, 8))
    points = rows[:, :2]
    labels = np.array(list("abcd"))[codes]
    table = maps.separation(points, labels, rows, metric).set_index("label")
    on_map = silhouette_samples(points, codes)
    in_space = silhouette_samples(rows, codes, metric=metric)
    for code, label in enumerate("abcd"):
        assert table.loc[label, "n"] == (codes == code).sum()
        assert table.loc[label, "on_map"] == pytest.approx(on_map[codes == code].mean())
        assert table.loc[label, "in_space"] == pytest.approx(in_space[codes == code].mean())
    assert table["on_map"].is_monotonic_decreasing


def test_separation_leaves_out_blank_labels_and_missing_points(rng):
    points = rng.standard_normal((40, 2))
    labels = ["a", "b", "", None] * 10
    points[0] = np.nan
    table = maps.separation(points, labels, np.hstack([points, points])).set_index("label")
    assert table["n"].to_dict() == {"a": 9, "b": 10}
    kept = [row for row in range(1, 40) if labels[row] in ("a", "b")]
    truth = silhouette_samples(points[kept], [labels[row] for row in kept])
    own = [value for value, row in zip(truth, kept, strict=True) if labels[row] == "a"]
    assert table.loc["a", "on_map"] == pytest.approx(np.mean(own))
    assert table.loc["a", "in_space"] == pytest.approx(np.mean(own))
    assert maps.separation(points, labels)["in_space"].isna().all()
    single = maps.separation(points, ["a", "b", "c", *["a", "b"] * 18, ""])
    assert np.isnan(single.set_index("label").loc["c", "on_map"])
    with pytest.raises(InputError, match="1 category"):
        maps.separation(points, ["a"] * 40)
    with pytest.raises(InputError, match="0 of 40 rows"):
        maps.separation(points, [""] * 40)


def two_groups(rng, n, gap):
    points = rng.standard_normal((2 * n, 2)) * [4, 1]
    points[:n, 1] += gap
    first = np.arange(2 * n) < n
    return points, first


def test_the_classifier_is_scikit_learns(rng):
    points, first = two_groups(rng, 40, 2.0)
    keep = np.r_[0:80] < 60  # unequal groups, which weigh the same
    points, first = points[keep], first[keep]
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", tol=1e-10))
    model.fit(points, first)
    weights, offset = _fit(points, first)
    assert np.allclose(points @ weights + offset, model.decision_function(points), atol=1e-3)


def test_the_classifier_parts_what_is_apart(rng):
    points, first = two_groups(rng, 60, 6.0)
    points[3] = np.nan
    classifier = maps.linear_classifier(points * 50 + 1000, first, ~first)
    assert classifier.accuracy > 0.95
    assert classifier.low <= classifier.accuracy <= classifier.high
    assert (classifier.chance, classifier.n) == (0.5, 119)
    assert classifier.p == pytest.approx(1 / 201)
    assert np.linalg.norm(classifier.normal) == pytest.approx(1)
    sides = np.sign((points * 50 + 1000) @ classifier.normal + classifier.offset)
    usable = np.isfinite(points[:, 0])
    assert np.mean((sides > 0)[usable] == first[usable]) > 0.95
    again = maps.linear_classifier(points * 50 + 1000, first, ~first)
    assert again[1:] == classifier[1:]


def test_groups_that_do_not_differ_are_at_chance(rng):
    points, first = two_groups(rng, 100, 0.0)
    classifier = maps.linear_classifier(points, first, ~first)
    assert classifier.low < 0.5 < classifier.high
    assert classifier.p > 0.05


def test_accuracy_is_balanced_between_unequal_groups(rng):
    points = rng.standard_normal((200, 2))
    first = np.arange(200) < 20
    classifier = maps.linear_classifier(points, first, ~first, permutations=0)
    assert classifier.accuracy < 0.7
    assert np.isnan(classifier.p)


def test_the_ends_lie_on_the_boundary_and_on_the_frame(rng):
    for _ in range(30):
        angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-1, 1)
        normal = np.array([np.cos(angle), np.sin(angle)])
        classifier = maps.LinearClassifier(normal, offset, 1, 1, 1, 0.5, 0, 10)
        (x0, y0), (x1, y1) = classifier.ends((-3, 4), (-2, 2))
        for x, y in ((x0, y0), (x1, y1)):
            assert classifier.normal @ [x, y] + classifier.offset == pytest.approx(0, abs=1e-9)
            assert min(abs(x + 3), abs(x - 4), abs(y + 2), abs(y - 2)) < 1e-9
        assert (x0, y0) != (x1, y1)
    upright = maps.LinearClassifier(np.array([1.0, 0.0]), -1.0, 1, 1, 1, 0.5, 0, 10)
    assert upright.ends((-3, 4), (-2, 2)) is not None
    assert upright._replace(offset=-9.0).ends((-3, 4), (-2, 2)) is None


def test_the_classifier_says_what_it_needs(rng):
    points, first = two_groups(rng, 10, 1.0)
    few = np.arange(20) < 4
    with pytest.raises(InputError, match="first group has 4 points on the map"):
        maps.linear_classifier(points, few, ~first)
    with pytest.raises(InputError, match=r"second group has 4 .* at least 8"):
        maps.linear_classifier(points, np.arange(20) > 9, few, folds=8)
    with pytest.raises(InputError, match="share 10 points"):
        maps.linear_classifier(points, first, first)
    with pytest.raises(InputError, match="one True or False"):
        maps.linear_classifier(points, np.arange(20), first)
    with pytest.raises(InputError, match="in one place"):
        maps.linear_classifier(np.ones((20, 2)), first, ~first)
