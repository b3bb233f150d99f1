"""The rules for k on planted data, against scikit-learn, and the job in the store."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_score

from core import clusters, datasets
from core.clusters import ClustersRequest
from core.clusters.choice import recommend
from core.clusters.job import run
from core.clusters.metrics import METRICS
from core.clusters.separation import PlacedClusters, emptiness, halved
from core.errors import Cancelled, InputError


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def blobs(rng, k, each=60, v=8):
    truth = np.repeat(np.arange(k), each)
    return 3 * rng.standard_normal((k, v))[truth] + 0.4 * rng.standard_normal((k * each, v))


def quick(responses, ks=range(2, 7), metric="correlation", **changed):
    drawn = {"references": 5, "resamples": 4}
    drawn |= {name: changed.pop(name) for name in ("most",) if name in changed}
    resampling = clusters.Resampling(**drawn)
    return clusters.choose_k(responses, ks, metric, resampling=resampling, **changed)


@pytest.mark.parametrize("metric", ["correlation", "cosine", "euclidean"])
def test_the_rules_find_planted_clusters(rng, metric):
    found = quick(blobs(rng, 4), metric=metric)
    assert {rule: k for rule, k in found.chosen.items() if rule != "stability"} == {
        "r2": 4,
        "silhouette": 4,
        "gap": 4,
    }
    # Halving one of four clear clusters at random still leaves resamples much alike.
    assert found.chosen["stability"] >= 4
    assert found.table["stability"].max() == found.table.set_index("k")["stability"][4] == 1
    assert found.k == 4
    assert found.recommendation.startswith("4 clusters: one more cluster adds less than 0.01")


@pytest.mark.parametrize("metric", ["correlation", "euclidean"])
def test_the_gap_statistic_finds_one_cluster_where_there_is_one(rng, metric):
    centre = 10 * np.eye(1, 8) if metric == "correlation" else 0.0
    found = quick(rng.standard_normal((300, 8)) + centre, metric=metric)
    assert found.chosen["gap"] == 1
    assert found.k == 1
    assert "no clusters at all" in found.recommendation


def gradual(kind, rng, n=300, v=12):
    """Responses without clusters: a density of one peak, or a line that nothing interrupts."""
    axes, along = rng.standard_normal((3, v)), rng.uniform(-2, 2, (n, 2))
    noise = 0.3 * rng.standard_normal((n, v))
    bend = np.pi * 0.4 * along[:, :1]
    return {
        "noise": rng.standard_normal((n, v)),
        "common factor": rng.standard_normal((n, 1)) + noise,
        "line": along[:, :1] @ axes[:1] + noise,
        "plane": along @ axes[:2] + noise,
        "curve": 2 * np.hstack([np.cos(bend), np.sin(bend)]) @ axes[:2] + noise,
        "skewed": rng.exponential(1, (n, v)) @ rng.standard_normal((v, v)),
        "heavy": rng.standard_t(3, (n, v)) @ rng.standard_normal((v, v)),
    }[kind]


@pytest.mark.parametrize(
    "kind", ["noise", "common factor", "line", "plane", "curve", "skewed", "heavy"]
)
def test_what_varies_gradually_has_no_clusters(rng, kind):
    found = quick(gradual(kind, rng), range(2, 7))
    assert found.k == 1
    assert "no clusters at all" in found.recommendation
    assert 1 < found.shown == (found.chosen["r2"] or found.chosen["silhouette"])
    assert min(found.apart.values()) > 0.05


def test_clusters_that_overlap_are_found(rng):
    """Six of standard deviation 1.2 around centres of 1, which the gap statistic misses."""
    centres = rng.standard_normal((6, 24))
    rows = centres[rng.integers(0, 6, 900)] + 1.2 * rng.standard_normal((900, 24))
    found = quick(rows, [5, 6])
    assert found.k == found.shown == 6
    assert found.apart[6] <= 0.05
    assert "no clusters" not in found.recommendation


def test_two_clusters_of_unequal_size_on_a_slope_are_found(rng):
    rows = gradual("line", rng, 500) / 4
    rows[:120] += 5 * np.eye(1, 12)
    found = quick(rows, range(2, 5), metric="euclidean")
    assert found.apart[found.k] <= 0.05


def test_rows_of_one_stimulus_stay_on_one_side():
    groups = np.repeat(np.arange(9), [1, 2, 3] * 3)
    first, second = halved(groups, [0])
    assert (first ^ second).all()
    assert not set(groups[first]) & set(groups[second])
    assert len(set(groups[first])) == 4


def test_too_few_rows_cannot_be_set_apart(rng):
    assert clusters.measure_separation(rng.standard_normal((5, 4)), 3, "correlation", 0) == 1.0
    assert clusters.measure_separation(np.ones((30, 4)), 3, "euclidean", 0) == 1.0


def test_emptiness_counts_by_hand():
    """Means near 0 and 12, without the row itself: rows below 2 away count, and those midway."""
    centroids = np.array([[0.0], [12.0]])
    sparser = np.zeros((2, 2), dtype=bool)
    placed = PlacedClusters(centroids, centroids[:, None], METRICS["euclidean"], sparser)
    rows = np.array([-1.0, -3, -1, 0, 5, 11, 12, 13, 17, 7])[:, None]
    counts = emptiness(placed, rows)
    assert (counts.between, counts.at) == (2, 3)
    few = sum(math.comb(5, n) * 9**n * 10 ** (5 - n) for n in range(3)) / 19**5
    assert counts.p == pytest.approx(few)
    assert emptiness(placed, rows[[0, 7]]) == (0, 0)


def test_few_rows_of_noise_are_not_set_apart():
    """Where cells hold a few rows, none counts as lying near itself."""
    ps = [
        clusters.measure_separation(rng.standard_normal((80, 7)), 12, "correlation", 0)
        for rng in map(np.random.default_rng, range(5))
    ]
    assert min(ps) > 0.05


def test_the_table_follows_its_definitions(rng):
    rows = rng.standard_normal((150, 6))
    found = quick(rows, [2, 3, 5])
    table = found.table.set_index("k")
    fits = {k: clusters.fit(rows, k) for k in (2, 3, 4, 5, 6)}
    assert table["objective"].tolist() == [fits[k].objective for k in (2, 3, 5)]
    assert table["gain"].tolist() == [fits[k + 1].r2 - fits[k].r2 for k in (2, 3, 5)]
    for k in (2, 3, 5):
        labels = found.clusterings[k].labels
        assert np.array_equal(labels, fits[k].labels)
        truth = silhouette_score(rows, labels, metric="correlation")
        assert table["silhouette"][k] == pytest.approx(truth, abs=1e-4)
    assert (table["stability_low"] <= table["stability"]).all()
    assert (table["stability"] <= table["stability_high"]).all()


def test_the_same_seed_gives_the_same_table(rng):
    rows = rng.standard_normal((80, 5))
    first, again = quick(rows, seed=2), quick(rows, seed=2)
    pd.testing.assert_frame_equal(first.table, again.table)


def test_many_rows_are_thinned_and_the_result_says_so(rng):
    rows = blobs(rng, 3)
    rows[4] = np.nan
    found = quick(rows, most=60)
    assert (found.rows, found.most_rows) == (179, 60)
    assert found.chosen["silhouette"] == found.chosen["gap"] == 3


def test_k_above_the_rows_is_left_out_and_said(rng):
    found = quick(rng.standard_normal((4, 6)), range(2, 9))
    assert found.table["k"].tolist() == [2, 3, 4]
    assert np.isnan(found.table["gain"].iloc[-1])
    assert "above the 4 usable rows" in found.notes[0]


def test_identical_points_are_no_reason_to_fail():
    found = quick(np.tile([1.0, 2, 4], (30, 1)), [2, 3])
    assert found.table["r2"].tolist() == [0, 0]
    assert found.chosen["gap"] is None
    assert found.k == 1
    assert found.shown == 2


def test_one_cluster_is_a_valid_number(rng):
    found = quick(rng.standard_normal((60, 5)), [1, 2])
    assert found.table["r2"][0] == 0
    assert np.isnan(found.table["silhouette"][0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ks": []}, "numbers of clusters"),
        ({"ks": [0, 2]}, "numbers of at least 1"),
        ({"ks": [50]}, "20 of 20 rows"),
    ],
)
def test_bad_settings_get_one_clear_message(rng, arguments, message):
    with pytest.raises(InputError, match=message):
        clusters.choose_k(rng.standard_normal((20, 4)), **{"ks": [2], **arguments})


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"references": 1}, "references is 1"),
        ({"resamples": 0}, "resamples is 0"),
        ({"most": 1}, "most is 1"),
    ],
)
def test_too_few_draws_get_one_clear_message(numbers, message):
    with pytest.raises(InputError, match=message):
        clusters.Resampling(**numbers)


def test_the_calls_of_the_contract(rng):
    rows = blobs(rng, 3, each=20)
    choice = clusters.choose_k(rows, range(2, 5), minimum_gain=0.02)
    assert (choice.k, choice.minimum_gain) == (3, 0.02)
    usual = clusters.choose_k(rows, range(2, 5), resampling=clusters.Resampling())
    pd.testing.assert_frame_equal(choice.table, usual.table)


@pytest.mark.parametrize(
    ("apart", "by_gain", "k", "says"),
    [
        ({3: 0.01}, 3, 3, "adds less than"),
        ({2: 0.05, 4: 0.04, 3: 0.9}, 3, 2, "nearest number whose"),
        ({2: 0.01, 3: 0.04}, None, 3, "largest silhouette"),
        ({2: 0.2, 3: 0.06}, 3, 1, "those of no k from 2 to 3 are set apart"),
        ({}, None, 1, "can be tested"),
    ],
)
def test_the_recommendation_follows_its_rule(apart, by_gain, k, says):
    columns = {"stability": [0.9, 0.5, np.nan], "silhouette": [0.1, 0.3, 0.2]}
    table = pd.DataFrame(columns, index=[2, 3, 4])
    found, sentence = recommend(table, {"r2": by_gain}, apart, 0.01)
    assert found == k
    assert says in sentence


def test_stability_alone_recommends_nothing():
    table = pd.DataFrame({"stability": [1.0], "silhouette": [0.9]}, index=[2])
    assert recommend(table, {"r2": 2, "stability": 2}, {2: 0.3}, 0.01)[0] == 1


def test_progress_rises_and_can_stop_it(rng):
    told = []
    quick(rng.standard_normal((60, 5)), progress=lambda *news: told.append(news))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < fractions[-1] < 1

    def stop(fraction, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        quick(rng.standard_normal((60, 5)), progress=stop)


REQUEST = {
    "dataset": "simulated",
    "subject": "S1",
    "options": {"stimuli": 80, "subjects": 2},
    "source": "regions",
    "metric": "correlation",
    "ks": [2, 3, 4],
    "references": 2,
    "resamples": 2,
}


def ignore(fraction, message):
    """A progress that nobody watches."""


def test_the_job_keeps_its_result(tmp_path):
    request = ClustersRequest.from_json(REQUEST)
    key = run(request, ignore, tmp_path)["key"]
    loaded = clusters.load(key)
    assert key == request.key() == ClustersRequest.from_json(REQUEST).key()
    rows = clusters.rows_of(request.open(), "regions")
    resampling = clusters.Resampling(2, 2)
    groups = rows.stimuli
    fresh = clusters.choose_k(rows.responses, [2, 3, 4], resampling=resampling, groups=groups)
    pd.testing.assert_frame_equal(loaded.table, fresh.table)
    assert loaded.chosen == fresh.chosen
    assert loaded.apart == fresh.apart
    assert loaded.recommendation == fresh.recommendation
    assert list(loaded.clusterings) == [2, 3, 4]
    for k, clustering in fresh.clusterings.items():
        assert np.array_equal(loaded.clusterings[k].labels, clustering.labels)
        assert np.array_equal(loaded.clusterings[k].centroids, clustering.centroids)
        assert np.array_equal(loaded.clusterings[k].sizes, clustering.sizes)
        assert loaded.clusterings[k].r2 == clustering.r2
    assert clusters.load("clusters-" + 32 * "0") is None


def test_the_key_changes_with_what_matters():
    def key(**change):
        return ClustersRequest.from_json({**REQUEST, **change}).key()

    for change in ({"seed": 1}, {"metric": "cosine"}, {"ks": [2]}, {"roi": ["V1"]}):
        assert key(**change) != key()
    assert key(ks=(2, 3, 4), seed=0) == key()


def test_the_job_pools_subjects_and_takes_some_stimuli(tmp_path):
    ids = datasets.load("simulated", **REQUEST["options"]).stimuli["id"].tolist()[:50]
    request = {**REQUEST, "subjects": ["S1", "S2"], "source": "pooled", "stimuli": ids, "ks": [2]}
    request = ClustersRequest.from_json(request)
    found = clusters.load(run(request, ignore, tmp_path)["key"])
    assert found.rows == 100
    assert len(found.clusterings[2].labels) == 100


@pytest.mark.parametrize("seed", range(3))
def test_six_clusters_of_which_two_nearly_touch_are_set_apart_at_some_k(seed):
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((6, 8))
    rows = centres[rng.integers(0, 6, 1500)] + 0.6 * rng.standard_normal((1500, 8))
    ps = [clusters.measure_separation(rows, k, "euclidean", 0) for k in range(2, 8)]
    assert min(ps) <= clusters.LEVEL


@pytest.mark.parametrize("bend", [0.0, np.pi])
def test_a_line_and_a_curve_are_set_apart_at_no_k(bend, rng):
    along = rng.uniform(0, 1, 600)
    plane = (
        np.stack([along, np.zeros(600)], 1)
        if bend == 0
        else np.stack([np.sin(bend * along), np.cos(bend * along)], 1)
    )
    rows = plane @ rng.standard_normal((2, 12)) + 0.2 * rng.standard_normal((600, 12))
    ps = [clusters.measure_separation(rows, k, "euclidean", 0) for k in range(2, 8)]
    assert min(ps) > clusters.LEVEL
