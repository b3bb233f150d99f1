"""Averages of decoders: scores by brute force, what they are compared with, what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import decoders, ensembles, scores
from core.decoders.scoring.evaluation import queries
from core.ensembles import AVERAGE, Ensemble, EnsembleRequest, averaged, differing
from core.ensembles.job import run
from core.ensembles.scoring import evaluate
from core.errors import InputError, NotFoundError
from core.progress import silent
from core.vectors import unit_rows
from tests.core.decoders import planted


def members(heads=("ridge", "linear"), **changes):
    settings = {"split": "recorded", **changes}
    return [decoders.train(planted.config(head=head, **settings)) for head in heads]


def queries_of(rows, images, image, subject=None):
    category = np.repeat(["a", "b"], len(images))[: len(images)]
    return scores.Queries(rows, images, image, category, subject)


def test_an_average_is_scored_as_the_mean_of_unit_predictions():
    rng = np.random.default_rng(0)
    images, image = rng.standard_normal((9, 5)), np.repeat(np.arange(9), 2)
    predicted = [5.0**k * (images[image] + rng.standard_normal((18, 5))) for k in range(3)]
    together = averaged([queries_of(rows, images, image) for rows in predicted])
    mean = np.mean([unit_rows(rows) for rows in predicted], axis=0)
    own = scores.evaluate(together, permutations=9)
    expected = scores.evaluate(queries_of(mean, images, image), permutations=9)
    pd.testing.assert_frame_equal(own, expected)
    plain = np.mean(predicted, axis=0)  # where the longest predictions count most
    other = scores.evaluate(queries_of(plain, images, image), permutations=9)
    assert not np.allclose(other["value"], own["value"])


def test_members_with_other_centres_are_each_compared_in_their_own_space():
    rng = np.random.default_rng(1)
    image = np.arange(7)
    spaces = rng.standard_normal((2, 7, 4))
    predicted = spaces + rng.standard_normal((2, 7, 4))
    pair = [queries_of(*each, image) for each in zip(predicted, spaces, strict=True)]
    cosines = np.mean(
        [unit_rows(p) @ unit_rows(s).T for p, s in zip(predicted, spaces, strict=True)], axis=0
    )
    beaten = (np.diag(cosines)[:, None] > cosines).sum(axis=1) / 6
    table = scores.evaluate(averaged(pair), permutations=1).set_index("measure")
    assert table["value"]["two-way"] == pytest.approx(beaten.mean())


def test_an_average_stands_beside_its_members(tmp_path):
    planted.save(noise=1.5, repeats=2)
    runs = members()
    request = EnsembleRequest([each.key for each in reversed(runs)], planted.NAME)
    assert EnsembleRequest.from_json(request.to_json()) == request
    assert request == EnsembleRequest([each.key for each in runs], planted.NAME)
    assert run(request, silent, tmp_path)["key"] == request.key()
    stored = ensembles.load(request.key())
    names = {decoders.short_name(each.key, each.config.head): each for each in runs}
    assert set(stored.table["head"]) == {AVERAGE, *names}
    assert stored.protocols == ("averaged repeats", "single trials")
    for name, each in names.items():
        own = decoders.evaluate(each, baselines=False, permutations=1)
        own = own.set_index(["protocol", "measure"])
        table = stored.table[stored.table["head"] == name].set_index(["protocol", "measure"])
        for column in ("value", "low", "high"):
            assert table[column].to_dict() == own[column].to_dict()
        chosen = decoders.evaluate(each, baselines=False, permutations=1, side="validation")
        two_way = chosen.set_index("measure")["value"]["two-way"].iloc[0]
        assert stored.validation[name] == pytest.approx(two_way)
    assert stored.best == max(stored.validation, key=stored.validation.get)


def test_without_repeats_there_is_one_protocol_also_where_a_prediction_lacks(monkeypatch):
    def lacking(*arguments):
        own = queries(*arguments)
        own.predicted[0] = np.nan
        return own

    planted.save(noise=1.5)
    runs = members(("ridge", "whitened_ridge"))
    monkeypatch.setattr("core.ensembles.scoring.queries", lacking)
    both = evaluate(runs, permutations=1, resamples=1)
    assert both.protocols == ("averaged repeats",)
    assert both.table["n"].max() == 71


def test_the_difference_is_that_to_the_best_member_in_validation():
    planted.save(noise=1.5)
    runs = members()
    both = evaluate(runs, permutations=1)
    rows = both.rows("averaged repeats").set_index(["head", "measure"])
    value = rows["value"].loc[:, "two-way"]
    assert rows["difference"][both.best, "two-way"] == pytest.approx(
        value[AVERAGE] - value[both.best]
    )
    assert rows["difference"].drop(index=both.best, level="head").isna().all()
    data = [decoders.prepare(each.config) for each in runs]
    tested = [queries(*each, "test", "mean") for each in zip(runs, data, strict=True)]
    best = [decoders.short_name(r.key, r.config.head) for r in runs].index(both.best)
    own, other = (scores.score([each]).by_unit for each in (averaged(tested), tested[best]))
    expected = scores.compare(own, {"best": [other]}).set_index("measure")["difference_p"]
    assert rows["difference_p"][both.best, "two-way"] == expected["two-way"]


def test_an_average_of_equals_is_as_good_as_one_and_says_so():
    planted.save(noise=1.5)
    [ridge, *_], seeds = members(), (1, 2)
    again = [decoders.train(replace(ridge.config, seed=seed)) for seed in seeds]
    table = evaluate([ridge, *again], permutations=1).table
    # Ridge of other validation sets: nearly the same predictions.
    spread = table[table["measure"] == "two-way"]["value"]
    assert spread.max() - spread.min() < 0.03


def test_independent_errors_are_averaged_out():
    rng = np.random.default_rng(0)
    images, image = rng.standard_normal((60, 8)), np.arange(60)
    each = [
        queries_of(unit_rows(images) + 0.6 * rng.standard_normal((60, 8)), images, image)
        for _ in range(5)
    ]
    own = scores.score([averaged(each)]).by_unit
    apart = scores.compare(own, {"one": [scores.score([each[0]]).by_unit]}).set_index("measure")
    assert apart["difference"]["two-way"] > 0.05
    assert apart["difference_low"]["two-way"] > 0


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"dataset": "simulated"}, "recording"),
        ({"subjects": ("s2",)}, "subjects"),
        ({"encoder": "pixels"}, "encoder"),
        ({"split": "image"}, "split"),
        ({"split_parameters": {"test": 0.4}, "split": "image"}, "split"),
        ({"split": "kfold", "fold": 1}, "split, fold"),
        ({"options": {"x": 1}}, "options of the recording"),
    ],
)
def test_what_differs_is_named(changes, named):
    first = planted.config(head="ridge", subjects=("s1",), split="recorded")
    if "split" in changes:
        changes = {"split_parameters": {}, **changes}
    assert ", ".join(differing(first, replace(first, **changes))) == named
    alike = {"head": "linear", "head_parameters": {}, "rois": ("A",), "seed": 3}
    assert not differing(first, replace(first, **alike))


def test_decoders_that_do_not_fit_are_refused():
    planted.save()
    ridge, linear = members()
    [other] = members(("ridge",), split="image", split_parameters={"test": 0.4})
    with pytest.raises(InputError, match=r"differ in split.*Expected.*one encoder, split and fold"):
        evaluate([ridge, other])
    with pytest.raises(InputError, match=r"1 decoders cannot be averaged.*2 to 30"):
        evaluate([ridge])
    with pytest.raises(InputError, match="named twice"):
        evaluate([ridge, ridge])
    with pytest.raises(InputError, match=r"was cancelled.*Train it to its end"):
        evaluate([ridge, replace(linear, partial=True)])
    drawn = members(("ridge",), split="image") + members(("ridge",), split="image", seed=1)
    with pytest.raises(InputError, match=r"Of \d+ test images of ridge-.*one seed"):
        evaluate(drawn)


def test_other_responses_are_refused():
    rng = np.random.default_rng(0)
    images, rows = rng.standard_normal((2, 4, 3))
    first = queries_of(rows, images, np.arange(4))
    fewer = queries_of(rows[:3], images, np.arange(3))
    of_two = queries_of(rows, images, np.arange(4), np.array([0, 0, 1, 1]))
    swapped = of_two._replace(subject=np.array([1, 1, 0, 0]))
    for pair in ((first, fewer), (first, of_two), (of_two, swapped)):
        with pytest.raises(InputError, match=r"not the same ones.*one test set"):
            averaged(pair)


def test_requests_that_name_no_decoders_are_refused(tmp_path):
    with pytest.raises(InputError, match="1 decoders"):
        EnsembleRequest(("decoder-1",))
    with pytest.raises(InputError, match="different ones"):
        EnsembleRequest(("decoder-1", "decoder-1"))
    with pytest.raises(InputError, match="list of names"):
        EnsembleRequest.from_json({"runs": 3})
    absent = EnsembleRequest(("decoder-" + "0" * 32, "decoder-" + "1" * 32))
    with pytest.raises(NotFoundError, match="no decoder decoder-0"):
        run(absent, silent, tmp_path)
    assert ensembles.load(absent.key()) is None


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        (
            (0.021, 0.004, 0.038, 0.02),
            "the average is better (+2.10 points, +0.40 to +3.80, p = 0.020",
        ),
        ((-0.021, -0.038, -0.004, 0.02), "the average is worse (-2.10 points"),
        ((0.021, -0.004, 0.046, 0.2), "no difference seen (+2.10 points"),
    ],
)
def test_the_sentence_says_which_way_it_fell(numbers, verdict):
    names = ("difference", "difference_low", "difference_high", "difference_p")
    known = {"measure": "two-way", "protocol": "averaged repeats", "value": 0.9}
    known |= {"resampled": "categories", "categories": 20}
    own, best = {**known, "head": AVERAGE}, {**known, "head": "mlp-1", "value": 0.879}
    table = pd.DataFrame([own, best | dict(zip(names, numbers, strict=True))])
    said = Ensemble(table, "mlp-1", {"mlp-1": 0.8}).sentence("averaged repeats")
    assert said.startswith("two-way 90.0% averaged, 87.9% by mlp-1, the best in the validation set")
    assert verdict in said
    assert said.endswith("over 20 categories).")
