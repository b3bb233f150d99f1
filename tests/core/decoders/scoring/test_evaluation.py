"""Scores of decoders: chance where nothing is to be found, protocols, baselines, the store."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from core import decoders, encoders, operations, scores
from core.decoders.scoring import evaluation
from core.decoders.scoring.score_table import (
    DIFFERENCE,
    forget_tables,
    load_table,
    save_table,
)
from core.decoders.training.batches import targets_of
from core.errors import Cancelled, InputError, NotFoundError
from tests.core.decoders import planted

FEW = {"permutations": 99, "resamples": 99}


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def shuffled(responses, embeddings, tested):
    # Seven intervals at 95 % all hold chance in two of three orders; this is one of them.
    responses[:] = responses[np.random.default_rng(2).permutation(len(responses))]


def by_measure(table, head="ridge", protocol="averaged repeats"):
    chosen = (table["head"] == head) & (table["protocol"] == protocol)
    return table[chosen].set_index("measure")


@pytest.mark.parametrize("head", ["ridge", "linear"])
def test_permuted_responses_are_at_chance_and_planted_ones_above(head):
    planted.save()
    config = planted.config(head, training={"epochs": 20, "batch": 16})
    run = decoders.train(config)
    found = by_measure(decoders.evaluate(run, baselines=False, permutations=499), head)
    measures = {"top-1", "top-5", "two-way", "median-rank", "image top-1", "image top-5"}
    measures |= {"two-way within category"}
    assert set(found.index) == measures
    assert (found.loc[["two-way", "median-rank"], "p"] < 0.01).all()
    assert found.loc["two-way", "low"] > found.loc["two-way", "chance"] == 0.5
    assert found.loc["top-1", "low"] > found.loc["top-1", "chance"] == 1 / planted.TESTED
    assert found.loc["median-rank", "high"] < found.loc["median-rank", "chance"]

    planted.save(change=shuffled)
    run = decoders.train(config)
    found = by_measure(decoders.evaluate(run, baselines=False, permutations=499), head)
    assert (found["p"] > 0.01).all()
    assert ((found["low"] <= found["chance"]) & (found["chance"] <= found["high"])).all()


def test_scores_are_those_of_the_predictions():
    planted.save()
    run = decoders.train(planted.config("ridge"))
    table = decoders.evaluate(run, baselines=False, **FEW)
    data = decoders.prepare(run.config)
    rows = data.rows(data.fold.test, "mean", run.scaling)
    queries = scores.Queries(
        run.predict(rows.x, rows.subject),
        targets_of(data.embeddings[data.fold.test], run.centre),
        np.arange(len(data.fold.test)),
        data.opened[0].stimuli["category"].iloc[data.fold.test],
    )
    expected = scores.evaluate(queries, **FEW)
    pd.testing.assert_frame_equal(table[expected.columns], expected)
    assert table.attrs["badge"] == run.badge
    assert table.attrs["note"] == ""


def test_single_trials_stand_beside_averaged_repeats():
    planted.save(noise=2.0, repeats=3)
    table = decoders.evaluate(decoders.train(planted.config("ridge")), baselines=False, **FEW)
    mean, single = (
        by_measure(table, protocol=name).loc["two-way"]
        for name in ("averaged repeats", "single trials")
    )
    images = planted.TESTED * planted.EACH
    assert (mean["n"], mean["images"]) == (images, images)
    assert (single["n"], single["images"]) == (3 * images, images)
    assert mean["value"] > single["value"] + 0.02 > 0.55
    planted.save()
    once = decoders.evaluate(decoders.train(planted.config("ridge")), baselines=False, **FEW)
    assert set(once["protocol"]) == {"averaged repeats"}


def test_the_validation_set_is_scored_too():
    planted.save()
    run = decoders.train(planted.config("mlp", head_parameters={"width": 32}))
    table = decoders.evaluate(run, baselines=False, side="validation", **FEW)
    own = by_measure(table, "mlp").loc["two-way"]
    assert own["n"] == len(decoders.prepare(run.config).fold.validation)
    assert own["value"] == pytest.approx(run.facts["two_way"], abs=1e-6)
    with pytest.raises(InputError, match=r"side is 'train'.*Choices: test, validation"):
        decoders.evaluate(run, side="train")


# --- baselines


BASELINES = {
    ("mlp", "infonce"): ["mlp", "ridge (baseline)", "linear (baseline)"],
    ("linear", "mse"): ["linear", "ridge (baseline)", "linear (baseline)"],
    ("linear", "infonce"): ["linear", "ridge (baseline)", "linear (baseline)"],
    ("ridge", "mse"): ["ridge", "linear (baseline)"],
    ("whitened_ridge", "mse"): ["whitened_ridge", "ridge (baseline)", "linear (baseline)"],
}


@pytest.mark.parametrize("run", BASELINES)
def test_baselines_stand_in_the_table_once(run):
    planted.save()
    head, loss = run
    parameters = {"width": 16} if head == "mlp" else {}
    run_ = decoders.train(planted.config(head, loss=loss, head_parameters=parameters))
    table = decoders.evaluate(run_, **FEW)
    assert table["head"].drop_duplicates().tolist() == BASELINES[run]
    assert (table.groupby("head")["measure"].nunique() == 7).all()
    own = decoders.train(replace(planted.config("linear"), training={}))
    alone = by_measure(decoders.evaluate(own, baselines=False, **FEW), "linear")
    found = by_measure(table, "linear (baseline)")
    of_decoder = by_measure(table, run_.config.head)
    assert of_decoder["difference"].isna().all()
    shares = [name for name in found.index if name != "median-rank"]
    expected = of_decoder["value"] - found["value"]
    assert found["difference"][shares].tolist() == pytest.approx(expected[shares].tolist())
    lies_outside = (found["difference_low"] > 0) | (found["difference_high"] < 0)
    assert (lies_outside == (found["difference_p"] <= 0.05)).all()
    found = found.drop(columns=list(DIFFERENCE))
    pd.testing.assert_frame_equal(found, alone.assign(head="linear (baseline)"))


def test_a_linear_head_at_its_defaults_is_a_baseline_itself():
    planted.save()
    run = decoders.train(replace(planted.config("linear"), training={}))
    table = decoders.evaluate(run, **FEW)
    assert table["head"].drop_duplicates().tolist() == ["linear", "ridge (baseline)"]


def test_a_baseline_says_so_until_someone_trains_it():
    planted.save()
    decoders.evaluate(decoders.train(planted.config("ridge")), **FEW)
    linear = {e.facts["config"]["head"]: e.facts["about"] for e in decoders.entries()}
    assert [head for head, about in linear.items() if about.get("baseline")] == ["linear"]
    [(_, before)] = evaluation._baselines(planted.config("ridge"), lambda part, said: None)
    after = decoders.train(before.config)
    assert planted.same(before, after)
    assert "baseline" not in decoders.load(before.key).facts


def test_settings_of_the_decoder_do_not_weaken_its_baselines():
    planted.save()
    bad = {"learning_rate": 1e-7, "weight_decay": 10.0, "epochs": 1, "noise": 5.0}
    values = []
    for training in ({}, bad):
        config = planted.config("mlp", head_parameters={"width": 16}, training=training)
        table = decoders.evaluate(decoders.train(config), **FEW)
        values.append(by_measure(table, "linear (baseline)")["value"])
    pd.testing.assert_series_equal(*values)


def test_several_subjects_are_compared_with_baselines_of_each():
    planted.save(subjects=("s1", "s2"))
    narrow = {"width": 16, "heads": 2, "hidden": 16, "depth": 1}
    config = planted.config("clip_mused", subjects=("s1", "s2"), head_parameters=narrow)
    table = decoders.evaluate(decoders.train(config), **FEW)
    assert table["head"].drop_duplicates().tolist() == [
        "clip_mused",
        *(f"{name}, {who} (baseline)" for who in ("s1", "s2") for name in ("ridge", "linear")),
    ]
    alone = decoders.train(planted.config("ridge", subjects=("s2",)))
    expected = by_measure(decoders.evaluate(alone, baselines=False, **FEW))["value"]
    found = by_measure(table, "ridge, s2 (baseline)")["value"]
    pd.testing.assert_series_equal(found, expected)
    assert by_measure(table, "clip_mused").loc["two-way", "n"] == 2 * planted.TESTED * planted.EACH


def test_baselines_of_single_subjects_are_tested_on_the_same_images():
    """Each subject lacks other responses; what one of them saw is on a side of all."""
    lost = iter([[0, 40, 80], [120, 160, 200]])

    def lose(responses, embeddings, tested):
        responses[next(lost)] = np.nan

    planted.save(subjects=("s1", "s2"), change=lose)
    narrow = {"width": 16, "heads": 2, "hidden": 16, "depth": 1}
    config = planted.config(
        "clip_mused", subjects=("s1", "s2"), head_parameters=narrow, split="image"
    )
    joint = decoders.prepare(config).fold
    assert len(joint.rows) == planted.PICTURES
    for _, run in evaluation._baselines(config, lambda part, said: None):
        own = decoders.prepare(run.config).fold
        for side in ("train", "validation", "test"):
            assert np.array_equal(getattr(own, side), getattr(joint, side))


# --- what stands for a category


def test_names_stand_for_categories_where_the_encoder_reads_text(monkeypatch):
    planted.save()
    run = decoders.train(planted.config("ridge"))
    with pytest.raises(InputError, match="precomputed:truth takes no text"):
        decoders.evaluate(run, prototypes="names")
    with pytest.raises(InputError, match=r"'words'.*Choices: images, names, both"):
        decoders.evaluate(run, prototypes="words")
    assert len(decoders.entries()) == 1  # no baseline was trained in vain
    data = decoders.prepare(run.config)

    def text(texts, encoder):
        assert texts[3] == "a picture of a c03"
        return np.stack(
            [data.embeddings[data.category == place].mean(axis=0) for place in range(18)]
        )

    monkeypatch.setattr(encoders, "encode_text", text)
    monkeypatch.setattr(encoders, "check_text", lambda texts, encoder: ["It reads half of it."])
    table = decoders.evaluate(run, prototypes="names", baselines=False, **FEW)
    assert by_measure(table).loc["top-1", "low"] > 1 / planted.TESTED
    assert table.attrs["note"] == "It reads half of it."


def test_prompts_are_averaged_as_unit_embeddings_and_centred(monkeypatch):
    planted.save()
    run = decoders.train(planted.config("ridge"))
    data = decoders.prepare(run.config)
    rng = np.random.default_rng(0)
    of_wording = {wording: rng.normal(size=(18, 8)) for wording in ("a {}", "the {}!")}
    texts = []

    def text(several, encoder):
        texts.extend(several)
        return 5 * of_wording["a {}" if several[0] == "a c00" else "the {}!"]

    monkeypatch.setattr(encoders, "encode_text", text)
    monkeypatch.setattr(encoders, "check_text", lambda texts, encoder: [])
    own = {"baselines": False, "prompts": (" a {}", "the {}!", "a {}"), **FEW}
    tables = {
        kind: by_measure(decoders.evaluate(run, prototypes=kind, **own))
        for kind in ("names", "both")
    }
    assert texts[:36] == [f"a c{i:02}" for i in range(18)] + [f"the c{i:02}!" for i in range(18)]

    def unit(rows):
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    mean = unit(np.mean([unit(rows) for rows in of_wording.values()], axis=0))
    named = unit(mean - mean.mean(axis=0)).astype(np.float32)
    queries = evaluation.queries(run, data, "test", "mean")
    for kind, table in tables.items():
        expected = scores.evaluate(
            queries, dict(zip(data.names, named, strict=True)), with_images=kind == "both", **FEW
        )
        for measure in ("top-1", "top-5"):
            row = expected.set_index("measure").loc[measure]
            assert table.loc[measure, "value"] == pytest.approx(row["value"])
    assert tables["names"].loc["top-1", "value"] != tables["both"].loc["top-1", "value"]
    for prompts, message in {
        ("a picture",): r"'a picture' has no \{\}",
        ("a {}", " "): "A prompt is empty",
        (): "There is no prompt",
    }.items():
        with pytest.raises(InputError, match=message):
            decoders.evaluate(run, prototypes="names", prompts=prompts)


def test_one_category_alone_is_told_in_place_of_top_1():
    split = np.where(np.arange(planted.PICTURES) < planted.EACH, "test", "train")
    planted.save(split=split)
    table = decoders.evaluate(decoders.train(planted.config("ridge")), baselines=False, **FEW)
    measures = ["two-way", "median-rank", "image top-1", "image top-5"]
    assert table["measure"].tolist() == measures
    assert table.attrs["note"].startswith("The test images are of one category alone (c00)")


def test_another_recording_is_refused():
    folder = planted.save()
    run = decoders.train(planted.config("ridge"))
    np.save(folder / "embeddings" / "truth.npy", np.ones((planted.PICTURES, 5), np.float32))
    with pytest.raises(
        InputError, match=r"embeddings of 5 dimensions.*8 dimensions.*Train it again"
    ):
        decoders.evaluate(run, baselines=False)


# --- jobs


def run_operation(name, request, folder):
    told = []
    result = operations.resolve(name)(request, lambda part, said: told.append(part), folder)
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1
    return result


def _swapped():
    """The last training category is tested, a tested one is trained."""
    said = np.repeat(
        ["train"] * (planted.CATEGORIES - planted.TESTED) + ["test"] * planted.TESTED, planted.EACH
    )
    first, second = (slice(at * planted.EACH, (at + 1) * planted.EACH) for at in (11, 12))
    said[first], said[second] = "test", "train"
    planted.save(split=said)


def _turned():
    def turn(responses, embeddings, tested):
        embeddings[:] = embeddings[:, ::-1]

    planted.save(change=turn)


CHANGES = {
    "split": _swapped,
    "responses": lambda: planted.save(noise=0.6),
    "embeddings": _turned,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_recording_that_has_changed_is_refused(change):
    planted.save()
    run = decoders.train(planted.config("ridge"))
    decoders.evaluate(run, baselines=False, **FEW)
    CHANGES[change]()
    with pytest.raises(InputError, match=r"have changed since.*Train it again"):
        decoders.evaluate(run, baselines=False, **FEW)


def test_jobs_train_and_evaluate_into_the_store(tmp_path, monkeypatch):
    planted.save()
    config = planted.config("mlp", head_parameters={"width": 16}, training={"epochs": 2})
    trained = run_operation("train", {"config": config.to_json()}, tmp_path / "job")
    run = decoders.load(trained["key"])
    assert run.config == replace(config, subjects=("s1",))
    assert [row["epoch"] for row in decoders.live_curve(tmp_path / "job")] == [1, 2]
    assert load_table(run.key) is None
    scored = run_operation("evaluate", {"run": run.key}, tmp_path)
    assert scored["run"] == run.key
    table = load_table(run.key)
    expected = decoders.evaluate(run)
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)
    assert table.attrs["badge"] == run.badge
    monkeypatch.setattr(evaluation, "evaluate", None)
    assert operations.resolve("evaluate")({"run": run.key}, print, tmp_path) == scored
    assert load_table(run.key, "names") is None
    with pytest.raises(NotFoundError, match="no decoder decoder-0000"):
        operations.resolve("evaluate")({"run": "decoder-" + "0" * 32}, print, tmp_path)


def test_scores_of_a_cancelled_training_are_forgotten_when_it_goes_on(tmp_path):
    planted.save()
    config = planted.config(training={"epochs": 12})
    with pytest.raises(Cancelled):
        decoders.train(config, planted.cancel_after(1))
    (entry,) = decoders.entries()
    operations.resolve("evaluate")({"run": entry.key}, lambda part, said: None, tmp_path)
    early = load_table(entry.key)
    run = decoders.train(config)
    assert load_table(entry.key) is None
    operations.resolve("evaluate")({"run": run.key}, lambda part, said: None, tmp_path)
    late = load_table(entry.key)
    assert not late["value"].equals(early["value"])
    decoders.train(config)
    assert load_table(entry.key) is not None


def test_scores_of_own_prompts_are_kept_and_forgotten_with_the_others(monkeypatch):
    planted.save()
    runs = [decoders.train(planted.config("ridge", seed=seed)) for seed in (0, 1)]
    table = decoders.evaluate(runs[0], baselines=False, **FEW)
    prompts = ("a {}", "the {}")
    for run in runs:
        save_table(table, run.key, "names", prompts)
    assert load_table(runs[0].key, "names") is None
    assert load_table(runs[0].key, "both", prompts) is None
    pd.testing.assert_frame_equal(load_table(runs[0].key, "names", prompts), table)
    forget_tables(runs[0].key)
    assert load_table(runs[0].key, "names", prompts) is None
    assert load_table(runs[1].key, "names", prompts) is not None
