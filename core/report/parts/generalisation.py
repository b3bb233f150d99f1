"""How far two heads drop on the simulated experiment when test images are held apart."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from core import generalisation
from core.decoders import Config
from core.decoders.runs import run_key
from core.generalisation import KINDS, Generalisation, GeneralisationRequest
from core.generalisation.comparison import RANDOM
from core.generalisation.job import run, table_key
from core.progress import Progress, portion
from core.report import plan, tables
from core.report.scores import material

HEADS = ("ridge", "mlp")
MEASURE = "two-way"
TITLE = "## Splits that generalise"
COLUMNS = (
    *("head", "split", "label", "error", "train", "validation", "test", "nearest", "nearest_low"),
    *("discrepancy", "random", "value", "chance", "low", "high", "resampled", "p"),
    *("drop", "drop_low", "drop_high"),
)


def measure(scale: plan.Scale, progress: Progress) -> pd.DataFrame:
    """Train and score each head under every split of ``core.generalisation``, with seed 0.

    Returns
    -------
    pd.DataFrame
        A row a head and split: two-way identification (averaged repeats), its ``drop`` from
        random images with its interval, and of the sets what
        ``core.generalisation.Generalisation.sets`` says.
    """
    parts = []
    for number, head in enumerate(HEADS):
        step = portion(progress, number / len(HEADS), (number + 1) / len(HEADS))
        rows = _under_splits(plan.config(scale, head, 0), step).rows(MEASURE)
        parts.append(rows.assign(head=head).reindex(columns=COLUMNS))
    return pd.concat(parts, ignore_index=True)


def section(table: pd.DataFrame) -> str:
    table = table.assign(error=table["error"].astype(object).fillna(""))  # as a CSV has it
    lines = []
    for kind, rows in table.groupby("split", sort=False):
        sets, by_head = rows.iloc[0], {row["head"]: row for _, row in rows.iterrows()}
        failed = [f"no decoder: {error}" for error in rows["error"] if error]
        described = [str(sets["label"]), *_distances(sets)] if not failed else [str(kind), "", ""]
        cells = [cell for head in HEADS for cell in _cells(by_head[head])]
        lines.append([*described, *cells])
    names = [name for head in HEADS for name in (f"`{head}`", "drop")]
    return "\n".join(
        [
            f"{TITLE}\n",
            "Two-way identification on the simulated experiment (seed 0) where test images are "
            "chosen at random or held apart from training. Nearest is the median cosine distance "
            "of a test image to its nearest training image, MMD² the squared maximum mean "
            "discrepancy of both sets, beside that of random sets. Brackets are 95 % intervals; "
            "those of drops take the splits as independent.\n",
            tables.table(["split", "nearest", "MMD² (random)", *names], lines),
            f"\n{_verdict(table)}\n",
        ]
    )


def _under_splits(config: Config, progress: Progress) -> Generalisation:
    """From the store where every decoder is there, else by the job."""
    request = GeneralisationRequest(config)
    of_splits = (replace(request.config, split=kind, split_parameters={}) for kind in KINDS)
    keys = [run_key(each, material(each)) for each in of_splits]
    stored = generalisation.load(table_key(request.config, keys))
    if stored is not None:
        return stored
    with tempfile.TemporaryDirectory(prefix="neurogallery-") as folder:
        key = run(request, progress, Path(folder))["key"]
    scored = generalisation.load(key)
    assert scored is not None
    return scored


def _distances(sets: pd.Series) -> list[str]:
    squared = f"{sets['discrepancy']:.4f} ({sets['random']:.4f})"
    return [tables.share(sets["nearest"]), squared]


def _cells(row: pd.Series) -> list[str]:
    if row["error"]:
        return [row["error"], ""]
    scored = tables.interval(row["value"], row["low"], row["high"])
    if row["split"] == RANDOM:
        return [scored, ""]
    return [scored, tables.interval(row["drop"], row["drop_low"], row["drop_high"])]


def _verdict(table: pd.DataFrame) -> str:
    """Under which splits each head drops by more than its interval."""
    sentences = []
    for head in HEADS:
        rows = table[(table["head"] == head) & table["drop"].notna()]
        lower = _labels(rows[rows["drop_low"] > 0])
        higher = _labels(rows[rows["drop_high"] < 0])
        words = [f"drops under {lower}"] if lower else []
        words += [f"rises under {higher}"] if higher else []
        sentences.append(f"`{head}` {' and '.join(words) or 'drops under none of them'}")
    return f"Verdict, by intervals that exclude 0: {'; '.join(sentences)}."


def _labels(rows: pd.DataFrame) -> str:
    names: list[Any] = list(rows["label"])
    return ", ".join(f"'{name}'" for name in names)
