"""Which head is best, by the validation sets alone."""

from __future__ import annotations

import pandas as pd

from core.report import bold5000

CHOSEN_BY = "two-way"
RECORDINGS = {"heads": "simulated", bold5000.PART: "BOLD5000"}


def best(table: pd.DataFrame, part: str = "heads") -> str:
    """The head with the best two-way identification in the validation set."""
    rows = table[(table["part"] == part) & (table["side"] == "validation")]
    means = rows[rows["measure"] == CHOSEN_BY].set_index("head")["mean"].astype(float)
    return str(means.idxmax())


def by_recording(table: pd.DataFrame) -> pd.DataFrame:
    """Two-way identification in the validation sets: a row a head, a column a recording."""
    rows = table[(table["side"] == "validation") & (table["measure"] == CHOSEN_BY)]
    rows = rows[rows["part"].isin(RECORDINGS)].assign(part=lambda all: all["part"].map(RECORDINGS))
    wide = rows.pivot(index="head", columns="part", values="mean").astype(float)
    return wide.assign(mean=wide.mean(axis=1)).loc[list(dict.fromkeys(rows["head"]))]


def default_head(table: pd.DataFrame) -> str:
    """The head with the best mean over the validation sets of all recordings."""
    return str(by_recording(table).dropna()["mean"].idxmax())
