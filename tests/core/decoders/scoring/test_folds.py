"""One score over folds: ranks among all test images, the permuted control, differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from core import decoders, operations, ridge, splits
from core.decoders.folds_job import FoldsRequest
from core.decoders.scoring import fold_table, folds
from core.decoders.scoring.pairs import less_control, less_decoder, pairs, two_way
from core.decoders.training.batches import targets_of
from core.decoders.training.data import groups_of, prepare_folds
from core.errors import InputError
from core.scores import Queries
from core.splits import Labels
from tests.core.decoders import fold_calibration, planted


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def config(**changes):
    values = {"split": "kfold", "split_parameters": {"k": 4}, **changes}
    return planted.config("ridge", **values)


def cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def test_each_query_is_ranked_among_all_images_in_the_space_of_its_fold():
    planted.save(noise=3.0)
    material = prepare_folds(config())
    runs = [decoders.train(replace(config(), fold=fold)) for fold in range(4)]
    beaten = pairs(folds.queries_of(material, runs))
    n = planted.PICTURES
    assert beaten.shape == (n, n)
    rng = np.random.default_rng(0)
    for data, run in zip(material, runs, strict=True):
        rows = data.rows(data.fold.test, "mean", run.scaling)
        predicted = run.predict(rows.x, rows.subject)
        images = targets_of(data.embeddings, run.centre)
        for row in rng.integers(len(predicted), size=5):
            own = rows.stimulus[row]
            similarity = [cosine(predicted[row], image) for image in images]
            for other in rng.integers(n, size=20):
                expected = 0.0 if other == own else float(similarity[own] > similarity[other])
                assert beaten[own, other] == expected
    table = folds_of(config()).table.set_index("measure")
    assert table.loc["two-way", "value"] == pytest.approx(two_way(beaten))
    assert table.loc["two-way", "candidates"] == n
    assert table.loc["two-way", "n"] == n


def folds_of(config, **settings):
    return fold_table.load(folds.evaluate(config, **settings))


def test_a_signal_is_above_its_control_and_the_control_at_what_no_signal_scores():
    planted.save(noise=2.0)
    scored = folds_of(config(), repeats=6)
    own = scored.table.set_index("measure").loc["two-way"]
    assert own["value"] > 0.8
    assert 0.4 < own["chance_low"] < own["chance"] < own["chance_high"] < 0.55
    assert own["repeats"] == 6
    assert own["p"] == pytest.approx(1 / 7)
    (less,) = scored.compared
    assert (less.head, less.against, less.standing) == ("ridge", "control", "above")
    assert less.value == pytest.approx(own["value"] - own["chance"])
    assert less.low < less.value < less.high
    assert "ridge less its permuted control: +" in scored.sentences[0]


def test_a_score_without_a_signal_is_below_one_half_and_so_is_its_control():
    # Each of 81 images is sought among all, and trained on with all but its own fold.
    def few(responses, embeddings, tested):
        responses[:] = np.random.default_rng(2).normal(size=responses.shape)
        responses[81:] = np.nan

    planted.save(change=few)
    scored = folds_of(config(split_parameters={"k": 27}), repeats=4)
    own = scored.table.set_index("measure").loc["two-way"]
    assert own["images"] == 81
    assert 0.42 < own["chance"] < 0.48
    assert own["chance_high"] < 0.5
    assert scored.compared[0].standing == "no difference seen"


def test_whole_groups_are_permuted_where_folds_are_of_groups():
    planted.save()
    by = config(split_parameters={"k": 3, "by": "category"})
    labels = groups_of(by, prepare_folds(by)[0])
    assert labels.plural == "categories"
    drawn = folds.orders(labels, 5, seed=0)
    for order in drawn:
        assert sorted(order) == list(range(planted.PICTURES))
        moved = {(a, b) for a, b in zip(labels.codes, labels.codes[order], strict=True)}
        assert len(moved) == planted.CATEGORIES
    assert not (drawn[0] == drawn[1]).all()
    np.testing.assert_array_equal(drawn, folds.orders(labels, 5, seed=0))


def test_groups_of_other_sizes_and_images_in_no_set_are_permuted_too():
    labels = Labels(np.array([0, 0, 0, -1, 1, 2, 2]), "categories")
    for order in folds.orders(labels, 20, seed=1):
        assert sorted(order) == list(range(7))
        assert order[3] == 3


def test_trials_of_an_image_move_together_in_every_subject():
    planted.save(repeats=2, subjects=("s1", "s2"))
    both = planted.config("clip_mused", split="kfold", subjects=("s1", "s2"))
    data = prepare_folds(both)[0]
    order = np.roll(np.arange(planted.PICTURES), 1)
    moved = folds.permuted(data, order)
    for before, after in zip(data.opened, moved.opened, strict=True):
        np.testing.assert_array_equal(after.responses()[order], before.responses())
    np.testing.assert_array_equal(moved.embeddings, data.embeddings)


def test_the_same_seed_gives_the_same_scores_and_they_are_kept():
    planted.save()
    key = folds.evaluate(config(), repeats=2)
    first = fold_table.load(key)
    decoders.train(replace(config(), fold=2))
    assert folds.evaluate(replace(config(), fold=3), repeats=2) == key
    assert folds.evaluate(config(), repeats=3) != key
    assert fold_table.load(key).to_json() == first.to_json()


def test_a_head_stands_beside_ridge_on_the_same_images():
    planted.save(noise=2.0)
    linear = planted.config(
        "linear", split="kfold", split_parameters={"k": 3}, training={"epochs": 2}
    )
    scored = folds_of(linear, repeats=2)
    assert list(scored.table["head"].unique()) == ["linear", "ridge (baseline)"]
    against = [(each.head, each.against) for each in scored.compared]
    assert against[:2] == [("linear", "control"), ("ridge (baseline)", "control")]
    assert against[2:] in ([], [("linear", "ridge (baseline)")])


def test_of_two_without_a_signal_no_difference_is_told():
    def noise(responses, embeddings, tested):
        responses[:] = np.random.default_rng(5).normal(size=responses.shape)

    planted.save(change=noise)
    linear = planted.config(
        "linear", split="kfold", split_parameters={"k": 2}, training={"epochs": 1}
    )
    scored = folds_of(linear, repeats=3)
    assert {each.standing for each in scored.compared} == {"no difference seen"}
    assert len(scored.compared) == 2
    assert scored.sentences[-1] == (
        "linear and ridge (baseline) are not compared: not both are above their controls"
    )


def test_of_two_folds_the_difference_of_decoders_has_no_interval():
    planted.save(noise=1.0)
    linear = planted.config(
        "linear", split="kfold", split_parameters={"k": 2}, training={"epochs": 15}
    )
    scored = folds_of(linear, repeats=3)
    assert [each.standing for each in scored.compared] == ["above", "above", "no difference seen"]
    assert scored.compared[2].low is None
    assert scored.sentences[2].endswith("points, no interval from fewer than three folds")


def test_one_fold_and_one_control_are_refused():
    planted.save()
    with pytest.raises(InputError, match="The split has one fold"):
        folds.evaluate(planted.config("ridge"))
    with pytest.raises(InputError, match="repeats is 1"):
        folds.evaluate(config(), repeats=1)


def test_it_is_a_job():
    planted.save()
    request = FoldsRequest(replace(config(), fold=2))
    assert request == FoldsRequest.from_json(request.to_json())
    assert request.config.fold == 0
    assert operations.get("folds").label == "Scores of all folds"
    assert request.label == "Score all 4 folds as one"


def test_a_cancel_ends_it_within_a_fold():
    from core.errors import Cancelled

    planted.save()
    seen = []

    def progress(fraction, message):
        seen.append(fraction)
        if "control 2" in message:
            raise Cancelled

    with pytest.raises(Cancelled):
        folds.evaluate(config(), progress)
    assert seen == sorted(seen)
    assert 0.0 <= seen[0] <= seen[-1] < 1.0


# --- differences


def test_the_difference_is_the_jackknife_of_pairs():
    rng = np.random.default_rng(0)
    n, codes = 12, np.repeat(np.arange(4), 3)
    own, other = rng.random((2, n, n)).round()
    for beaten in (own, other):
        np.fill_diagonal(beaten, 0)

    def mean(kept):
        part = (own - other)[np.ix_(kept, kept)]
        return part.sum() / (len(kept) * (len(kept) - 1))

    without = np.array([mean(np.flatnonzero(codes != group)) for group in range(4)])
    spread = np.sqrt(3 / 4 * ((without - without.mean()) ** 2).sum())
    less = less_control(own, other, codes, [0.0, 1e-9])
    assert less.value == pytest.approx(mean(np.arange(n)))
    assert less.high - less.value == pytest.approx(3.182446 * spread, rel=1e-5)
    wide = less_control(own, other, codes, [0.0, 10.0, 0.0])
    assert wide.high - wide.value == pytest.approx(4.302653 * np.std([0, 10, 0], ddof=1), rel=1e-5)


def test_the_difference_of_decoders_adds_what_trainings_share():
    rng = np.random.default_rng(0)
    n, codes, fold = 12, np.repeat(np.arange(6), 2), np.repeat(np.arange(3), 4)
    own, other = rng.random((2, n, n)).round()
    for beaten in (own, other):
        np.fill_diagonal(beaten, 0)
    own[3] = np.nan  # an image without a prediction
    over_images = less_control(own, other, codes, np.zeros(2))
    of_images = ((over_images.high - over_images.value) / stats.t.ppf(0.975, 5)) ** 2
    credit = (own - other).sum(axis=1) / (n - 1)
    means = [np.nanmean(credit[fold == number]) for number in range(3)]
    score = (np.nanmean(own.sum(axis=1)) + other.sum(axis=1).mean()) / (n - 1) / 2
    of_training = 4 * score * (1 - score) * np.var(means, ddof=1) / 2
    df = (of_images + of_training) ** 2 / (of_images**2 / 5 + of_training**2 / 2)
    half = stats.t.ppf(0.975, df) * np.sqrt(of_images + of_training)
    less = less_decoder(own, other, codes, fold)
    assert less.value == pytest.approx(over_images.value)
    assert less.high - less.value == pytest.approx(half)
    assert less.value - less.low == pytest.approx(half)


def test_equal_predictions_do_not_differ_and_two_folds_tell_nothing():
    beaten = np.random.default_rng(0).random((9, 9)).round()
    np.fill_diagonal(beaten, 0)
    codes = np.arange(9)
    assert less_decoder(beaten, beaten, codes, codes % 3) == (0, 0, 0)
    assert np.isnan(less_decoder(beaten, beaten.T, codes, codes % 2)[1:]).all()


def test_of_equal_decoders_few_intervals_exclude_zero():
    """100 recordings; the images alone would tell a fifth of equal decoders apart."""
    case = fold_calibration.Case(80, 0, 3, common=0.0, signal=0.3)
    score, shown, verdicts, by_images = fold_calibration.rates(case, range(100))
    assert 0.55 < score < 0.75
    assert shown > 0.5
    assert verdicts <= 9
    assert by_images >= 10


def test_queries_of_one_image_are_averaged_and_an_image_without_is_left_out():
    rng = np.random.default_rng(1)
    images = rng.normal(size=(4, 3))
    predicted = rng.normal(size=(3, 3))
    beaten = pairs(Queries(predicted, images, np.array([0, 0, 2]), np.array([""] * 4)))
    each = [
        pairs(Queries(predicted[[row]], images, np.array([0]), np.array([""] * 4)))[0]
        for row in (0, 1)
    ]
    np.testing.assert_allclose(beaten[0], np.mean(each, axis=0))
    assert np.isnan(beaten[[1, 3]]).all()
    assert np.isfinite(less_control(beaten, 0 * beaten, np.arange(4), [0.0, 0.1]).value)


def test_what_stays_together_follows_the_kind():
    planted.save()
    data = prepare_folds(config())[0]
    ds, embeddings = data.opened[0], data.embeddings
    images = splits.together(ds, "kfold", 0, embeddings, k=3)
    clusters = splits.together(ds, "cluster", 0, embeddings, k=5)
    recorded = splits.together(ds, "recorded", 0, embeddings)
    assert images.plural == recorded.plural == "images"
    assert len(np.unique(images.codes)) == planted.PICTURES
    assert (clusters.plural, len(np.unique(clusters.codes))) == ("clusters", 5)


# --- no signal


def one_pipeline(responses, embeddings, blocks):
    """Ridge on every fold, as ``evaluate`` does it, on arrays alone."""
    n, k, d = len(responses), len(blocks), embeddings.shape[1]
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    images, predicted = np.zeros((2, n, k * d))
    for number, test in enumerate(blocks):
        train = np.setdiff1d(np.arange(n), test)
        target = unit - unit[train].mean(axis=0)
        target /= np.linalg.norm(target, axis=1, keepdims=True)
        fitted = ridge.fit(responses[train], target[train])
        columns = slice(number * d, (number + 1) * d)
        images[:, columns] = target
        predicted[test, columns] = fitted.predict(responses[test])
    return pairs(Queries(predicted, images, np.arange(n), np.full(n, "")))


def test_without_a_signal_few_intervals_exclude_zero():
    """80 recordings of 40 images; by images alone a third of the intervals would."""
    n, controls, verdicts, of_images = 40, 8, 0, 0
    for seed in range(80):
        rng = np.random.default_rng(seed)
        embeddings = rng.normal(size=(n, 6)) * np.linspace(3, 0.3, 6) + 1
        responses = rng.normal(size=(n, 8))
        blocks = np.array_split(rng.permutation(n), 5)
        own = one_pipeline(responses, embeddings, blocks)
        null = [
            one_pipeline(responses[rng.permutation(n)], embeddings, blocks) for _ in range(controls)
        ]
        spread = np.sqrt(1 + 1 / controls) * np.array([two_way(each) for each in null])
        mean = np.mean(null, axis=0)
        less = less_control(own, mean, np.arange(n), spread)
        narrow = less_control(own, mean, np.arange(n), np.zeros(2))
        verdicts += not less.low <= 0 <= less.high
        of_images += not narrow.low <= 0 <= narrow.high
    assert verdicts <= 8
    assert of_images >= 16
