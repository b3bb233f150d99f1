"""Intervals, p and notes of model comparison; known experiments."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import squareform

from core import rdm
from core.errors import InputError
from core.rsa import FixedModel, SelectedModel, WeightedModel, evaluate
from core.rsa.inference import correct
from tests.core.rsa.calibration import calibrate
from tests.core.rsa.drawn import subjects_of

N = 20


@pytest.fixture(scope="module")
def experiment():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((N, 4))
    subjects = subjects_of(features, 8, 3.0, rng)
    good, other = (subjects_of(features, 1, noise, rng)[0] for noise in (2.0, 6.0))
    unrelated = subjects_of(rng.standard_normal((N, 4)), 1, 0.0, rng)[0]
    models = [FixedModel("good", good), FixedModel("other", other), FixedModel("none", unrelated)]
    return subjects, models


def test_over_subjects_it_is_the_t_test(experiment):
    subjects, models = experiment
    found = evaluate(subjects, models, "pearson", "subjects", samples=4000)
    for model, own in zip(models, found.models, strict=True):
        values = [rdm.compare(model.rdms[0], subject, "pearson") for subject in subjects]
        np.testing.assert_allclose(own.by_subject, values, atol=1e-6)
        expected = stats.ttest_1samp(values, 0, alternative="greater")
        assert own.mean == pytest.approx(np.mean(values), abs=1e-6)
        assert own.standard_error == pytest.approx(stats.sem(values), rel=0.05)
        assert own.degrees == 7
        low, high = stats.t.interval(0.95, 7, own.mean, stats.sem(values))
        assert (own.low, own.high) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.01))
        assert own.p_zero == pytest.approx(expected.pvalue, rel=0.3)
    first, second = found.models[:2]
    paired = stats.ttest_rel(first.by_subject, second.by_subject)
    apart = found.differences[0]
    assert (apart.first, apart.second) == ("good", "other")
    assert apart.mean == pytest.approx(first.mean - second.mean)
    assert apart.p == pytest.approx(paired.pvalue, rel=0.4)
    assert found.ceiling[:2] == pytest.approx(rdm.noise_ceiling(subjects, "pearson"), abs=1e-6)


def test_what_is_related_is_certain_and_what_is_not_is_not(experiment):
    found = evaluate(*experiment, samples=300)
    good, other, unrelated = found.models
    assert good.p_zero_corrected < 0.001
    assert unrelated.p_zero_corrected > 0.05
    assert good.mean > other.mean > unrelated.mean
    assert unrelated.p_ceiling_corrected < 0.01
    assert found.over == "subjects and stimuli"
    assert found.chance == 0
    assert (found.stimuli, found.subjects, found.pairs) == (20, 8, 190)
    assert found.ceiling.lower_interval[0] < found.ceiling.lower < found.ceiling.upper
    wider = [
        evaluate(*experiment, resample=over, samples=300).models[0].standard_error
        for over in ("subjects", "stimuli")
    ]
    assert good.standard_error >= max(wider) * 0.99


def test_intervals_of_models_that_have_nothing_to_do_with_it_hold_0(experiment):
    rng = np.random.default_rng(3)
    models = [
        FixedModel(f"{k}", subjects_of(rng.standard_normal((N, 4)), 1, 0.0, rng)[0])
        for k in range(20)
    ]
    found = evaluate(experiment[0], models, samples=200).models
    assert sum(model.low < 0 < model.high for model in found) >= 17


@pytest.mark.parametrize("kind", ["fixed", "flexible"])
def test_the_ceiling_varies_as_without_each_subject(experiment, kind):
    subjects, models = experiment
    if kind == "flexible":
        models = [WeightedModel("both", [model.rdms[0] for model in models])]
    options = {"method": "pearson", "resample": "subjects", "samples": 100}
    found = evaluate(subjects, models, **options)
    without = np.array(
        [
            [own.ceiling.lower, own.ceiling.upper, own.models[0].mean]
            for own in (
                evaluate(subjects[:at] + subjects[at + 1 :], models, **options)
                for at in range(len(subjects))
            )
        ]
    )
    count = len(subjects)
    errors = np.sqrt((count - 1) / count * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    half = stats.t.ppf(0.975, count - 1) * errors
    bounds = found.ceiling.lower_interval, found.ceiling.upper_interval
    np.testing.assert_allclose([(b - a) / 2 for a, b in bounds], half[:2])
    if kind == "flexible":
        assert found.models[0].standard_error == pytest.approx(errors[2])


def test_the_same_seed_gives_the_same(experiment):
    first, again, other = (evaluate(*experiment, samples=100, seed=seed) for seed in (1, 1, 2))
    assert first.differences == again.differences
    assert first.differences != other.differences
    assert first.models[0].mean == other.models[0].mean


def test_one_subject_leaves_stimuli(experiment):
    subjects, models = experiment
    found = evaluate(subjects[:1], models, samples=100)
    assert found.resample == "stimuli"
    assert found.ceiling is None
    assert np.isfinite([found.models[0].low, found.models[0].p_zero]).all()
    assert np.isnan([found.models[0].p_ceiling, found.models[0].p_ceiling_corrected]).all()
    assert "One subject: intervals are over stimuli only" in found.notes[0]


def test_few_subjects_are_said(experiment):
    subjects, models = experiment
    three = evaluate(subjects[:3], models, samples=100)
    assert "3 subjects tell little of others" in three.notes[0]
    two = evaluate(subjects[:2], models, resample="subjects", samples=100)
    assert two.models[0].degrees == 1
    assert np.isnan(two.ceiling.lower_interval).all()
    assert any("Two subjects give no interval" in note for note in two.notes)
    assert (
        "over stimuli only: they hold for these 2"
        in evaluate(subjects[:2], models, resample="stimuli", samples=100).notes[0]
    )


def test_flexible_models_find_the_truth_without_its_test_data():
    rng = np.random.default_rng(1)
    parts = [subjects_of(rng.standard_normal((30, 2)), 1, 0.0, rng)[0] for _ in range(5)]
    parts = [part / part.std() for part in parts]
    noise = [squareform(rng.random(435)) for _ in range(5)]
    subjects = [parts[0] + 3 * parts[1] + 2 * squareform(rng.random(435)) for _ in range(5)]
    names = ["a", "b", "c", "d", "e"]
    found = evaluate(
        subjects,
        [
            FixedModel("best part", parts[1]),
            WeightedModel("sum", parts, names),
            SelectedModel("layer", parts, names),
            WeightedModel("noise", noise, names),
        ],
        "pearson",
        samples=100,
    )
    fixed, weighted, selected, nothing = found.models
    assert selected.mean == pytest.approx(fixed.mean)
    assert selected.weights == {"a": 0, "b": 1, "c": 0, "d": 0, "e": 0}
    assert weighted.mean > fixed.mean + 0.01
    assert 2 < weighted.weights["b"] / weighted.weights["a"] < 4
    assert sum(weighted.weights.values()) == pytest.approx(1)
    assert weighted.mean < found.ceiling.upper
    # Fitted to what it is tested on, five parts of noise would be above chance.
    assert abs(nothing.mean) < 0.1
    assert nothing.p_zero > 0.05
    assert fixed.weights == {}
    assert any("fitted without the subject and the stimuli" in note for note in found.notes)
    assert any("at least 0" in note for note in found.notes)


def test_missing_cells_and_constant_models_are_said(experiment):
    subjects, models = experiment
    lacking = subjects[0].copy()
    lacking[3, 4] = lacking[4, 3] = np.nan
    flat = FixedModel("flat", 1 - np.eye(N))
    found = evaluate([lacking, *subjects[1:]], [*models, flat], samples=100)
    assert found.pairs == 189
    assert np.isnan([found.models[3].mean, found.models[3].p_zero]).all()
    assert np.isfinite([found.models[0].p_zero_corrected, found.differences[0].p_corrected]).all()
    assert any("1 further pair" in note for note in found.notes)
    assert any("flat" in note for note in found.notes)
    assert any("cosine" in note for note in evaluate(*experiment, "cosine", samples=100).notes)


def test_equal_models_do_not_differ(experiment):
    subjects, models = experiment
    found = evaluate(subjects, [models[0], FixedModel("same", models[0].rdms[0])], samples=100)
    assert found.differences[0].mean == 0
    assert np.isnan(found.differences[0].p)


def test_p_are_corrected():
    p = np.array([0.01, np.nan, 0.04, 0.03])
    np.testing.assert_allclose(correct(p, "holm"), [0.03, np.nan, 0.06, 0.06])
    np.testing.assert_allclose(correct(p, "fdr"), [0.03, np.nan, 0.04, 0.04])


def test_bad_input_is_refused(experiment):
    subjects, models = experiment
    for values, message in (
        ({"models": []}, "There is no model"),
        ({"models": [models[0], models[0]]}, "good"),
        ({"resample": "images"}, "resample is 'images'"),
        ({"correction": "none"}, "correction is 'none'"),
        ({"samples": 10}, "samples is 10"),
    ):
        with pytest.raises(InputError, match=message):
            evaluate(subjects, **{"models": models, **values})
    small = [subject[:8, :8] for subject in subjects]
    with pytest.raises(InputError, match="at least 12"):
        evaluate(small, [WeightedModel("sum", small[:2])])


def test_progress_is_told_and_may_cancel(experiment):
    seen = []
    evaluate(*experiment, samples=100, progress=lambda fraction, message: seen.append(fraction))
    assert len(seen) == 12  # ten of the samples, two of the 20 stimuli left out
    assert seen == sorted(seen)
    assert seen[-1] == 1


@pytest.mark.parametrize(("over", "subjects"), [("subjects", 6), ("stimuli", 2), ("both", 5)])
def test_intervals_hold_the_truth(over, subjects):
    found = calibrate(over, "pearson", 24, subjects, runs=40, samples=100)
    assert found.performance > 0.95 - 4 * found.error
    assert found.difference > 0.95 - 4 * found.error
    assert found.ceiling > 0.95 - 4 * found.error
    assert found.equal < 0.05 + 4 * found.error
    assert found.uniform > 0.001


@pytest.mark.parametrize("method", ["whitened-cosine", "whitened-pearson"])
def test_whitened_measures_generalise_to_subjects_only(method):
    rng = np.random.default_rng(1)
    rdms = [squareform(rng.random(66)) for _ in range(6)]
    models = [FixedModel("first", rdms[4]), FixedModel("second", rdms[5])]
    evaluation = evaluate(rdms[:4], models, method, "subjects", 100)
    by_subject = np.array([model.by_subject for model in evaluation.models])
    np.testing.assert_allclose(by_subject, rdm.compare_many(rdms[4:], rdms[:4], method), atol=1e-7)
    assert evaluation.method == method
    with pytest.raises(InputError, match="no bootstrap over stimuli"):
        evaluate(rdms[:4], models, method, "both", 100)
    with pytest.raises(InputError, match="no bootstrap over stimuli; subjects: 1"):
        evaluate(rdms[:1], models, method, "subjects", 100)
