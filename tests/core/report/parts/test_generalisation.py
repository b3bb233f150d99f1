"""What the report says of the splits, on tables made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.report.parts import generalisation


def row(head, split, value, drop=np.nan, half=0.03, error=""):
    return {
        **{"head": head, "split": split, "label": split.title(), "error": error},
        **{"nearest": 0.3, "discrepancy": 0.02, "random": 0.01, "value": value},
        **{"low": value - half, "high": value + half, "drop": drop},
        **{"drop_low": drop - half, "drop_high": drop + half},
    }


def table(drop, error=""):
    rows = [row(head, "image", 0.9) for head in generalisation.HEADS]
    value = np.nan if error else 0.9 - drop
    rows += [row("ridge", "category", value, np.nan if error else drop, error=error)]
    rows += [row("mlp", "category", 0.9, 0.0)]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("drop", "verdict"),
    [
        (0.1, "`ridge` drops under 'Category'"),
        (0.02, "`ridge` drops under none of them"),
        (-0.1, "`ridge` rises under 'Category'"),
    ],
)
def test_a_drop_counts_where_its_interval_excludes_zero(drop, verdict):
    text = generalisation.section(table(drop))
    assert text.startswith("## ")
    assert f"{verdict}; `mlp` drops under none of them." in text


def test_a_line_has_the_distances_and_both_heads():
    lines = generalisation.section(table(0.1)).splitlines()
    assert (
        "| Image | .300 | 0.0200 (0.0100) | .900 [.870, .930] |  | .900 [.870, .930] |  |" in lines
    )
    [category] = [line for line in lines if line.startswith("| Category")]
    assert category.split(" | ")[3:5] == [".800 [.770, .830]", ".100 [.070, .130]"]


def test_a_split_that_failed_says_why_and_has_no_part_in_the_verdict():
    text = generalisation.section(table(0.1, "There are too few categories"))
    assert "There are too few categories" in text
    assert "`ridge` drops under none of them" in text
