"""Label ratios by hand, profiles, compositions, pools and consistency with its null."""

import dataclasses

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn import metrics
from sklearn.cluster import KMeans

from core import clusters, datasets, maps
from core.errors import InputError, NotFoundError


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture(scope="module")
def subjects():
    options = {"stimuli": 80, "subjects": 2}
    return [datasets.load("simulated", subject=name, **options) for name in ("S1", "S2")]


LABELS = [("dog", "cat"), ("dog", "dog"), ("dog",), ("cat",), ("cat", ""), (), ("sky",)]


def test_label_ratios_by_hand():
    table = clusters.label_table(LABELS, [0, 1, 5]).set_index("label")
    dog = table.loc["dog"]
    assert (dog["inside"], dog["outside"]) == (2, 1)
    assert (dog["share_inside"], dog["share_outside"]) == (1.0, 0.25)
    ratio = (2.5 / 3) / (1.5 / 5)
    assert dog["ratio"] == pytest.approx(ratio)
    error = np.sqrt(1 / 2.5 - 1 / 3 + 1 / 1.5 - 1 / 5)
    assert dog["low"] == pytest.approx(ratio * np.exp(-1.96 * error), rel=1e-4)
    assert dog["high"] == pytest.approx(ratio * np.exp(1.96 * error), rel=1e-4)
    assert dog["log_ratio"] == pytest.approx(np.log2(ratio))
    assert (table.loc["sky", "inside"], table.loc["sky", "outside"]) == (0, 1)
    assert table["low"].is_monotonic_decreasing
    assert np.isfinite(table.to_numpy()).all()


def test_a_mask_and_rows_are_one_thing():
    mask = np.isin(np.arange(7), [0, 1, 5])
    assert clusters.label_table(LABELS, mask).equals(clusters.label_table(LABELS, [0, 1, 5]))


def test_intervals_cover_the_truth(rng):
    inside, outside, draws = 100, 900, 400
    covered = 0
    for _ in range(draws):
        has = np.concatenate([rng.random(inside) < 0.15, rng.random(outside) < 0.05])
        table = clusters.label_table([("a",) if x else ("b",) for x in has], np.arange(inside))
        row = table[table["label"] == "a"].iloc[0]
        covered += row["low"] <= 3.0 <= row["high"]
    assert 0.92 < covered / draws <= 0.98


def test_missing_labels_are_no_error():
    assert clusters.label_table([(), (), ("",)], [0]).empty
    assert clusters.label_table([], []).empty
    nobody = clusters.label_table(LABELS, [])
    assert nobody["share_inside"].isna().all()
    everybody = clusters.label_table(LABELS, np.ones(7, dtype=bool))
    assert everybody["share_outside"].isna().all()
    assert clusters.labelled(LABELS).tolist() == [True] * 5 + [False, True]
    assert clusters.word_weights(clusters.label_table([()], [0])) == {}


def test_weights_of_words_by_count_and_by_ratio():
    labels = [("sky", "dog")] * 30 + [("sky", "cat")] * 300
    table = clusters.label_table(labels, np.arange(30))
    assert clusters.word_weights(table) == {"sky": 30, "dog": 30}
    assert list(clusters.word_weights(table, "log-ratio")) == ["dog"]
    with pytest.raises(InputError, match="count, log-ratio"):
        clusters.word_weights(table, "size")


@pytest.mark.parametrize(
    ("members", "prior", "message"),
    [
        (np.ones(3, dtype=bool), 0.5, "members has 3 rows"),
        ([9], 0.5, "rows 9 to 9"),
        ([0], 0.0, "prior is 0.0"),
    ],
)
def test_bad_members_are_refused(members, prior, message):
    with pytest.raises(InputError, match=message):
        clusters.label_table(LABELS, members, prior)


def test_profiles_are_means_and_deviations_over_members(rng):
    rows = rng.standard_normal((40, 3))
    rows[2] = np.nan
    found = clusters.fit(rows, 3)
    table = clusters.profile(found, rows, ["V1", "V2", "V3"])
    assert table["name"].tolist() == ["V1", "V2", "V3"] * 3
    for cluster in range(3):
        part = table[table["cluster"] == cluster]
        members = rows[found.labels == cluster]
        assert np.allclose(part["mean"], members.mean(axis=0))
        assert np.allclose(part["sd"], members.std(axis=0, ddof=1))
        assert (part["count"] == len(members)).all()
    alone = clusters.profile(clusters.fit(np.eye(3), 3), np.eye(3), ["a", "b", "c"])
    assert alone["sd"].isna().all()
    with pytest.raises(InputError, match="names has 2 rows"):
        clusters.profile(found, rows, ["V1", "V2"])


def test_composition_agrees_with_scikit_learn(rng):
    rows = rng.standard_normal((60, 4))
    rows[0] = np.nan
    found = clusters.fit(rows, 3)
    values = rng.choice(["COCO", "Scene", ""], 60).astype(object)
    values[1], values[2], values[3] = None, np.nan, "  "
    composed = clusters.composition(found, values)
    known = [isinstance(value, str) and bool(value.strip()) for value in values]
    known = np.array(known) & (found.labels >= 0)
    truth, labels = values[known].astype(str), found.labels[known]
    assert composed.adjusted_rand == pytest.approx(metrics.adjusted_rand_score(truth, labels))
    assert composed.normalised_mutual_information == pytest.approx(
        metrics.normalized_mutual_info_score(truth, labels)
    )
    assert composed.known == known.sum()
    assert composed.table.columns[-1] == "unknown"
    assert composed.table.to_numpy().sum() == 59
    assert composed.table.sum(axis=1).tolist() == found.sizes.tolist()


@pytest.mark.parametrize("values", [[""] * 9, ["one"] * 9, [*("a" * 8), "b"]])
def test_composition_is_undefined_where_nothing_can_agree(rng, values):
    found = clusters.fit(rng.standard_normal((9, 3)), 1 if "b" in values else 2)
    composed = clusters.composition(found, values)
    assert composed.adjusted_rand is None
    assert composed.normalised_mutual_information is None


def test_numbers_are_values_too(rng):
    found = clusters.fit(rng.standard_normal((6, 3)), 2)
    assert set(clusters.composition(found, [1, 1, 2, 2, 3, 3]).table.columns) == {"1", "2", "3"}


def test_pooled_rows_are_z_within_subject_on_shared_regions(subjects):
    first, second = subjects
    second = dataclasses.replace(second, regions=second.regions[::-1][:-2])
    rows = clusters.pooled([first, second])
    assert rows.names == tuple(name for name in first.regions if name in second.regions)
    assert rows.responses.shape == (160, len(rows.names))
    assert rows.responses.dtype == np.float32
    assert rows.subjects.tolist() == ["S1"] * 80 + ["S2"] * 80
    assert rows.stimuli.tolist() == [*range(80), *range(80)]
    for part in (rows.responses[:80], rows.responses[80:]):
        assert np.allclose(part.mean(axis=0), 0, atol=1e-5)
        assert np.allclose(part.std(axis=0), 1, atol=1e-5)
    column = first.region_means()[:, first.regions.index(rows.names[0])].astype(float)
    z = (column - column.mean()) / column.std()
    assert np.allclose(rows.responses[:80, 0], z, atol=1e-5)


def test_missing_rows_and_constant_regions_in_a_pool(subjects):
    ds = subjects[0]
    betas = np.array(ds.betas)
    betas[:, ds.rois[ds.regions[1]]] = 0.3
    betas[ds.trial_rows == 4] = np.nan
    rows = clusters.pooled([dataclasses.replace(ds, betas=betas), subjects[1]])
    assert np.isnan(rows.responses[4]).all()
    assert not np.isnan(np.delete(rows.responses, 4, axis=0)).any()
    constant = rows.names.index(ds.regions[1])
    assert not np.delete(rows.responses, 4, axis=0)[:79, constant].any()


def test_what_cannot_be_pooled_says_why(subjects):
    first, second = subjects
    with pytest.raises(InputError, match="no counterpart"):
        clusters.pooled(subjects, "voxels")
    with pytest.raises(InputError, match="No subject"):
        clusters.pooled([])
    with pytest.raises(InputError, match="No region is shared by S1"):
        clusters.pooled([first, dataclasses.replace(second, regions=("V1",))])
    with pytest.raises(NotFoundError, match="do not share the region 'nowhere'"):
        clusters.pooled(subjects, regions=["nowhere"])


def test_the_points_of_a_map_are_the_stored_map(subjects):
    ds = subjects[0]
    rows = clusters.rows_of([ds], "map", ["V1"], seed=3)
    drawn = maps.load(maps.result_key(ds, "responses", "tsne", 3, roi=["V1"]))
    np.testing.assert_array_equal(rows.responses, drawn.coordinates.astype(np.float32))
    assert rows.names == ("x", "y")
    found = clusters.fit(rows.responses, 3, metric="euclidean")
    expected = KMeans(3, n_init=20, random_state=0).fit(drawn.coordinates)
    assert found.objective <= expected.inertia_ * (1 + 1e-6)


def test_rows_of_voxels_and_regions(subjects):
    ds = subjects[0]
    voxels = clusters.rows_of([ds], "voxels", ["V1"])
    assert np.array_equal(voxels.responses, ds.responses(["V1"]))
    assert voxels.names[0] == f"unit {ds.units('V1')[0]}"
    means = clusters.rows_of([ds])
    assert np.array_equal(means.responses, ds.region_means())
    assert means.names == ds.regions
    some = clusters.rows_of([ds], "regions", list(ds.regions[3:5]))
    assert np.allclose(some.responses, ds.region_means()[:, 3:5], atol=1e-6)
    with pytest.raises(InputError, match="regions of 2 subjects"):
        clusters.rows_of(subjects, "regions")
    with pytest.raises(InputError, match="regions, voxels, pooled"):
        clusters.rows_of(subjects, "trials")


def test_rows_of_single_trials_are_the_trials_of_a_stimulus(subjects):
    ds = subjects[0]
    rows = clusters.rows_of([ds], "single trials")
    assert rows.ids([ds]).tolist() == ds.trials["id"].tolist()
    assert np.array_equal(rows.responses, ds.region_means(repeats="all"))
    assert rows.names == ds.regions
    for column, name in enumerate(ds.regions):
        means = ds.responses(name, "all").mean(axis=1, dtype=np.float64)
        np.testing.assert_allclose(rows.responses[:, column], means, rtol=1e-6, atol=1e-7)


def test_a_stimulus_counts_where_most_of_its_trials_are():
    subjects = np.array(["a", "a", "a", "a", "b", "b", "b"])
    stimuli = np.array([0, 0, 0, 1, 0, 2, 2])
    rows = clusters.Observations(np.zeros((7, 1)), subjects, stimuli, ("x",), "z")
    used, is_in = rows.stimuli_in(np.array([1, 0, 1, -1, 0, 1, 0]))
    assert used.tolist() == [0, 4, 5]
    assert is_in.tolist() == [True, False, False]


def test_matches_agree_with_scipy_and_undo_a_permutation(rng):
    a, b = rng.standard_normal((5, 9)), rng.standard_normal((3, 9))
    found = clusters.match(a, b)
    r = np.corrcoef(a, b)[:5, 5:]
    rows, columns = linear_sum_assignment(-r)
    assert np.array_equal(found.first, rows)
    assert np.array_equal(found.second, columns)
    assert np.allclose(found.r, r[rows, columns])
    order = rng.permutation(5)
    again = clusters.match(a, 3 * a[order] + 1)
    assert np.array_equal(order[again.second], again.first)
    assert np.allclose(again.r, 1)


def test_a_constant_centroid_matches_nothing(rng):
    found = clusters.match(np.array([[2.0, 2, 2]]), rng.standard_normal((1, 3)))
    assert found.r.tolist() == [0]


def test_consistency_counts_by_hand(rng):
    a = rng.standard_normal((2, 8))
    null = [[rng.standard_normal((2, 8)) for _ in range(3)] for _ in range(9)]
    found = clusters.consistency([a, a[::-1], -a], null, ["x", "y", "z"])
    assert found.matrix[0, 1] == pytest.approx(1)
    assert np.allclose(found.matrix, found.matrix.T)
    assert found.mean == pytest.approx(found.pairs["r"].mean())
    assert found.above == pytest.approx((found.pairs["r"] > 0.8).mean())
    assert found.p == (1 + (found.null >= found.mean).sum()) / 10
    assert np.isnan(clusters.consistency([a, a]).p)
    with pytest.raises(InputError, match="1 clusterings"):
        clusters.consistency([a])
    with pytest.raises(InputError, match="at least 3"):
        clusters.match(a[:, :2], a[:, :2])
    with pytest.raises(InputError, match="has 7 rows"):
        clusters.match(a, a[:, :7])


def test_surrogates_keep_means_and_covariances(rng):
    rows = rng.standard_normal((20_000, 4)) @ rng.standard_normal((4, 4)) + [1, 2, 3, 4]
    rows[5] = np.nan
    drawn = clusters.surrogate(rows, seed=1)
    assert np.isnan(drawn[5]).all()
    rows, drawn = np.delete(rows, 5, axis=0), np.delete(drawn, 5, axis=0)
    assert np.allclose(np.sort(drawn, axis=0), np.sort(rows, axis=0), rtol=1e-6)
    assert np.allclose(np.cov(drawn.T), np.cov(rows.T), atol=0.1)
    assert np.array_equal(clusters.surrogate(rows, 1), clusters.surrogate(rows, 1))
    assert clusters.surrogate(rng.standard_normal((5, 40))).shape == (5, 40)
    with pytest.raises(InputError, match="1 row is usable"):
        clusters.surrogate(np.array([[1.0, 2], [np.nan, np.nan]]))


def skewed(rng, n=300, v=9):
    """Mixtures of skewed sources: matches are high without any cluster."""
    axes = np.linalg.qr(rng.standard_normal((v, v)))[0] * [3, 2, 1.5, *[0.6] * (v - 3)]
    return (rng.exponential(1, (n, v)) - 1) @ axes.T


def test_surrogates_keep_values_covariance_and_the_shared_signal(rng):
    signal = skewed(rng, 2000)
    rows = [signal + 0.5 * rng.standard_normal(signal.shape) for _ in range(2)]
    drawn = clusters.Surrogates(rows).draw(3)
    for own, of_surrogate in zip(rows, drawn, strict=True):
        assert np.allclose(np.sort(of_surrogate, axis=0), np.sort(own, axis=0), rtol=1e-5)
        deviation = np.sqrt(np.outer(own.var(axis=0), own.var(axis=0)))
        assert np.abs((np.cov(of_surrogate.T) - np.cov(own.T)) / deviation).max() < 0.05
        r = [np.corrcoef(a, b)[0, 1] for a, b in zip(own.T, of_surrogate.T, strict=True)]
        assert np.abs(r).max() < 0.1
    shared, kept = (np.corrcoef(*[part.T for part in pair]) for pair in (rows, drawn))
    assert np.abs(shared - kept).max() < 0.1


def test_surrogates_line_up_stimuli_by_their_ids(rng):
    """The signal of the stimuli that both saw is kept, whatever their order."""
    signal = rng.standard_normal((600, 4))
    seen = [rng.permutation(600)[:500] for _ in range(2)]
    rows = [signal[own] for own in seen]
    rows[0][7] = np.nan
    drawn = clusters.Surrogates(rows, [np.array([f"i{n}" for n in own]) for own in seen]).draw(0)
    assert np.isnan(drawn[0][7]).all()
    common = np.intersect1d(np.delete(seen[0], 7), seen[1])
    first, second = (
        part[[np.flatnonzero(own == n)[0] for n in common]]
        for part, own in zip(drawn, seen, strict=True)
    )
    assert min(np.corrcoef(first[:, i], second[:, i])[0, 1] for i in range(4)) > 0.9
    apart = clusters.Surrogates([rows[0], rows[1][:400]]).draw(0)
    assert len(apart[1]) == 400
    with pytest.raises(InputError, match="The list of stimuli"):
        clusters.Surrogates(rows, [seen[0], seen[1][:3]])


@pytest.mark.parametrize("shared", [False, True])
def test_skewed_responses_do_not_come_back_as_clusters(shared):
    ps = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        axes = np.random.default_rng([seed, 9])
        signal = skewed(axes)
        rows = [signal + 0.5 * rng.standard_normal(signal.shape) for _ in range(3)]
        if not shared:
            rows = [rng.permutation(part, axis=0) for part in rows]
        ps.append(clusters.consistency_across_subjects(rows, 4, surrogates=19, seed=seed).p)
    assert min(ps) > 0.05


def test_p_is_the_larger_of_matching_and_separation(rng):
    rows = [skewed(rng) for _ in range(2)]
    found = clusters.consistency_across_subjects(rows, 3, surrogates=9)
    assert found.p == max(found.p_match, found.p_apart)
    assert found.p_match == (1 + (found.null >= found.mean).sum()) / 10
    assert clusters.consistency_across_subjects(rows, 1, surrogates=0).p_apart == 1


def test_correlated_columns_alone_are_not_consistent(rng):
    """Matches are high, and so are those of the surrogates."""
    mixing = rng.standard_normal((10, 10)) * np.linspace(3, 0.1, 10)[:, None]
    rows = [rng.standard_normal((300, 10)) @ mixing for _ in range(3)]
    found = clusters.consistency_across_subjects(rows, 3, surrogates=19)
    assert found.mean > 0.7
    assert found.p > 0.05


def test_shared_clusters_are_consistent(rng):
    centres = 2 * rng.standard_normal((4, 10))
    rows = [centres[rng.integers(0, 4, 200)] + rng.standard_normal((200, 10)) for _ in range(3)]
    told = []
    found = clusters.consistency_across_subjects(
        rows, 4, surrogates=99, names=["a", "b", "c"], progress=lambda *news: told.append(news)
    )
    assert found.names == ("a", "b", "c")
    assert found.mean > 0.95
    assert found.p_match == 0.01
    assert found.p <= 0.01
    assert len(told) == 99


def test_consistency_across_numbers_of_clusters(rng):
    rows = rng.standard_normal((100, 6))
    found = clusters.consistency_across_k(rows, [2, 3, 4], surrogates=3)
    assert found.names == ("k = 2", "k = 3", "k = 4")
    assert len(found.pairs) == 2 + 2 + 3
    assert len(found.null) == 3
    same = clusters.consistency_across_k(rows, [2, 3, 4], surrogates=3)
    assert np.array_equal(found.null, same.null)
    with pytest.raises(InputError, match="at least two"):
        clusters.consistency_across_k(rows, [3])
    with pytest.raises(InputError, match="at least two"):
        clusters.consistency_across_subjects([rows], 3)
