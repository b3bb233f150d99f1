"""The analysis of a decoder: points of the scores' table, confusions, the store."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from core import decoders, operations, zero_shot
from core.decoders.scoring import evaluation
from core.errors import InputError, NotFoundError
from core.zero_shot import ZeroShotRequest
from tests.core.decoders import planted

FEW = {"permutations": 99, "resamples": 99}


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def with_supercategories(folder):
    """c12 to c14 of the test set are 'living', c15 and c16 'made', c17 is unknown."""
    table = pd.read_csv(folder / "stimuli.csv")
    above = {**dict.fromkeys(("c12", "c13", "c14"), "living"), "c15": "made", "c16": "made"}
    table["supercategory"] = table["category"].map(above)
    table.to_csv(folder / "stimuli.csv", index=False)


def test_curves_meet_the_table_of_scores():
    planted.save(noise=2.0, repeats=3)
    run = decoders.train(planted.config("ridge"))
    analysis = zero_shot.analyse(run, **FEW)
    table = decoders.evaluate(run, baselines=False, **FEW).set_index(["protocol", "measure"])
    assert analysis.curve["protocol"].unique().tolist() == ["averaged repeats", "single trials"]
    for protocol in ("averaged repeats", "single trials"):
        first = analysis.at(protocol, "images", 2)
        for column in ("value", "chance", "low", "high", "p", "n", "images"):
            assert first[column] == pytest.approx(table.loc[(protocol, "two-way"), column])
        last = analysis.at(protocol, "categories", 50)
        assert last["n_way"] == planted.TESTED
        for column in ("value", "chance", "p", "n"):
            assert last[column] == pytest.approx(table.loc[(protocol, "top-1"), column])
        assert last["resampled"] == "categories"
    assert analysis.at("averaged repeats", "images", 1) is None
    assert analysis.draws == {"averaged repeats": [], "single trials": []}


def test_answers_name_what_was_seen_and_what_was_predicted():
    with_supercategories(planted.save(noise=2.0, repeats=2))
    run = decoders.train(planted.config("ridge"))
    answers = zero_shot.analyse(run, **FEW).answers
    counts = answers["protocol"].value_counts()
    images = planted.TESTED * planted.EACH
    assert counts.to_dict() == {"averaged repeats": images, "single trials": 2 * images}
    averaged = answers[answers["protocol"] == "averaged repeats"]
    data = decoders.prepare(run.config)
    table = data.opened[0].stimuli.set_index("id")
    assert averaged["category"].tolist() == table.loc[averaged["id"], "category"].tolist()
    right = (averaged["category"] == averaged["predicted"]).mean()
    expected = decoders.evaluate(run, baselines=False, **FEW).set_index(["protocol", "measure"])
    assert right == pytest.approx(expected.loc[("averaged repeats", "top-1"), "value"])
    above = dict(zip(answers["predicted"], answers["predicted_supercategory"], strict=True))
    assert above["c13"] == "living"
    assert above["c17"] == ""
    # The nearest of the category means without the viewed image, by hand for one response.
    queries = evaluation.queries(run, data, "test", "mean")
    units = queries.images / np.linalg.norm(queries.images, axis=1, keepdims=True)
    cosines = {}
    for name in sorted(set(queries.category)):
        members = [i for i in np.flatnonzero(queries.category == name) if i != 5]
        mean = units[members].mean(axis=0)
        cosines[name] = mean @ queries.predicted[5] / np.linalg.norm(mean)
    seen = data.opened[0].stimuli["id"].iloc[data.fold.test[5]]
    assert averaged.set_index("id").loc[seen, "predicted"] == max(cosines, key=cosines.get)


def test_confusions_count_what_a_loop_counts():
    with_supercategories(planted.save(noise=4.0))
    answers = zero_shot.analyse(decoders.train(planted.config("ridge")), **FEW).answers
    assert zero_shot.levels_of(answers) == ["supercategory", "category"]
    by_category = zero_shot.confusion(answers)
    # Those without a supercategory first, the others by supercategory.
    assert by_category.names == ("c17", "c12", "c13", "c14", "c15", "c16")
    for i, seen in enumerate(by_category.names):
        for j, predicted in enumerate(by_category.names):
            cell = zero_shot.responses_of(answers, "category", seen, predicted)
            assert by_category.counts[i, j] == len(cell)
            assert (cell["category"] == seen).all()
            assert (cell["predicted"] == predicted).all()
    assert by_category.counts.sum() == len(answers)
    assert by_category.shares.sum(axis=1) == pytest.approx(1)
    assert by_category.right == pytest.approx((answers.category == answers.predicted).mean())
    above = zero_shot.confusion(answers, "supercategory")
    assert above.names == ("living", "made")
    known = answers[(answers.supercategory != "") & (answers.predicted_supercategory != "")]
    assert above.counts.sum() == len(known)
    assert above.counts[0, 1] == len(
        known[(known.supercategory == "living") & (known.predicted_supercategory == "made")]
    )
    share = known["supercategory"].value_counts(normalize=True)
    guessed = known["predicted_supercategory"].value_counts(normalize=True)
    assert above.chance == pytest.approx(sum(share * guessed))
    unknown = answers.assign(predicted_supercategory="")
    assert zero_shot.levels_of(unknown) == ["category"]
    with pytest.raises(InputError, match="No response has a known supercategory"):
        zero_shot.confusion(unknown, "supercategory")
    with pytest.raises(InputError, match=r"level is 'words'.*Choices: supercategory, category"):
        zero_shot.confusion(answers, "words")


def test_without_categories_images_are_identified_alone():
    folder = planted.save()
    table = pd.read_csv(folder / "stimuli.csv")
    table[["id", "split"]].to_csv(folder / "stimuli.csv", index=False)
    run = decoders.train(planted.config("ridge"))
    analysis = zero_shot.analyse(run, **FEW)
    assert set(analysis.curve["over"]) == {"images"}
    assert analysis.curve["n_way"].tolist() == list(range(2, 51))
    assert analysis.answers.empty
    assert zero_shot.levels_of(analysis.answers) == []
    measures = set(decoders.evaluate(run, baselines=False, **FEW)["measure"])
    assert {"image top-1", "image top-5"} <= measures
    with pytest.raises(InputError, match="No response has a known category"):
        zero_shot.confusion(analysis.answers)


def test_a_job_keeps_it_in_the_store_once(tmp_path, monkeypatch):
    planted.save()
    run = decoders.train(planted.config("ridge"))
    request = ZeroShotRequest.of(run)
    assert zero_shot.load(request.key()) is None
    values = json.loads(json.dumps(request.to_json()))
    result = operations.resolve("zero_shot")(values, lambda part, said: None, tmp_path)
    assert result == {"key": request.key(), "run": run.key}
    expected = zero_shot.analyse(run)
    stored = zero_shot.load(request.key())
    pd.testing.assert_frame_equal(stored.curve, expected.curve, check_dtype=False)
    pd.testing.assert_frame_equal(stored.answers, expected.answers, check_dtype=False)
    assert (stored.draws, stored.notes) == (expected.draws, expected.notes)
    monkeypatch.setattr(decoders, "prepare", None)
    assert operations.resolve("zero_shot")(values, print, tmp_path) == result
    gone = replace(request, run="decoder-" + "0" * 32)
    with pytest.raises(NotFoundError, match="no decoder decoder-0000"):
        operations.resolve("zero_shot")(gone.to_json(), print, tmp_path)


def test_a_request_is_that_of_its_parameters():
    planted.save()
    run = decoders.train(planted.config("ridge"))
    request = ZeroShotRequest.of(run, "both", ["a {}", "the {} "])
    assert ZeroShotRequest.from_json(json.loads(json.dumps(request.to_json()))) == request
    changed = replace(run, state={name: 2 * array for name, array in run.state.items()})
    others = [
        ZeroShotRequest.of(run),
        ZeroShotRequest.of(run, "names"),
        ZeroShotRequest.of(run, "both"),
        ZeroShotRequest.of(run, "both", ["the {}", "a {}", "one {}"]),
        ZeroShotRequest.of(changed, "both", request.prompts),
    ]
    assert len({request.key(), *(other.key() for other in others)}) == 6
    assert ZeroShotRequest.of(run, prompts=["a {}"]) == ZeroShotRequest.of(run)
    with pytest.raises(InputError, match="A prompt is empty"):
        ZeroShotRequest.of(run, "names", [""])
