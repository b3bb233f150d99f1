"""The report of decoders: pooled seeds, shuffled responses, and a quick run that is found again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core import datasets, decoders, scores
from core.datasets.catalogue import DATASETS
from core.decoders import report, report_plan, report_scores
from core.scores import Queries


@pytest.fixture
def registered(monkeypatch):
    """The catalogue forgets the shuffled recording after the test."""
    monkeypatch.setattr(DATASETS, "_entries", dict(DATASETS._entries))
    report_plan.register_shuffled()


@pytest.fixture
def small(monkeypatch):
    """Two heads, and study C without the gallery, which takes long to encode."""
    plain = {"virtual": 1.0, "virtual_weights": "renormalised"}
    monkeypatch.setattr(report_plan, "HEADS", {"ridge": {}, "linear": {}})
    monkeypatch.setattr(report_plan, "STUDY_C", ("linear",))
    monkeypatch.setattr(report_plan, "ARMS", {"fuzzy + virtual": ({"kind": "none"}, plain)})


def side(seed, pictures, count=40, repeats=1):
    """Noisy predictions of pictures that turned a little, as they do with another centre."""
    rng = np.random.default_rng(seed)
    turned = pictures + 0.1 * rng.standard_normal(pictures.shape)
    picture = np.repeat(np.arange(count), repeats)
    noise = rng.standard_normal((len(picture), pictures.shape[1]))
    return Queries(
        turned[picture] + 2 * noise, turned, picture, np.repeat(list("abcde"), count // 5)
    )


def test_joined_seeds_score_the_mean_of_their_scores():
    pictures = np.random.default_rng(9).standard_normal((40, 6))
    sides = [side(seed, pictures, repeats=3) for seed in range(3)]
    pooled = scores.pooled(sides, permutations=9, resamples=9).set_index("measure")
    each = [scores.evaluate(*one, permutations=1, resamples=1) for one in sides]
    values = pd.concat(each).groupby("measure")["value"].mean()
    for measure in ("top-1", "two-way"):
        assert pooled["value"][measure] == pytest.approx(values[measure], abs=1e-9)
    assert pooled["n"]["two-way"] == 3 * 3 * 40
    assert pooled["pictures"]["two-way"] == 40


def test_joining_equal_seeds_does_not_narrow_the_interval():
    pictures = np.random.default_rng(9).standard_normal((40, 6))
    one = side(0, pictures)
    alone = scores.evaluate(*one, permutations=9, resamples=500).set_index("measure")
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
    assert other.pictures_fingerprint == ds.pictures_fingerprint


def test_the_chosen_head_is_the_best_on_validation_not_on_test():
    rows = [
        ("heads", "ridge", "validation", 0.8),
        ("heads", "mlp", "validation", 0.7),
        ("heads", "ridge", "test", 0.6),
        ("heads", "mlp", "test", 0.9),
        ("controls", "mlp", "validation", 1.0),
    ]
    table = pd.DataFrame(rows, columns=["part", "head", "side", "mean"]).assign(measure="two-way")
    assert report.best(table) == "ridge"


def test_a_quick_report_says_what_evaluate_says_and_is_found_again(
    registered, small, tmp_path, monkeypatch, capsys
):
    report.main(["--quick", "--out", str(tmp_path / "out")])
    table = pd.read_csv(tmp_path / "out" / report.TABLE)
    shown = capsys.readouterr().out
    assert "python -m core.decoders.report --quick" in shown
    assert shown.strip() == (tmp_path / "out" / report.TEXT).read_text().strip()
    assert set(table["part"]) == {"heads", "controls", "study C"}
    assert table[table["side"] == "test"]["low"].notna().all()
    ridge = table.query("part == 'heads' and head == 'ridge' and measure == 'two-way'")
    found = ridge.query("side == 'test'").set_index("protocol")
    told = [_two_way(config) for config in report_plan.heads(report_plan.QUICK)[0].configs]
    for protocol, values in pd.DataFrame(told).items():
        assert found["min"][protocol] == pytest.approx(values.min())
        assert found["max"][protocol] == pytest.approx(values.max())

    monkeypatch.setattr(report_scores, "train", pytest.fail)
    report.main(["--quick", "--out", str(tmp_path / "again")])
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "again" / report.TABLE), table)


def _two_way(config):
    run = decoders.train(config)
    table = decoders.evaluate(run, baselines=False, permutations=9, resamples=9)
    return table[table["measure"] == "two-way"].set_index("protocol")["value"]
