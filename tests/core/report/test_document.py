"""The short table of the report: its figures, its words, and the file of the documentation."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest

from core import paths
from core.report import bold5000, document, parts, plan

DAY = "2026-11-21"
ARM = next(iter(plan.ARMS))
# Validation and test of each head, as measured on the day.
SIMULATED = {
    "ridge": (0.924, 0.973),
    "linear": (0.939, 0.973),
    "mlp": (0.940, 0.978),
    "fc_attention": (0.922, 0.961),
    "clip_mused": (0.905, 0.952),
    "roi_transformer": (0.898, 0.950),
}
BOLD5000 = {
    "ridge": (0.672, 0.657),
    "linear": (0.623, 0.615),
    "mlp": (0.623, 0.614),
    "fc_attention": (0.588, 0.581),
    "clip_mused": (0.610, 0.598),
    "roi_transformer": (0.560, 0.530),
}


def row(part: str, case: str, head: str, side: str, mean: float, half: float, runs: int = 5):
    return {
        "part": part,
        "case": case,
        "head": head,
        "side": side,
        "protocol": "averaged repeats",
        "measure": "two-way",
        "mean": mean,
        "low": mean - half,
        "high": mean + half,
        "images": 586,
        "runs": runs,
    }


@pytest.fixture
def table() -> pd.DataFrame:
    rows = []
    for part, heads, half in (("heads", SIMULATED, 0.005), (bold5000.PART, BOLD5000, 0.02)):
        for head, means in heads.items():
            case = bold5000.HEADS if part == bold5000.PART else head
            runs = 10 if part == bold5000.PART else 5
            for side, mean in zip(("validation", "test"), means, strict=True):
                rows.append(row(part, case, head, side, mean, half, runs))
    further = [
        ("controls", plan.PERMUTED, "ridge", 0.495),
        ("controls", plan.PERMUTED, "mlp", 0.498),
        ("study C", plan.PLAIN, "mlp", 0.978),
        ("study C", ARM, "mlp", 0.945),
        ("study C", plan.PLAIN, "roi_transformer", 0.950),
        ("study C", ARM, "roi_transformer", 0.913),
    ]
    rows += [row(part, case, head, "test", mean, 0.005) for part, case, head, mean in further]
    # What the document leaves out.
    single = replace_in(rows[0], protocol="single trials", mean=0.111)
    top = replace_in(rows[0], measure="top-1", mean=0.222)
    stated = replace_in(rows[12], case=bold5000.STATED, side="test", mean=0.333)
    return pd.DataFrame([single, top, stated, *rows])


def replace_in(old: dict, **new: object) -> dict:
    return {**old, **new}


def test_the_file_of_the_documentation_is_what_the_report_writes():
    """Its figures were measured on the day that it names; words and sections are the report's."""
    file = paths.PROJECT / "docs" / "decoder-scores.md"
    text = file.read_text(encoding="utf-8")
    fixed = [line for line in document.ABOUT.splitlines() if "{" not in line]
    assert "# Scores of the decoders" in fixed
    assert [line for line in fixed if line not in text.splitlines()] == []
    titles = [parts.load(name).TITLE for name in parts.NAMES]
    assert [line for line in text.splitlines() if line.startswith("## ")] == titles
    assert re.search(r"^Measured on|Measured on \d{4}-\d{2}-\d{2}", text)
    assert [head for head in plan.HEADS if f"| `{head}` |" not in text] == []


def test_only_what_was_measured_is_in_the_table(table):
    text = document.document(table, {}, plan.Scale(), "ridge", DAY)
    assert ".111" not in text
    assert ".222" not in text
    assert ".333" not in text
    assert "| `mlp` | .940 | .978 | .623 | .614 |" in text
    assert "±.005 (simulated) and ±.02 (BOLD5000)" in text


def test_controls_are_told_where_there_are_some(table):
    chance = table.assign(chance=0.49, repeats=20)
    low = row("controls", plan.ALL_PARTS, "ridge", "test", 0.877, 0.005)
    text = document.document(
        pd.concat([chance, pd.DataFrame([low])]), {}, plan.Scale(), "ridge", DAY
    )
    assert "without a signal it is .490 (20 controls of `ridge`)" in text
    assert "Semantics permuted, all parts: .877 (`ridge`)" in text


def test_without_bold5000_it_says_so(table):
    alone = table[table["part"] != bold5000.PART]
    text = document.document(alone, {}, replace(plan.Scale(), seeds=2), "mlp", DAY)
    assert "not on the machine" in text
    assert "| `mlp` | .940 | .978 |\n" in text
    assert "2 seeds" in text
    assert "The default is `mlp`" in text


def test_it_is_written_with_the_day(table, tmp_path):
    file = tmp_path / "scores.md"
    document.write(table, {}, plan.Scale(), file, "ridge")
    assert re.search(r"Measured on 20\d\d-\d\d-\d\d", file.read_text(encoding="utf-8"))
