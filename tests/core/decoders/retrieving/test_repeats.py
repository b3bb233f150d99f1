"""Single trials, and averages of more and more repeats."""

from __future__ import annotations

import numpy as np
import pytest

from core import datasets, decoders
from core.decoders.retrieving.decoded import decode
from core.decoders.retrieving.repeats import decode_repeats, score_repeats
from tests.core.decoders import planted


def predictions(decoded, responses):
    """By hand: standardised, then the weights of the linear head."""
    scaled = (responses - decoded.run.scaling.mean[0]) / decoded.run.scaling.deviation[0]
    state = decoded.run.state
    return scaled @ state["network.weight"].T + state["network.bias"]


@pytest.mark.parametrize("missing", ["a trial", "a unit, and a value of a trial"])
def test_trials_and_running_averages_are_those_of_a_loop(missing):
    def lose(responses, embeddings, tested):
        second = planted.PICTURES * 2 - 1  # repeat of the last stimulus
        if missing == "a trial":
            responses[second] = np.nan
        else:
            responses[:, 2] = responses[second, 20] = np.nan

    planted.save(repeats=3, change=lose)
    decoded = decode(decoders.train(planted.config("ridge")))
    repeats = decode_repeats(decoded)
    ds = datasets.load(planted.NAME)
    trials, rows = ds.responses(repeats="all"), ds.trial_rows
    for stimulus in decoded.stimulus:
        own = trials[(rows == stimulus) & np.isfinite(trials[:, 0])]
        places = repeats.of_image(stimulus)
        assert repeats.number[places].tolist() == list(range(1, len(own) + 1))
        assert repeats.single[places] == pytest.approx(predictions(decoded, own), abs=1e-4)
        means = [own[: count + 1].mean(axis=0) for count in range(len(own))]
        assert repeats.averaged[places] == pytest.approx(
            predictions(decoded, np.array(means)), abs=1e-4
        )
    assert len(repeats.of_image(planted.PICTURES - 1)) == 2
    assert repeats.number.max() == 3


def test_the_average_of_all_is_the_averaged_response():
    planted.save(repeats=2)
    decoded = decode(decoders.train(planted.config("ridge")))
    repeats = decode_repeats(decoded)
    last = [repeats.of_image(stimulus)[-1] for stimulus in decoded.stimulus]
    assert repeats.averaged[last] == pytest.approx(decoded.predicted, abs=1e-4)


def test_scores_of_all_repeats_are_those_of_the_table_and_of_one_those_of_first_trials():
    planted.save(repeats=3, noise=4.0)
    run = decoders.train(planted.config("ridge"))
    decoded = decode(run)
    curve = score_repeats(decoded, decode_repeats(decoded))
    assert [score.repeats for score in curve] == [1, 2, 3]
    table = decoders.evaluate(run, baselines=False, permutations=9, resamples=9)
    averaged = table[table["protocol"] == "averaged repeats"].set_index("measure")["value"]
    assert curve[-1].two_way == pytest.approx(averaged["two-way"])
    assert curve[0].two_way < curve[-1].two_way
    assert all(score.low < score.two_way < score.high for score in curve)
    assert {score.images for score in curve} == {planted.TESTED * planted.EACH}


def test_the_same_images_are_scored_for_every_number_of_repeats():
    def lose(responses, embeddings, tested):
        responses[planted.PICTURES * 3 - 5 :] = np.nan  # the third repeat of five test images

    planted.save(repeats=3, change=lose)
    decoded = decode(decoders.train(planted.config("ridge")))
    curve = score_repeats(decoded, decode_repeats(decoded))
    assert {score.images for score in curve} == {planted.TESTED * planted.EACH - 5}


def test_without_repeats_there_is_no_curve():
    planted.save()
    decoded = decode(decoders.train(planted.config("ridge")))
    assert score_repeats(decoded, decode_repeats(decoded)) == []
