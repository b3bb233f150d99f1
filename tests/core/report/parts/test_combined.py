"""Ensembles and several subjects in the report: the rows, the store, the verdict."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

from core import datasets, decoders, scores
from core.decoders import Config
from core.decoders.scoring.evaluation import queries
from core.decoders.training import train as training
from core.progress import silent
from core.report import plan
from core.report.parts import combined

SCALE = plan.Scale(2, 2, {"stimuli": 80}, {"epochs": 1}, 20)
TWO = ("S1", "S2")


@pytest.fixture
def quick(monkeypatch):
    """Two subjects, simulated once, and nothing that is slow and no part of what is tested."""
    torch.set_num_threads(1)
    known, load = {}, datasets.load_with

    def load_once(name, subject, options):
        if subject not in known:
            known[subject] = load(name, subject, options)
        return known[subject]

    monkeypatch.setattr(datasets, "load_with", load_once)
    monkeypatch.setattr(training, "audit", lambda *_: [])
    monkeypatch.setattr(combined, "SUBJECTS", TWO)
    monkeypatch.setattr(combined, "Config", partial(Config, encoder="pixels"))
    monkeypatch.setattr(combined, "TOGETHER", ("aligned_linear",))
    monkeypatch.setattr(plan, "HEADS", {"mlp": {"width": 8}, "aligned_linear": {"width": 8}})
    monkeypatch.setattr(plan, "ROIS", ("LOC", "PPA"))


def test_every_way_stands_beside_the_single_decoders(quick, monkeypatch):
    table = combined.measure(SCALE, silent)
    scored = table[table["against"] == ""]
    cases = list(dict.fromkeys(table["case"]))
    assert cases == [
        *("ridge, one seed", "linear, one seed", "mlp, one seed"),
        "mlp, average of 2 seeds",
        "ridge + linear + mlp, average of heads",
        "ridge + linear + mlp, average of heads and seeds",
        *(f"{head}, each subject alone" for head in combined.ALONE),
        "aligned_linear, all subjects in one",
    ]
    assert len(scored) == len(cases) * len(combined.MEASURES)
    single = [case for case in cases if "one seed" in case or "alone" in case]
    apart = table[table["against"] != ""]
    assert set(apart["case"]) == set(cases) - set(single)
    assert set(apart["against"]) == set(single)
    values = scored[scored["measure"] == "two-way"].set_index("case")["value"]
    for row in apart[apart["measure"] == "two-way"].to_dict("records"):
        assert row["value"] == pytest.approx(values[row["case"]] - values[row["against"]])
        assert row["low"] <= row["value"] <= row["high"]
    assert table[table["is_single"]]["validation"].between(0, 1).all()
    assert set(table[table["part"] == combined.SEVERAL]["subjects"]) == {2}
    _check_single_decoders(values)
    said = combined.section(table)
    assert said.startswith("## Ensembles and several subjects\n")
    assert "snr 0.1, stimuli 80, repeats 1" in said
    assert said.count("\n- ") == len(cases) - len(single)
    # The second time nothing is scored, and the section is the same.
    monkeypatch.setattr(scores, "score", None)
    assert combined.section(combined.measure(SCALE, silent)) == said


def _check_single_decoders(values):
    """Scores of single decoders are those of the decoders in the store, in the same sets."""
    stored = [decoders.load(entry.key) for entry in decoders.entries()]
    ridge = [run for run in stored if run.config.head == "ridge"]
    material = [decoders.prepare(run.config) for run in ridge]
    assert len(ridge) == len(TWO) * SCALE.seeds
    two_way = [
        scores.evaluate(queries(run, data, "test", "mean"), permutations=1).set_index("measure")[
            "value"
        ]["two-way"]
        for run, data in zip(ridge, material, strict=True)
    ]
    of_first = [v for v, run in zip(two_way, ridge, strict=True) if run.config.subjects == TWO[:1]]
    assert values["ridge, each subject alone"] == pytest.approx(np.mean(two_way))
    assert values["ridge, one seed"] == pytest.approx(np.mean(of_first))
    for seed in range(SCALE.seeds):
        first, other = (d.fold for d, run in zip(material, ridge, strict=True)
                        if run.config.seed == seed)  # fmt: skip
        np.testing.assert_array_equal(first.train, other.train)
        np.testing.assert_array_equal(first.test, other.test)


def row(case, is_single, against, numbers, validation=np.nan):
    value, low, high, p = numbers
    return {
        **{"part": combined.ENSEMBLES, "case": case, "is_single": is_single, "against": against},
        **{"measure": "two-way", "value": value, "low": low, "high": high, "p": p, "chance": 0.5},
        **{"validation": validation, "images": 60, "categories": 20, "subjects": 1},
        **{"options": "snr 0.1", "seeds": 3},
    }


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ((0.03, 0.01, 0.05, 0.01), "**helps**, +0.030 [+0.010..+0.050] against ridge"),
        ((-0.03, -0.05, -0.01, 0.01), "**hurts**, -0.030 [-0.050..-0.010] against ridge"),
        ((0.01, -0.01, 0.03, 0.3), "**no difference seen**, +0.010 [-0.010..+0.030]"),
    ],
)
def test_the_verdict_is_against_the_best_in_validation(numbers, verdict, monkeypatch):
    monkeypatch.setattr(combined, "MEASURES", ("two-way",))
    sure = (0.2, 0.1, 0.3, 0.001)
    table = pd.DataFrame(
        [
            row("linear", True, "", (0.9, 0.8, 0.95, 0.01), 0.7),  # the better one on test images
            row("ridge", True, "", (0.8, 0.7, 0.9, 0.01), 0.8),
            row("both", False, "", (0.83, 0.7, 0.9, 0.01)),
            row("both", False, "linear", sure),
            row("both", False, "ridge", numbers),
        ]
    )
    said = combined.section(table)
    assert f"- both: {verdict}" in said
    assert "the best in the validation sets; better than linear." in said
    assert said.count("\n- ") == 1
