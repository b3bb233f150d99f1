"""``python -m core train | evaluate | sweep`` on a small recording."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from core import decoders, paths
from core.__main__ import main
from core.decoders import job as decoder_jobs
from core.decoders.scoring.score_table import load_table
from core.decoders.training import gradient
from core.errors import Cancelled
from core.words import p_words
from tests.core.decoders import planted

RECORDING = [planted.NAME, "--encoder", "precomputed:truth"]
KFOLD = ["--split", "kfold", "--split-parameter"]
QUICK = ["--set", "epochs=3", "--set", "batch=32"]


@pytest.fixture(autouse=True)
def recording():
    torch.set_num_threads(1)
    return planted.save(subjects=("s1", "s2"))


@pytest.fixture(autouse=True)
def few_permutations(monkeypatch):
    monkeypatch.setattr(decoder_jobs, "RESAMPLES", 99)


def command(capsys, *arguments):
    """Status, output and errors of a command."""
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as end:  # argparse leaves this way
        status = int(end.code or 0)
    return status, *capsys.readouterr()


def of_json(capsys, *arguments):
    status, out, error = command(capsys, *arguments, "--json")
    assert (status, error) == (0, "")
    return json.loads(out)


def test_train_takes_every_setting_of_the_config(capsys, tmp_path):
    arguments = [
        *("--subject", "s1", "--subject", "s2", "--roi", "A", "--roi", "B", "--seed", "3"),
        *("--head", "clip_mused", "--head-parameter", "width=16", "--head-parameter", "depth=1"),
        *("--head-parameter", "heads=2", "--loss", "mse:0.5"),
        *("--loss", "infonce,kind=fixed,temperature=0.2"),
        *("--split", "kfold", "--split-parameter", "k=4", "--split-parameter", "by=category"),
        *("--split-parameter", "contiguous=true", "--fold", "2", "--device", "cpu"),
        *("--set", "noise=0.2", *QUICK, "--out", tmp_path / "exported"),
    ]
    told = of_json(capsys, "train", *RECORDING, *arguments)
    run = decoders.load(told["key"])
    expected = decoders.Config(
        dataset=planted.NAME,
        subjects=("s1", "s2"),
        rois=("A", "B"),
        encoder="precomputed:truth",
        head="clip_mused",
        head_parameters={"width": 16, "depth": 1, "heads": 2},
        loss=(("mse", 0.5, {}), ("infonce", 1.0, {"kind": "fixed", "temperature": 0.2})),
        split="kfold",
        split_parameters={"k": 4, "by": "category", "contiguous": True},
        fold=2,
        training={"noise": 0.2, "epochs": 3, "batch": 32},
        seed=3,
    )
    assert run.config == expected
    assert decoders.Config.from_json(told["config"]) == expected
    assert (told["stopped"], told["epochs"], told["device"]) == ("all 3 epochs", 3, "cpu")
    assert told["validation"] == run.facts["validation"]
    assert told["badge"] == run.badge
    assert told["out"] == str(tmp_path / "exported")
    assert decoders.import_run(tmp_path / "exported").imported["key"] == told["key"]


def test_train_says_what_came_out_and_trains_once(capsys, monkeypatch):
    status, out, error = command(capsys, "train", *RECORDING, "--head", "linear", *QUICK)
    assert (status, error) == (0, "")
    (entry,) = decoders.entries()
    run = decoders.load(entry.key)
    lines = out.splitlines()
    assert lines[0] == "folder:planted, s1, every unit, precomputed:truth: linear with infonce"
    assert lines[1] == "200 parameters, 24 units, 8 dimensions"
    assert f"validation loss {run.facts['validation']:.4f}" in out
    assert f"two-way {run.facts['two_way']:.1%} (chance 50.0%)" in out
    assert run.badge == "unchecked"
    assert "split recorded: not checked in full" in out
    assert lines[-1] == f"key {entry.key}"
    monkeypatch.setattr(gradient.Training, "epoch", None)
    assert command(capsys, "train", *RECORDING, "--head", "linear", *QUICK) == (0, out, "")
    status, out, _ = command(capsys, "train", *RECORDING)
    assert "solved in closed form, alpha (regularisation)" in out


def test_ctrl_c_ends_with_130_and_the_next_call_goes_on(capsys, monkeypatch):
    monkeypatch.setattr(gradient, "SAVE_EVERY_S", 0.0)
    epoch, trained = gradient.Training.epoch, []

    def interrupted(self, *told):
        epoch(self, *told)
        trained.append(len(self.curve))
        if trained == [1, 2]:
            raise KeyboardInterrupt

    monkeypatch.setattr(gradient.Training, "epoch", interrupted)
    arguments = ["train", *RECORDING, "--head", "linear", *QUICK]
    assert command(capsys, *arguments) == (130, "", "")
    assert command(capsys, *arguments)[0] == 0
    assert trained == [1, 2, 2, 3]


def test_evaluate_gives_the_table_of_the_store(capsys):
    key = of_json(capsys, "train", *RECORDING, "--head", "linear", "--loss", "mse", *QUICK)["key"]
    told = of_json(capsys, "evaluate", key)
    table = load_table(key)
    pd.testing.assert_frame_equal(pd.DataFrame(told["scores"]), table, check_dtype=False)
    heads = ["linear", "ridge (baseline)", "linear (baseline)"]
    assert table["head"].drop_duplicates().tolist() == heads
    assert (told["key"], told["note"]) == (key, "")
    status, out, error = command(capsys, "evaluate", key)
    assert (status, error) == (0, "")
    lines = out.splitlines()
    assert len(lines) == 3 + len(table)
    assert lines[-1] == "24 of 24 units used; without repeats there is no noise ceiling."
    assert told["units"] == {"s1": lines[-1]}
    first = table.iloc[0]
    assert lines[2].split()[:4] == ["linear", "averaged", "repeats", "top-1"]
    for shown in (f"{first['value']:.1%}", "chance   16.7%", f"{p_words(first['p'])}, n 72"):
        assert shown in lines[2]
    assert f"95% {first['low']:.1%} to {first['high']:.1%}" in lines[2]


def test_evaluate_takes_the_former_word_for_prototypes(capsys):
    key = of_json(capsys, "train", *RECORDING)["key"]
    current = of_json(capsys, "evaluate", key, "--no-baselines", "--prototypes", "images")
    assert of_json(capsys, "evaluate", key, "--no-baselines", "--prototypes", "pictures") == current
    expected = decoders.evaluate(decoders.load(key), baselines=False, prototypes="pictures")
    pd.testing.assert_frame_equal(pd.DataFrame(current["scores"]), expected, check_dtype=False)


def test_evaluate_reads_an_exported_folder(capsys, tmp_path, monkeypatch):
    folder = tmp_path / "exported"
    key = of_json(capsys, "train", *RECORDING, "--out", folder)["key"]
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "elsewhere"))
    told = of_json(capsys, "evaluate", folder, "--no-baselines")
    assert {row["head"] for row in told["scores"]} == {"whitened_ridge"}
    assert [entry.key for entry in decoders.entries()] == [told["key"]]
    assert decoders.load(told["key"]).imported["key"] == key


def test_evaluate_says_why_there_is_no_top_1(capsys):
    planted.save(split=np.where(np.arange(planted.PICTURES) < planted.EACH, "test", "train"))
    key = of_json(capsys, "train", *RECORDING)["key"]
    status, out, _ = command(capsys, "evaluate", key, "--no-baselines")
    assert status == 0
    assert "one category alone (c00): top-1 and top-5 need two or more." in out.splitlines()[-1]


def test_evaluate_says_that_a_decoder_is_partial(capsys):
    config = planted.config()
    with pytest.raises(Cancelled):
        decoders.train(config, planted.cancel_after(2))
    (entry,) = decoders.entries()
    asked = ["evaluate", entry.key, "--no-baselines"]
    assert of_json(capsys, *asked)["partial"]
    said = "partial: its training was cancelled after epoch 2 of 5"
    assert command(capsys, *asked)[1].splitlines()[1] == said
    assert decoders.train(config).key == entry.key
    assert not of_json(capsys, *asked)["partial"]
    assert "partial" not in command(capsys, *asked)[1]


SWEEP = [
    *("--head", "ridge", "--head", "linear", "--loss", "infonce", "--loss", "mse:2+cosine"),
    *("--seed", "0", "--seed", "1", "--roi", "A", "--roi", "A+B", *QUICK),
]


def test_sweep_trains_every_combination_once(capsys, tmp_path):
    out = tmp_path / "table.csv"
    told = of_json(capsys, "sweep", *RECORDING, *SWEEP, "--out", out)
    found = [(row["head"], row["loss"], row["roi"], row["seed"]) for row in told]
    wanted = [("ridge", None)] + [("linear", loss) for loss in ("infonce", "mse:2+cosine")]
    assert sorted(found, key=str) == sorted(
        [(*pair, roi, seed) for pair in wanted for roi in ("A", "A+B") for seed in (0, 1)], key=str
    )
    assert len({row["key"] for row in told}) == len(told) == 12
    row = next(row for row in told if row["loss"] == "mse:2+cosine" and row["roi"] == "A+B")
    run = decoders.load(row["key"])
    assert run.config.rois == ("A", "B")
    assert [term[:2] for term in run.config.loss] == [("mse", 2.0), ("cosine", 1.0)]
    assert row["validation_two_way"] == pytest.approx(run.facts["two_way"], abs=1e-6)
    scores = decoders.evaluate(run, baselines=False)
    assert [score["value"] for score in row["scores"]] == scores["value"].tolist()
    table = pd.read_csv(out)
    assert len(table) == 12 * len(scores)
    own = table[table["key"] == row["key"]]
    np.testing.assert_allclose(own[["value", "low", "p"]], scores[["value", "low", "p"]])


def test_sweep_tells_a_combination_that_fails_and_goes_on(capsys, tmp_path):
    heads = ["--head", "giant", "--head", "roi_transformer", "--head", "ridge"]
    arguments = [*heads, "--set", "groups=2", "--loss", "mse:x", "--loss", "mse", *QUICK]
    parameters = ["--out", tmp_path / "table.csv"]
    status, out, error = command(capsys, "sweep", *RECORDING, *arguments, *parameters)
    lines = out.splitlines()
    assert (status, error, len(lines)) == (2, "", 5)
    giants = [line for line in lines if line.startswith("giant")]
    assert len(giants) == 2
    assert "failed: --loss is 'mse:x'. Expected ID or ID:WEIGHT" in giants[0]
    assert "failed: There is no head 'giant'. Choices: whitened_ridge, ridge" in giants[1]
    assert "failed: --loss is 'mse:x'" in lines[2]
    (entry,) = [one for one in decoders.entries() if one.facts["config"]["head"] == "ridge"]
    run = decoders.load(entry.key)
    value = decoders.evaluate(run, baselines=False)["value"].iloc[0]
    assert lines[4].startswith("ridge             seed 0  -   ")
    assert f"top-1 {value:.1%} (chance 16.7%)" in lines[4]
    assert "validation two-way" in lines[3]
    table = pd.read_csv(tmp_path / "table.csv")
    assert table["error"].notna().sum() == 3
    assert table["key"].nunique() == 2


@pytest.mark.parametrize("given", [[], ["--json"]])
def test_ctrl_c_leaves_the_finished_combinations_of_a_sweep(capsys, tmp_path, monkeypatch, given):
    trained, train = [], decoders.train

    def interrupted(config, *rest, **named):
        trained.append(config.seed)
        if len(trained) == 2:
            raise KeyboardInterrupt
        return train(config, *rest, **named)

    monkeypatch.setattr(decoder_jobs, "train", interrupted)
    out = tmp_path / "table.csv"
    seeds = ["--seed", "0", "--seed", "1", "--seed", "2"]
    status, _, error = command(capsys, "sweep", *RECORDING, *seeds, "--out", out, *given)
    assert (status, error, trained) == (130, "", [0, 1])
    table = pd.read_csv(out)
    (entry,) = decoders.entries()
    assert table["key"].unique() == [entry.key]
    assert table["value"].notna().all()
    assert list(tmp_path.glob("table*")) == [out]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "required: DATASET"),
        (["train", "nonsense"], "nonsense"),
        (["train", *RECORDING, "--subject", "s9"], "'s9'. Choices: s1, s2"),
        (["train", *RECORDING, "--roi", "V9"], "'V9'. Choices: A, B"),
        (["train", *RECORDING, "--head", "giant"], "no head 'giant'"),
        (["train", *RECORDING, "--head-parameter", "wide"], "--head-parameter is 'wide'"),
        (["train", *RECORDING, "--head-parameter", "wide=1"], "no parameter 'wide'"),
        (["train", *RECORDING, "--set", "epochs=many"], "epochs is 'many'"),
        (["train", *RECORDING, "--set", "epochs=2.7"], "epochs is '2.7'. Expected a whole number"),
        (["train", *RECORDING, "--set", "speed=1"], "no setting 'speed'"),
        (["train", *RECORDING, "--loss", "mse:x"], "--loss is 'mse:x'"),
        (["train", *RECORDING, "--loss", "infonce,kind"], "--loss is 'kind'"),
        (["train", *RECORDING, "--loss", "infonce,heat=1"], "no parameter 'heat'"),
        (["train", *RECORDING, "--loss", "mse:-1"], "weight of mse is -1"),
        (["train", *RECORDING, "--split", "half"], "'half'"),
        (["train", *RECORDING, "--split-parameter", "validation=2"], "validation is"),
        (["train", *RECORDING, *KFOLD, "contiguous=no"], "contiguous is 'no'. Expected True or"),
        (["train", *RECORDING, "--fold", "1"], "no fold 1"),
        (["train", *RECORDING, "--fold", "x"], "invalid int value"),
        (["train", *RECORDING, "--head", "linear", "--device", "tpu"], "tpu"),
        (["train", *RECORDING, "--out", "/absent/folder/x"], "/absent/folder"),
        (["train", *RECORDING, "--out", str(paths.PROJECT / "Makefile")], "is the file"),
        (["train", planted.NAME, "--encoder", "precomputed:eyes"], "no embeddings 'eyes'"),
        (["evaluate"], "required: RUN|FOLDER"),
        (["evaluate", "nonsense"], "no decoder 'nonsense'"),
        (["evaluate", "decoder-" + "0" * 32], "no decoder 'decoder-000"),
        (["evaluate", str(paths.PROJECT / "core")], "has no weights.safetensors"),
        (["evaluate", "nonsense", "--prototypes", "words"], "invalid choice: 'words'"),
        (["sweep", *RECORDING, "--seed", "x"], "invalid int value"),
        (["sweep", *RECORDING, "--out", "x.txt"], "ends in .csv"),
        (["sweep", *RECORDING, "--set", "epochs"], "--set is 'epochs'"),
    ],
)
def test_bad_input_gives_one_line(arguments, message, capsys):
    status, out, error = command(capsys, *arguments)
    assert message in error
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert decoders.entries() == []


def test_evaluate_scores_all_folds_as_one(capsys):
    arguments = [*RECORDING, "--subject", "s1", *KFOLD, "k=3"]
    key = of_json(capsys, "train", *arguments, "--head", "ridge")["key"]
    scored = of_json(capsys, "evaluate", key, "--all-folds")
    assert (scored["folds"], scored["unit"]) == (3, "images")
    assert set(scored["table"]["n"]) == {planted.PICTURES}
    status, out, _ = command(capsys, "evaluate", key, "--all-folds")
    assert status == 0
    assert "; 3 folds" in out
    assert "control 4" in out or "control 5" in out
    assert "n 20)  p = 0.048" in out
    assert "ridge less its permuted control: +" in out
    assert "those of all 3 folds" in out
    whole = of_json(capsys, "train", *RECORDING, "--subject", "s1", "--head", "ridge")["key"]
    status, _, error = command(capsys, "evaluate", whole, "--all-folds")
    assert status != 0
    assert "The split has one fold" in error
