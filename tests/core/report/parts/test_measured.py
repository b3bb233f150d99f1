"""The parts as they are measured, in small: what they say, against the parts of core they use."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from core import decoders, trust
from core.datasets.catalogue import DATASETS
from core.decoders.generative import classifier
from core.decoders.scoring.evaluation import queries
from core.decoders.training import train as training
from core.generalisation import job
from core.progress import silent
from core.report import parts, plan
from core.report.parts import generalisation, rivals
from core.scores import evaluate

NAMES = ("generalisation", "rivals", "trust")
SCALE = plan.Scale(2, 2, {"stimuli": 120}, {"epochs": 1}, 20)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Tables of the parts at a small scale, where their results are; measured once.

    BraVL with two kinds of features stands for the rivals; BrainSem does without the gallery,
    which takes long to encode; ridge is scored under two splits, which nobody audits.
    """
    folder = tmp_path_factory.mktemp("measured")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEUROGALLERY_DATA", str(folder / "recordings"))
        patch.setenv("NEUROGALLERY_RESULTS", str(folder / "results"))
        patch.setattr(DATASETS, "_entries", dict(DATASETS._entries))
        patch.setattr(training, "audit", lambda *_: [])
        patch.setattr(rivals, "RIVALS", ("bravl",))
        patch.setattr(rivals, "FEATURES", dict.fromkeys(("T", "V&T")))
        patch.setattr(generalisation, "HEADS", ("ridge",))
        for module in (generalisation, job):
            patch.setattr(module, "KINDS", ("image", "category"))
        patch.setattr(plan, "ARMS", {"fuzzy + virtual": ({"kind": "none"}, {"virtual": 1.0})})
        tables = {name: parts.load(name).measure(SCALE, silent) for name in NAMES}
        with pytest.MonkeyPatch.context() as without:
            for name in ("decoders.training.train.train", "trust.controls.fit"):
                without.setattr(f"core.{name}", pytest.fail)
            again = {name: parts.load(name).measure(SCALE, silent) for name in NAMES}
        yield SimpleNamespace(tables=tables, again=again, results=folder / "results")


@pytest.fixture
def there(measured, monkeypatch):
    """The tables, with the results that they were made from in place."""
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(measured.results))
    return measured.tables


@pytest.mark.parametrize("name", NAMES)
def test_a_part_is_found_again_without_training(name, measured):
    pd.testing.assert_frame_equal(measured.again[name], measured.tables[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_section_has_a_title_a_table_and_a_verdict(name, measured, tmp_path):
    text = parts.load(name).section(measured.tables[name])
    assert text.startswith(f"{parts.load(name).TITLE}\n")
    assert "\n| " in text
    assert "\nVerdict" in text
    assert "nan" not in text
    measured.tables[name].to_csv(tmp_path / "part.csv", index=False)
    assert parts.load(name).section(pd.read_csv(tmp_path / "part.csv")) == text


def test_rivals_score_what_their_decoders_do(there):
    table = there["rivals"]
    conditions = list(rivals._conditions(SCALE))
    latent, retrieved = [], []
    for config in conditions[3][2].configs:
        run, data = decoders.train(config), decoders.prepare(config)
        assert (config.head, config.head_parameters["features"]) == ("bravl", "T")
        own = evaluate(queries(run, data, "test", "mean"), permutations=1, resamples=1)
        retrieved.append(own.set_index("measure")["value"])
        [own, _] = classifier.rows(run, data, "test", 1, 1)
        latent.append(own.set_index("measure")["value"])
    rows = table[(table["kind"] == "decoder") & (table["features"] == "T")].set_index("measure")
    assert rows["mean"]["two-way"] == pytest.approx(np.mean([run["two-way"] for run in retrieved]))
    for k in (1, 5):
        mean = np.mean([run[f"top-{k}"] for run in latent])
        assert rows["mean"][f"top-{k}{classifier.LATENT}"] == pytest.approx(mean)
    assert rows["runs"].eq(2).all()


def test_the_order_is_the_difference_of_the_scores_on_the_same_images(there):
    table = there["rivals"]
    own = table[(table["kind"] == "decoder") & (table["head"] == "bravl")]
    means = own.set_index(["features", "measure"])["mean"]
    less = table[table["kind"] == "difference"].set_index(["features", "measure"])
    assert set(less.index.get_level_values("features")) == {"T"}
    for measure in rivals.DECIDING:
        row = less.loc[("T", measure)]
        assert row["mean"] == pytest.approx(means["V&T", measure] - means["T", measure])
        assert row["low"] < row["mean"] < row["high"]


def test_controls_have_shuffles_of_their_own(there):
    controls = [condition for kind, _, condition in rivals._conditions(SCALE) if kind == "control"]
    assert [config.options["shuffle"] for config in controls[0].configs] == [0, 1]
    rows = there["rivals"].query("kind == 'control'")
    assert rows["over"].eq("shuffles").all()
    assert rows.set_index("measure")["mean"]["two-way"] == pytest.approx(0.5, abs=0.1)


def test_generalisation_holds_what_evaluate_says(there):
    table = there["generalisation"].set_index(["head", "split"])
    config = replace(plan.config(SCALE, "ridge", 0), split="category", split_parameters={})
    scored = decoders.evaluate(decoders.train(config), baselines=False)
    scored = scored[scored["protocol"] == "averaged repeats"].set_index("measure").loc["two-way"]
    row = table.loc[("ridge", "category")]
    assert (row["value"], row["low"]) == pytest.approx((scored["value"], scored["low"]))
    assert row["drop"] == pytest.approx(table.loc[("ridge", "image")]["value"] - row["value"])


def test_trust_holds_what_the_panel_says(there):
    run = decoders.train(plan.config(SCALE, "ridge", 0))
    checked = trust.load(trust.TrustRequest.of(run).key())
    table = there["trust"]
    by_figure = table.set_index("figure")["value"]
    assert by_figure["score"] == checked.score
    assert by_figure["noise input"] == pytest.approx(np.mean(checked.controls["noise"]))
    assert by_figure["twice as many lead to"] == checked.learning["next"]
    assert set(table.query("figure == 'sentence'")["over"]) == set(checked.sentences.values())
    for name, (_, mean, _) in zip(
        ("nearest", "farthest"), checked.nearness.parts[::2], strict=True
    ):
        assert by_figure[f"score of the {name} third"] == pytest.approx(mean)
