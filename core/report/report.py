"""The figures of decoders, simulated and real: ``python -m core.report``."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from core import paths
from core.progress import Progress, portion
from core.report import bold5000, document, markdown, parts, plan
from core.report.choice import best, default_head
from core.report.scores import score

COLUMNS = [
    *("part", "case", "head", "chosen", "side", "protocol", "measure", "mean", "min", "max"),
    *("sd", "low", "high", "over", "p", "chance", "chance_low", "chance_high", "repeats"),
    *("n", "images", "categories", "candidates", "runs", "parameters"),
]


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, score and write the report; runs that are in the store are not trained again."""
    parser = argparse.ArgumentParser(prog="python -m core.report", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="300 stimuli, 2 seeds, 2 epochs, 2 controls"
    )
    parser.add_argument("--seeds", type=int, help="trainings of each row (5)")
    parser.add_argument("--out", type=Path, help="folder; by default 'report' below the results")
    parser.add_argument(
        "--document", metavar="FILE.md", type=Path, help="where to write the short, dated table"
    )
    parser.add_argument(
        "--realdata",
        type=Path,
        help=f"folder that holds {bold5000.NAME}; by default NEUROGALLERY_REALDATA, else "
        "../shared/realdata",
    )
    chosen = parser.parse_args(arguments)
    if chosen.seeds is not None and chosen.seeds < 1:
        parser.error("--seeds is below 1")
    scale = plan.QUICK if chosen.quick else plan.Scale()
    realdata = chosen.realdata or bold5000.realdata_root()
    scale = replace(scale, seeds=chosen.seeds or scale.seeds, realdata=realdata)
    words = sys.argv[1:] if arguments is None else arguments
    command = shlex.join(["python", "-m", "core.report", *words])
    table = measure(scale, _print)
    measured = measure_parts(scale, _print)
    folder = chosen.out or paths.results_root() / "report"
    print(markdown.write(table, measured, scale, folder, command))
    if chosen.document is not None:
        document.write(table, measured, scale, chosen.document, default_head(table))


def measure(scale: plan.Scale, progress: Progress) -> pd.DataFrame:
    """Train and score everything; BOLD5000 where ``scale.realdata`` holds it.

    Returns
    -------
    pd.DataFrame
        Columns ``COLUMNS``; see ``core.report.scores.score``. ``chosen`` marks the head that
        is best in the validation set, of the real recording in those of its own.
    """
    plan.register_shuffled()
    tables = _scores(plan.heads(scale), scale, progress)
    chosen = best(pd.concat(tables))
    tables += _scores(plan.controls(scale, chosen) + plan.study_c(scale), scale, progress)
    chosen_in = [table.assign(chosen=table["head"] == chosen) for table in tables]
    trials = None if scale.realdata is None else bold5000.read(scale.realdata)
    if trials is not None:
        table = bold5000.score(trials, scale, progress)
        chosen_in.append(table.assign(chosen=table["head"] == best(table, bold5000.PART)))
    return pd.concat(chosen_in, ignore_index=True).reindex(columns=COLUMNS)


def measure_parts(scale: plan.Scale, progress: Progress) -> dict[str, pd.DataFrame]:
    """Measure every part of ``core.report.parts``, or find it in the store; by its name."""
    tables = {}
    for name in parts.NAMES:
        began = time.monotonic()
        tables[name] = parts.load(name).measure(scale, progress)
        progress(1.0, f"{name}: {time.monotonic() - began:.0f} s")
    return tables


def _scores(
    conditions: Sequence[plan.Condition], scale: plan.Scale, progress: Progress
) -> list[pd.DataFrame]:
    tables, count = [], len(conditions)
    for number, condition in enumerate(conditions):
        began, part = time.monotonic(), portion(progress, number / count, (number + 1) / count)
        tables.append(score(condition, scale.draws, part))
        part(1.0, f"{condition.name}, {condition.head}: {time.monotonic() - began:.0f} s")
    return tables


def _print(fraction: float, message: str) -> None:
    print(f"{fraction:4.0%} {message}", file=sys.stderr, flush=True)
