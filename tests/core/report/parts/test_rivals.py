"""What the report says of the rivals, on tables made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.report import plan
from core.report.parts import rivals

LATENT = "top-1 (latent classifier)"


def row(kind, head, measure, mean, half=0.02, features="", chance=0.05):
    return {
        **{"kind": kind, "head": head, "features": features, "measure": measure, "mean": mean},
        **{"low": mean - half, "high": mean + half, "chance": chance, "runs": 2},
        **{"images": 300, "categories": 20},
    }


def table(visual=0.1, textual=0.2, control=0.05):
    """BraVL's V&T less V and T by either top-1, and its control by the latent classifier."""
    rows = [row("decoder", "ridge", "two-way", 0.97, chance=0.5)]
    rows += [
        row("decoder", "ridge", "top-1", 0.68),
        row("decoder", "ridge", "top-5", 0.9, chance=0.25),
    ]
    for features, value in (("V", 0.58), ("T", 0.55), ("V&T", 0.66)):
        rows += [
            row("decoder", "bravl", "two-way", 0.93, 0.02, features, 0.5),
            row("decoder", "bravl", LATENT, value, 0.1, features),
            row("decoder", "bravl", LATENT.replace("1", "5"), 0.8, 0.1, features, 0.25),
        ]
    rows += [row("control", "bravl", "two-way", 0.51, 0.02, "V&T", 0.5)]
    rows += [row("control", "bravl", LATENT, control, 0.02, "V&T")]
    for measure in ("top-1", LATENT):
        rows += [row("difference", "bravl", measure, visual, 0.05, "V")]
        rows += [row("difference", "bravl", measure, textual, 0.05, "T")]
    for measure, value in (("top-1", 0.14), ("top-5", 0.531)):
        rows += [row("published", "bravl", measure, value, np.nan, "V&T")]
    return pd.DataFrame(rows)


def line(text, start):
    [own] = [line for line in text.splitlines() if line.startswith(start)]
    return [cell.strip() for cell in own.strip("|").split("|")]


@pytest.mark.parametrize(
    ("visual", "textual", "seen", "apart"),
    [
        (0.1, 0.2, "is seen in every mean", "4 of 4"),
        (0.01, 0.02, "is seen in every mean", "0 of 4"),
        (-0.01, 0.2, "is **not** seen in every mean", "2 of 4"),
        (-0.1, -0.2, "is **not** seen in every mean", "4 of 4"),
    ],
)
def test_the_published_order_is_told_whichever_way_it_falls(visual, textual, seen, apart):
    text = rivals.section(table(visual, textual))
    verdict = text[text.index("Verdict") :]
    assert seen in verdict
    assert f"{apart} intervals exclude 0" in verdict
    assert f"V by top-1 {rivals.tables.interval(visual, visual - 0.05, visual + 0.05)}" in verdict


@pytest.mark.parametrize(
    ("control", "held", "cell"),
    [
        (0.05, "Every rival's permuted control is at chance (2 of 2", "yes"),
        (0.08, "**Not** every rival's permuted control is at chance: 1 of 2", "no"),
        (0.01, "not `bravl` by top-1 (latent classifier) (by luck alone", "no"),
    ],
)
def test_a_control_off_chance_is_named(control, held, cell):
    text = rivals.section(table(control=control))
    assert held in text
    assert line(text[text.index("permuted control") :], "| `bravl`")[-1] == cell


def test_the_table_has_every_decoder_beside_chance_and_what_was_published():
    text = rivals.section(table())
    assert text.startswith("## ")
    first = text[: text.index("permuted control")]
    assert line(first, "| chance") == ["chance", "", ".500", ".050", ".250", ".050", ".250", ""]
    assert line(first, "| `ridge`")[2:4] == [".970 [.950, .990]", ".680 [.660, .700]"]
    assert line(first, "| `bravl` | V |")[-1] == ""
    assert line(first, "| `bravl` | V&T |")[-1] == "14.0 / 53.1"
    assert line(first, "| `bravl` | T |")[5] == ".550 [.450, .650]"


def test_published_figures_are_those_of_the_study():
    """Top-1 and top-5 in per cent, as study C prints the means of its table 1."""
    printed = {
        **{"cada_vae": (10.0, 40.3), "mvae": (10.0, 39.6), "mmvae": (11.7, 43.3)},
        **{"mopoe_vae": (12.9, 51.8), "bravl": (14.0, 53.1), "BrainSem": (25.6, 53.6)},
    }
    published = rivals._published().set_index(["head", "measure"])["mean"]
    assert {head: tuple(100 * published[head].round(3)) for head in printed} == {
        head: pytest.approx(means) for head, means in printed.items()
    }


def test_every_rival_is_trained_with_every_kind_of_features():
    rows = [(kind, condition) for kind, _, condition in rivals._conditions(plan.Scale())]
    trained = {
        (condition.head, condition.configs[0].head_parameters.get("features"))
        for kind, condition in rows
        if kind == "decoder"
    }
    names = ("cada_vae", "mvae", "mmvae", "mopoe_vae", "bravl")
    expected = {(head, features) for head in names for features in ("V", "T", "V&T")}
    assert expected | {(head, None) for head in ("ridge", "linear", "roi_transformer")} == trained
    assert [condition.head for kind, condition in rows if kind == "control"] == [*names]
    assert {condition.configs[0].rois for _, condition in rows} == {plan.ROIS}
