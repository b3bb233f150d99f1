"""Measures against loops; intervals and p-values where the predictions hold nothing."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, t

from core import scores
from core.errors import InputError

FEW = {"permutations": 19, "resamples": 19}


def cosine(a, b):
    return float(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def evaluate(predicted, images, image, category, subject=None, **options):
    return scores.evaluate(scores.Queries(predicted, images, image, category, subject), **options)


def drawn(q=40, m=30, d=6, categories=6, seed=0, signal=0.5):
    rng = np.random.default_rng(seed)
    images = rng.standard_normal((m, d))
    image = rng.integers(0, m, q)
    predicted = signal * images[image] + rng.standard_normal((q, d))
    return predicted, images, image, np.array([f"c{i % categories}" for i in range(m)])


def value(table, measure, column="value"):
    return table.set_index("measure").loc[measure, column]


def over_images(credit, image, subject=None):
    """Mean over queries of an image and subject, then over subjects, then over images."""
    subject = np.zeros(len(image)) if subject is None else subject
    of_images = []
    for one in sorted(set(image)):
        of_subjects = []
        for who in sorted(set(subject)):
            own = [credit[i] for i in range(len(image)) if (image[i], subject[i]) == (one, who)]
            if own:
                of_subjects.append(sum(own) / len(own))
        of_images.append(sum(of_subjects) / len(of_subjects))
    return sum(of_images) / len(of_images)


def unequal(sizes, predict, seed, repeats=1, **options):
    """Scores of predictions of noisy images around orthogonal centres, one a category."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    centres = np.eye(len(sizes))
    images = centres[codes] + 0.1 * rng.standard_normal((len(codes), len(sizes)))
    image = np.repeat(np.arange(len(codes)), repeats)
    return evaluate(
        predict(rng, codes, centres, len(image)),
        images,
        image,
        np.array([f"c{code:02}" for code in codes]),
        seed=seed,
        permutations=1,
        **options,
    )


def constant(rng, codes, centres, count):
    return np.repeat(centres[:1], count, axis=0)


def as_often_as_the_sizes(rng, codes, centres, count):
    return centres[rng.choice(codes, count)] + 0.1 * rng.standard_normal((count, len(centres)))


def noise(rng, codes, centres, count):
    return rng.standard_normal((count, len(centres)))


def test_a_case_by_hand():
    angles = np.radians([0.0, 20.0, 90.0, 130.0])
    images = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    asked = np.radians([5.0, 62.0, 12.0, 100.0])
    predicted = 3 * np.stack([np.cos(asked), np.sin(asked)], axis=1)
    # 5 is nearest to 0; 62 to 90, then 20; 12 to 20, then 0; 100 to 90.
    table = evaluate(predicted, images, [0, 1, 0, 2], list("aabb"), **FEW)
    assert value(table, "median-rank") == 1.5
    two_way = [(1.0 + 2 / 3) / 2, 2 / 3, 1.0]
    assert value(table, "two-way") == pytest.approx(np.mean(two_way))
    # Prototypes stand at 10 and 110 degrees, and 62 is nearer to the wrong one.
    assert value(table, "top-1") == pytest.approx((1 + 0 + 1) / 3)
    # Two images of a and one of b were viewed; a third of the predictions says a.
    assert value(table, "top-1", "chance") == pytest.approx((2 * 1 + 1 * 2) / 9)
    assert value(table, "median-rank", "chance") == 2.5
    # Of the first image 1 of 2 queries is right, of the second none, of the third its only one.
    assert value(table, "image top-1") == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert value(table, "image top-1", "chance") == 1 / 4
    # Among a: 5 is nearer to 0, 62 to 20, 12 to 20 (not its own); among b 100 to 90.
    assert value(table, "two-way within category") == pytest.approx((1 / 2 + 1 + 1) / 3)
    measures = ["top-1", "two-way", "median-rank", "image top-1", "two-way within category"]
    assert table["measure"].tolist() == measures
    assert table["n"].tolist() == [4] * 5
    assert table["images"].tolist() == [3] * 5
    assert table["candidates"].tolist() == [2, 4, 4, 4, 2]
    assert set(table["permuted"]) == {"images"}


@pytest.mark.parametrize("subjects", [1, 3])
def test_every_measure_is_that_of_a_loop(subjects):
    predicted, images, image, category = drawn(80)
    subject = np.random.default_rng(5).choice(
        subjects, 80, p=[0.7, 0.2, 0.1] if subjects > 1 else [1]
    )
    names = sorted(set(category))
    prototypes = {
        name: np.mean([unit(images[i]) for i in np.flatnonzero(category == name)], axis=0)
        for name in names
    }
    credit = {name: [] for name in ("top-1", "top-5", "two-way", "median-rank")}
    chance = {"top-1": [], "top-5": []}
    seen = sorted(set(image))
    for row, right in zip(predicted, image, strict=True):
        near = sorted(names, key=lambda name: -cosine(row, prototypes[name]))
        credit["top-1"].append(near[0] == category[right])
        credit["top-5"].append(category[right] in near[:5])
        chance["top-1"].append(np.mean([category[other] == near[0] for other in seen]))
        chance["top-5"].append(np.mean([category[other] in near[:5] for other in seen]))
        own = cosine(row, images[right])
        others = [cosine(row, images[j]) for j in range(30) if j != right]
        credit["two-way"].append(np.mean([other < own for other in others]))
        credit["median-rank"].append(1 + sum(other > own for other in others))
    for given in (None, prototypes):
        queries = (predicted, images, image, category, subject)
        table = evaluate(*queries, prototypes=given, leave_own_out=False, **FEW)
        for name, found in credit.items():
            mean = over_images(found, image, subject)
            expected = np.median(found) if "rank" in name else mean
            assert value(table, name) == pytest.approx(expected), name
        for name, found in chance.items():
            expected = over_images(found, image, subject)
            assert value(table, name, "chance") == pytest.approx(expected), name
    assert table.attrs["prototypes"] == "given"
    assert set(table["permuted"]) == {"categories"}


def test_the_viewed_image_is_left_out_of_its_prototype():
    predicted, images, image, category = drawn()
    correct = []
    for row, right in zip(predicted, image, strict=True):
        best = {}
        for name in set(category):
            members = [j for j in np.flatnonzero(category == name) if j != right]
            best[name] = cosine(row, np.mean(unit(images[members]), axis=0))
        correct.append(max(best, key=best.__getitem__) == category[right])
    table = evaluate(predicted, images, image, category, **FEW)
    assert value(table, "top-1") == pytest.approx(over_images(correct, image))
    assert "left out" in table.attrs["prototypes"]


def test_a_subject_of_many_trials_counts_as_much_as_one_of_few():
    _, images, _, category = drawn(m=12)
    image = np.repeat(np.arange(12), 10)
    subject = np.tile([0] * 9 + [1], 12)
    predicted = images[image] + 0.1 * np.random.default_rng(1).standard_normal((120, 6))
    predicted[subject == 1] = np.random.default_rng(2).standard_normal((12, 6))
    options = {**FEW, "leave_own_out": False}
    many, few = (
        evaluate(predicted[rows], images, image[rows], category, **options)
        for rows in (subject == 0, subject == 1)
    )
    both = evaluate(predicted, images, image, category, subject=subject, **options)
    for measure in ("top-1", "two-way"):
        assert value(many, measure) > value(few, measure) + 0.2
        for column in ("value", "chance"):
            expected = (value(many, measure, column) + value(few, measure, column)) / 2
            assert value(both, measure, column) == pytest.approx(expected), (measure, column)


def test_runs_of_several_subjects_score_the_mean_of_their_scores():
    runs = []
    for seed in range(3):
        predicted, images, image, category = drawn(60, 12)
        predicted += np.random.default_rng(seed).standard_normal(predicted.shape)
        subject = np.random.default_rng(9).choice(3, 60, p=[0.7, 0.2, 0.1])
        runs.append(scores.Queries(predicted, images, image, category, subject))
    together = scores.pooled(runs, **FEW)
    each = [evaluate(*run[:4], subject=run.subject, **FEW) for run in runs]
    for measure in ("top-1", "top-5", "two-way"):
        for column in ("value", "chance"):
            expected = np.mean([value(table, measure, column) for table in each])
            assert value(together, measure, column) == pytest.approx(expected), (measure, column)


def test_runs_on_other_images_are_not_pooled():
    one = scores.Queries(*drawn())
    kept = one.image != one.image[0]
    fewer = one._replace(predicted=one.predicted[kept], image=one.image[kept])
    with pytest.raises(InputError, match=r"21 images, another on 20.*the same images"):
        scores.pooled([one, fewer], **FEW)


def test_equal_images_tie_wherever_they_stand():
    rng = np.random.default_rng(0)
    images = np.repeat(rng.standard_normal((1, 37)), 25, axis=0)
    predicted = rng.standard_normal((10, 37))
    table = evaluate(predicted, images, np.arange(10), ["a"] * 25, **FEW)
    assert value(table, "two-way") == 0.5
    assert value(table, "median-rank") == 13
    assert value(table, "image top-1") == pytest.approx(1 / 25)
    assert value(table, "image top-5") == pytest.approx(5 / 25)
    assert table["p"].tolist() == [1.0] * 4
    measures = ["two-way", "median-rank", "image top-1", "image top-5"]
    assert table["measure"].tolist() == measures


def test_top_1_of_300_stands_where_there_are_300():
    predicted, images, image, category = drawn(50, 300, 8)
    first = np.argmax(unit(predicted) @ unit(images).T, axis=1) == image
    table = evaluate(predicted, images, image, category, **FEW)
    assert value(table, "top-1 of 300") == pytest.approx(over_images(first, image))
    assert value(table, "top-1 of 300", "chance") == 1 / 300
    fewer = evaluate(predicted, images[:299], image % 299, category[:299], **FEW)
    assert "top-1 of 300" not in set(fewer["measure"])


def test_perfect_predictions():
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(20), 16, axis=0)
    images = centres + 0.05 * rng.standard_normal(centres.shape)
    category = np.repeat([f"c{i:02}" for i in range(20)], 16)
    table = evaluate(images * 7, images, np.arange(320), category, permutations=199)
    shares = ("top-1", "top-5", "two-way", "image top-1", "image top-5", "top-1 of 300")
    shares = (*shares, "two-way within category")
    expected = dict.fromkeys((*shares, "median-rank"), 1)
    assert dict(zip(table["measure"], table["value"], strict=True)) == pytest.approx(expected)
    assert (table["p"] == 1 / 200).all()
    shared = table[table["measure"] != "median-rank"]
    # Wilson's interval of 20 of 20 categories, with a quantile of t.
    np.testing.assert_allclose(shared["low"], 20 / (20 + t.ppf(0.975, 19) ** 2))
    np.testing.assert_allclose(shared["high"], 1)


def test_random_predictions_stand_at_chance_with_uniform_p():
    found = [
        evaluate(*drawn(60, 48, 10, 8, seed, signal=0.0), seed=seed, permutations=99, resamples=9)
        for seed in range(200)
    ]
    table = pd.concat(found)
    for measure, rows in table.groupby("measure"):
        above = rows["value"] - rows["chance"]
        assert abs(above.mean()) < 4 * above.std() / np.sqrt(len(rows)), measure
        low, high = binom.interval(0.9999, 200, 0.05)
        share = (rows["p"] <= 0.05).sum()
        assert share <= high, measure
        if measure in ("two-way", "median-rank"):
            assert share >= low, measure
            assert 0.4 < rows["p"].mean() < 0.6


def test_predictions_that_cluster_by_category_alone_gain_nothing():
    hits = {"two-way": 0, "top-1": 0}
    sizes = np.array([16, 8, 8, 4, 4, 4, 2, 2])
    for seed in range(100):
        rng = np.random.default_rng(seed)
        codes = np.repeat(np.arange(8), sizes)
        images = rng.standard_normal((8, 10))[codes] + 0.5 * rng.standard_normal((48, 10))
        predicted = rng.standard_normal((8, 10))[codes] + 0.5 * rng.standard_normal((48, 10))
        category = np.array([f"c{code}" for code in codes])
        table = evaluate(predicted, images, np.arange(48), category, permutations=99, resamples=9)
        for measure in hits:
            hits[measure] += value(table, measure, "p") <= 0.05
    assert max(hits.values()) <= binom.ppf(0.9999, 100, 0.05), hits


def test_always_predicting_the_largest_category_is_not_significant():
    _, images, _, _ = drawn(m=40)
    category = np.array(["large"] * 20 + [f"c{i % 10}" for i in range(20)])
    constant = np.repeat(unit(images[:20]).mean(axis=0)[None], 40, axis=0)
    table = evaluate(constant, images, np.arange(40), category, permutations=99)
    assert value(table, "top-1") == 0.5 == value(table, "top-1", "chance")
    assert table["p"].tolist() == [1.0] * 7


def test_top_k_of_all_images_is_that_of_a_sort():
    predicted, images, image, category = drawn(60, 24, 5)
    order = np.argsort(-(unit(predicted) @ unit(images).T), axis=1)
    table = evaluate(predicted, images, image, category, **FEW)
    for k in (1, 5):
        hit = (order[:, :k] == image[:, None]).any(axis=1).astype(float)
        assert value(table, f"image top-{k}") == pytest.approx(over_images(hit, image))
        assert value(table, f"image top-{k}", "chance") == k / 24


def test_prototypes_of_names_and_images_are_averaged_as_directions():
    predicted, images, image, category = drawn(60, 24, 5)
    rng = np.random.default_rng(1)
    names = {name: 3 * rng.standard_normal(5) for name in set(category)}
    hit = []
    for query, row in zip(unit(predicted), image, strict=True):
        cosines = {}
        for name, vector in names.items():
            members = [i for i in np.flatnonzero(category == name) if i != row]
            mean = unit(unit(images[members]).mean(axis=0))
            cosines[name] = cosine(query, unit(vector) + mean)
        hit.append(float(max(cosines, key=cosines.get) == category[row]))
    queries = scores.Queries(predicted, images, image, category)
    table = scores.evaluate(queries, names, with_images=True, **FEW)
    assert value(table, "top-1") == pytest.approx(over_images(hit, image))


@pytest.mark.parametrize("leave_own_out", [False, True])
@pytest.mark.parametrize("predict", [constant, as_often_as_the_sizes, noise])
def test_chance_is_k_of_c_where_categories_have_equally_many_images(predict, leave_own_out):
    for categories in (6, 7):
        table = unequal([8] * categories, predict, 0, 3, resamples=9, leave_own_out=leave_own_out)
        assert value(table, "top-1", "chance") == 1 / categories
        assert value(table, "top-5", "chance") == 5 / categories


@pytest.mark.parametrize(
    ("predict", "expected"), [(constant, 0.6), (as_often_as_the_sizes, 0.4), (noise, 0.2)]
)
def test_predictions_of_nothing_stand_at_chance_with_categories_of_other_sizes(predict, expected):
    tables = [
        unequal([60, 10, 10, 10, 10], predict, seed, resamples=200, leave_own_out=False)
        for seed in range(100)
    ]
    rows = pd.concat(tables).query("measure == 'top-1'")
    assert rows["chance"].mean() == pytest.approx(expected, abs=0.01)
    above = rows["value"] - rows["chance"]
    assert abs(above.mean()) <= 4 * above.std() / 10 + 1e-12
    assert abs(above.mean()) < 0.02
    assert ((rows["low"] <= rows["chance"]) & (rows["chance"] <= rows["high"])).sum() >= 85


@pytest.mark.parametrize(
    "sizes", [[60, 10, 10, 10, 5, 5], [50, 2, 2, 2, 2, 2, 2], [9, 7, 5, 3, 2, 1]]
)
def test_chance_of_top_5_is_at_most_1(sizes):
    for predict in (constant, as_often_as_the_sizes, noise):
        for seed in range(5):
            table = unequal(sizes, predict, seed, resamples=9)
            chance = value(table, "top-5", "chance")
            assert value(table, "top-1", "chance") < chance <= 1
    found = unequal(
        [9, 7, 5, 3, 2, 1],
        lambda rng, codes, centres, count: np.tile(centres[:5].mean(0), (count, 1)),
        0,
    )
    assert value(found, "top-5", "chance") == pytest.approx(26 / 27)


def test_chance_counts_viewed_images_alone():
    images = np.repeat(np.eye(5), 4, axis=0)
    category = np.repeat(list("abcde"), 4)
    viewed = np.array([0, 1, 2, 4, 8])
    constant = np.repeat(images[:1], 5, axis=0)
    table = evaluate(constant, images, viewed, category, **FEW)
    assert value(table, "top-1", "chance") == value(table, "top-1") == pytest.approx(3 / 5)
    of_two = evaluate(constant[:2], images, [0, 4], category, **FEW)
    assert value(of_two, "top-1", "chance") == value(of_two, "top-1") == pytest.approx(1 / 2)


def test_queries_of_unknown_category_do_not_count_in_top_k():
    predicted, images, image, category = drawn()
    category[::2] = ""
    table = evaluate(predicted, images, image, category, **FEW)
    assert value(table, "top-1", "n") == np.sum(category[image] != "")
    assert value(table, "two-way", "n") == 40


def test_the_order_of_queries_means_nothing():
    predicted, images, image, category = drawn(60, 12)
    subject = np.random.default_rng(1).integers(0, 3, 60)
    order = np.random.default_rng(2).permutation(60)
    options = {"permutations": 99, "resamples": 99}
    one = evaluate(predicted, images, image, category, subject=subject, **options)
    two = evaluate(
        predicted[order], images, image[order], category, subject=subject[order], **options
    )
    pd.testing.assert_frame_equal(one, two, rtol=1e-12)


def test_repeats_of_an_image_do_not_narrow_the_interval():
    predicted, images, image, category = drawn(30)
    once = evaluate(predicted, images, image, category)
    again = evaluate(np.tile(predicted, (9, 1)), images, np.tile(image, 9), category, subject=None)
    pd.testing.assert_frame_equal(once.drop(columns="n"), again.drop(columns="n"), atol=1e-9)
    assert (again["n"] == 270).all()


def test_subjects_widen_the_interval():
    predicted, images, image, category = drawn(200, 30)
    subject = np.arange(200) % 4
    predicted[subject == 0] = np.random.default_rng(3).standard_normal((50, 6))
    one = evaluate(predicted, images, image, category)
    four = evaluate(predicted, images, image, category, subject=subject)
    width = [
        value(table, "two-way", "high") - value(table, "two-way", "low") for table in (one, four)
    ]
    assert width[1] > 1.2 * width[0]


def test_rows_without_an_embedding_are_left_out_and_counted():
    predicted, images, image, category = drawn()
    kept = np.ones(40, dtype=bool)
    kept[[0, 5]] = False
    rest = np.delete(np.arange(30), 7)
    kept &= image != 7
    expected = evaluate(
        predicted[kept], images[rest], np.searchsorted(rest, image[kept]), category[rest], **FEW
    )
    predicted[0], predicted[5, 2], images[7, 0] = np.nan, np.inf, np.nan
    found = evaluate(predicted, images, image, category, **FEW)
    assert (found["left_out"] == 40 - kept.sum()).all()
    assert found.attrs["left_out"] == {"queries": 40 - kept.sum(), "images": 1}
    pd.testing.assert_frame_equal(
        found.drop(columns="left_out"), expected.drop(columns="left_out"), rtol=1e-12
    )


def test_a_prediction_of_zeros_is_left_out_and_no_wrong_answer():
    """bdpy 0.26 scores it 0, below chance: findings/bdpy_constant_prediction.sh."""
    predicted, images, image, category = drawn()
    rest = np.delete(np.arange(40), 3)
    expected = evaluate(predicted[rest], images, image[rest], category, **FEW)
    predicted[3] = 0.0
    table = evaluate(predicted, images, image, category, **FEW)
    assert (table["left_out"] == 1).all()
    pd.testing.assert_series_equal(table["value"], expected["value"], rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"predicted": np.empty((0, 6)), "image": []}, "0 usable predictions"),
        ({"images": np.full((30, 6), np.nan)}, "0 usable images"),
        ({"predicted": np.zeros((40, 6))}, "Every prediction is zero.* has collapsed"),
        ({"predicted": np.full((40, 6), np.nan)}, "zero or not a number"),
        ({"predicted": np.ones((40, 5))}, "5 dimensions, images has 6"),
        ({"image": np.full(40, 30)}, "does not have: 30"),
        ({"image": np.full(40, -1)}, "does not have: -1"),
        ({"image": np.full(40, 0.5)}, "dtype"),
        ({"image": [0]}, "image has 1 row,"),
        ({"category": ["a"]}, "category has 1 row,"),
        ({"subject": [1, 2]}, "subject has 2 rows"),
        ({"prototypes": {"c0": np.ones(6)}}, "No prototype for 5 test categories: c1"),
        ({"prototypes": {f"c{i}": np.ones(5) for i in range(6)}}, "prototype of c0"),
        ({"permutations": 0}, "permutations is 0"),
        ({"resamples": 0}, "resamples is 0"),
        ({"predicted": np.full((40, 6), "a")}, "dtype"),
    ],
)
def test_bad_input_is_named(change, message):
    names = ("predicted", "images", "image", "category")
    arguments = dict(zip(names, drawn(), strict=True)) | change
    with pytest.raises(InputError, match=message):
        evaluate(**arguments)


def test_a_single_image_has_no_interval():
    predicted, images, _, category = drawn()
    table = evaluate(predicted[:3], images, [4, 4, 4], category, **FEW)
    assert table[["low", "high"]].isna().all(axis=None)
    assert (table["p"] == 1).all()


def test_a_thousand_permutations_take_seconds():
    predicted, images, image, category = drawn(2000, 300, 64, 20)
    began = time.process_time()
    evaluate(predicted, images, image, category, subject=np.arange(2000) % 5)
    assert time.process_time() - began < 10
