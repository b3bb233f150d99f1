"""The report of decoders: pooled seeds, shuffled responses, a recording, and a quick run."""

from __future__ import annotations

import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from core import datasets, decoders, paths, scores, store
from core.datasets.catalogue import DATASETS
from core.decoders.scoring import folds
from core.progress import silent
from core.report import bold5000 as report_bold5000
from core.report import choice, markdown, parts, report
from core.report import plan as report_plan
from core.report import scores as report_scores
from core.scores import Queries


@pytest.fixture
def registered(monkeypatch):
    """The catalogue forgets the shuffled recording after the test."""
    monkeypatch.setattr(DATASETS, "_entries", dict(DATASETS._entries))
    report_plan.register_shuffled()


@pytest.fixture
def small(monkeypatch):
    """Few stimuli, two heads, study C without the gallery, which is long to encode, one part."""
    quick = replace(report_plan.QUICK, options={"stimuli": 120})
    monkeypatch.setattr(report_plan, "QUICK", quick)
    plain = {"virtual": 1.0, "virtual_weights": "renormalised"}
    monkeypatch.setattr(report_plan, "HEADS", {"ridge": {}, "linear": {}})
    monkeypatch.setattr(report_plan, "STUDY_C", ("linear",))
    monkeypatch.setattr(report_plan, "ARMS", {"fuzzy + virtual": ({"kind": "none"}, plain)})
    monkeypatch.setattr(parts, "NAMES", ("trust",))


@pytest.fixture
def planted(tmp_path):
    """60 trials of 57 images, 12 parcels and 8 dimensions; one more without an embedding."""
    rng = np.random.default_rng(0)
    targets = rng.standard_normal((57, 8))[[*range(57), 0, 20, 40]]
    betas = targets @ rng.standard_normal((8, 12)) + 0.3 * rng.standard_normal((60, 12))
    folder = tmp_path / "realdata" / report_bold5000.NAME
    folder.mkdir(parents=True)
    np.savez(
        folder / f"{report_bold5000.NAME}.npz",
        betas=np.vstack([np.zeros(12), betas]).astype(np.float32),
        imgnames=np.array(["scene", *(f"p{place:02}" for place in [*range(57), 0, 20, 40])]),
        clip66=np.vstack([np.full(8, np.nan), targets]).astype(np.float32),
    )
    return folder.parent


def side(seed, images, count=40, repeats=1):
    """Noisy predictions of images that turned a little, as they do with another centre."""
    rng = np.random.default_rng(seed)
    turned = images + 0.1 * rng.standard_normal(images.shape)
    image = np.repeat(np.arange(count), repeats)
    noise = rng.standard_normal((len(image), images.shape[1]))
    return Queries(turned[image] + 2 * noise, turned, image, np.repeat(list("abcde"), count // 5))


def test_joined_seeds_score_the_mean_of_their_scores():
    images = np.random.default_rng(9).standard_normal((40, 6))
    sides = [side(seed, images, repeats=3) for seed in range(3)]
    pooled = scores.pooled(sides, permutations=9, resamples=9).set_index("measure")
    each = [scores.evaluate(one, permutations=1, resamples=1) for one in sides]
    values = pd.concat(each).groupby("measure")["value"].mean()
    for measure in ("top-1", "two-way"):
        assert pooled["value"][measure] == pytest.approx(values[measure], abs=1e-9)
    assert pooled["n"]["two-way"] == 3 * 3 * 40
    assert pooled["images"]["two-way"] == 40


def test_joining_equal_seeds_does_not_narrow_the_interval():
    images = np.random.default_rng(9).standard_normal((40, 6))
    one = side(0, images)
    alone = scores.evaluate(one, permutations=9, resamples=500).set_index("measure")
    five = scores.pooled([one] * 5, permutations=9, resamples=500).set_index("measure")
    for column in ("low", "high"):
        assert five[column]["two-way"] == pytest.approx(alone[column]["two-way"], abs=1e-9)


def test_shuffled_responses_stay_together_under_another_id(registered):
    options = {"stimuli": 80}
    ds = datasets.load("simulated", "S1", **options)
    other = datasets.load(report_plan.SHUFFLED, "S1", **options, shuffle=1)
    assert other.stimuli["id"].tolist() == ds.stimuli["id"].tolist()
    given, shuffled = ds.responses(), other.responses()
    order = [int(np.flatnonzero((given == row).all(axis=1))[0]) for row in shuffled]
    assert sorted(order) == list(range(80))
    assert np.mean(np.array(order) == np.arange(80)) < 0.1
    again = datasets.load(report_plan.SHUFFLED, "S1", **options, shuffle=2)
    assert len({ds.fingerprint, other.fingerprint, again.fingerprint}) == 3
    assert other.images_fingerprint == ds.images_fingerprint


def test_the_chosen_head_is_the_best_on_validation_not_on_test():
    rows = [
        ("heads", "ridge", "validation", 0.8),
        ("heads", "mlp", "validation", 0.7),
        ("heads", "ridge", "test", 0.6),
        ("heads", "mlp", "test", 0.9),
        ("controls", "mlp", "validation", 1.0),
    ]
    table = pd.DataFrame(rows, columns=["part", "head", "side", "mean"]).assign(measure="two-way")
    assert choice.best(table) == "ridge"


def test_a_quick_report_says_what_evaluate_says_and_is_found_again(
    registered, small, planted, tmp_path, monkeypatch, capsys
):
    asked = ["--quick", "--realdata", str(planted), "--out"]
    short = tmp_path / "scores.md"
    report.main([*asked, str(tmp_path / "out"), "--document", str(short)])
    table = pd.read_csv(tmp_path / "out" / markdown.TABLE)
    shown = capsys.readouterr().out
    assert "python -m core.report --quick" in shown
    assert shown.strip() == (tmp_path / "out" / markdown.TEXT).read_text().strip()
    assert "## BOLD5000, CSI1 (real recording)" in shown
    section = parts.load("trust").section(pd.read_csv(tmp_path / "out" / "trust.csv"))
    assert shown.endswith(f"{section}\n")
    assert short.read_text().endswith(section)
    assert set(table["part"]) == {"heads", "controls", "study C", report_bold5000.PART}
    assert table[table["side"] == "test"]["low"].notna().all()
    ridge = table.query("part == 'heads' and head == 'ridge' and measure == 'two-way'")
    found = ridge.query("side == 'test'").set_index("protocol")
    told = [_two_way(config) for config in report_plan.heads(report_plan.QUICK)[0].configs]
    for protocol, values in pd.DataFrame(told).items():
        assert found["min"][protocol] == pytest.approx(values.min())
        assert found["max"][protocol] == pytest.approx(values.max())

    line = next(row for row in short.read_text().splitlines() if row.startswith("| `ridge`"))
    mean = found["mean"]["averaged repeats"]
    assert line.split(" | ")[2] == f"{mean:.3f}".lstrip("0")

    monkeypatch.setattr("core.decoders.training.train.train", pytest.fail)
    monkeypatch.setattr("core.trust.controls.fit", pytest.fail)
    report.main([*asked, str(tmp_path / "again")])
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "again" / markdown.TABLE), table)


@pytest.mark.parametrize(
    ("over", "key"),
    [
        ("images", "decoder_report-7619bf085572dc2723e2d829d584d520"),
        ("shuffles", "decoder_report-64254fb267049c2bc2136d8e1fc629de"),
    ],
)
def test_a_row_of_version_0_1_is_found_and_read_in_the_words_of_today(over, key, monkeypatch):
    monkeypatch.setattr(report_scores, "material", lambda config: None)
    run = SimpleNamespace(key="decoder-0123456789abcdef0123456789abcdef")
    monkeypatch.setattr(report_scores, "trained", lambda config, data: run)
    former = {"images": "pictures"}.get(over, over)
    case = "responses permuted over pictures"
    columns = {"case": [case], "pictures": [12], "over": [former], "weights": [7]}
    store.save(key, {}, {"table": columns, "title": "Report"})
    config = decoders.Config("simulated")
    row = report_plan.Condition("controls", "responses permuted over images", (config,), over)
    assert report_scores.score(row, 50, silent).to_dict("records") == [
        {"case": row.name, "images": 12, "over": over, "parameters": 7}
    ]


def test_ridge_as_stated_finds_the_planted_images_by_loops(planted):
    recording = report_bold5000.read(planted)
    betas, targets, images = recording
    assert (betas.shape, targets.shape, len(set(images))) == ((60, 12), (60, 8), 57)
    stated = report_bold5000.rank_as_stated(recording)
    fitted = Ridge(1e-6)
    for trial in range(60):
        test = range(trial // 6 * 6, trial // 6 * 6 + 6)
        rest = [row for row in range(60) if row not in test]
        mean = targets[rest].mean(axis=0)
        found = fitted.fit(betas[rest], targets[rest]).predict(betas[[trial]])[0] - mean
        seen = targets - mean
        near = seen @ found / np.linalg.norm(seen, axis=1)
        assert abs(stated.rank[trial] - 1 - np.sum(near > near[trial] + 1e-6)) <= 2
    assert stated.two_way.mean() > 0.95


def test_a_recording_is_scored_by_folds_and_found_again(small, planted, monkeypatch, tmp_path):
    scale, lines = report_plan.QUICK, []
    recording = report_bold5000.read(planted)
    before = os.environ["NEUROGALLERY_DATA"]
    table = report_bold5000.score(recording, scale, lambda part, said: lines.append((part, said)))
    assert os.environ["NEUROGALLERY_DATA"] == before
    assert sorted(path.name for path in paths.results_root().iterdir()) == ["store", "training"]
    assert [part for part, _ in lines] == sorted(part for part, _ in lines)
    assert set(table["case"]) == {report_bold5000.STATED, report_bold5000.HEADS}
    assert table.query("measure != 'two-way above ridge'")[["low", "high"]].notna().all(axis=None)
    assert "min" not in table
    ridge = table.query("head == 'ridge' and side == 'test' and measure == 'two-way'")
    assert ridge["images"].tolist() == [57, 57]
    assert ridge["n"].tolist() == [60, 57]
    assert ridge["candidates"].tolist() == [60, 57]
    assert (ridge["mean"] > 0.95).all()
    # One figure over the folds, whose chance is that of its controls.
    [of_heads] = ridge.query("case == @report_bold5000.HEADS").to_dict("records")
    assert of_heads["repeats"] == 3
    assert of_heads["chance_low"] < of_heads["chance"] < of_heads["chance_high"]

    monkeypatch.setattr("core.decoders.training.train.train", pytest.fail)
    again = report_bold5000.score(recording, scale, lambda part, said: None)
    pd.testing.assert_frame_equal(again, table)

    text = markdown.of_bold5000(table)
    assert "**ridge** (best)" in text
    assert "**NOT reproduced**" in text
    assert "There is no folder bold5000_csi1" in markdown.of_bold5000(table[:0])
    assert report_bold5000.read(tmp_path) is None
    assert "Better: **ridge**" in text
    known = table.assign(mean=table["mean"].where(table["measure"] != "two-way", 0.65))
    assert "**reproduced**" in markdown.of_bold5000(known)


def test_the_recording_leaves_no_copy_where_a_training_fails(planted, monkeypatch):
    monkeypatch.delenv("NEUROGALLERY_DATA")
    monkeypatch.setattr(folds, "trained", lambda *arguments: 1 / 0)
    recording = report_bold5000.read(planted)
    with pytest.raises(ZeroDivisionError):
        report_bold5000.score(recording, report_plan.QUICK, lambda part, said: None)
    assert {path.name for path in paths.results_root().iterdir()} <= {"store"}
    assert "NEUROGALLERY_DATA" not in os.environ


def _two_way(config):
    run = decoders.train(config)
    table = decoders.evaluate(run, baselines=False, permutations=9, resamples=9)
    return table[table["measure"] == "two-way"].set_index("protocol")["value"]
