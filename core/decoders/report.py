"""The figures of decoders on the embedded experiment: `python -m core.decoders.report`."""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

from core import encoders, paths, store
from core.decoders import report_plan as plan
from core.decoders.data import Progress
from core.decoders.report_scores import scored
from core.decoders.scored import PROTOCOLS

TABLE, TEXT = "decoders.csv", "decoders.md"
CHOSEN_BY = "two-way"
SHOWN = ("top-1", "top-5", "two-way", "median-rank", "top-1 of 300")
COLUMNS = [
    *("part", "case", "head", "chosen", "side", "protocol", "measure", "mean", "min", "max"),
    *("sd", "low", "high", "over", "p", "chance", "n", "pictures", "categories"),
    *("candidates", "runs", "weights"),
]
ABOUT = """\
Simulated data: no brain was recorded. Subject S1, units of {rois}; split 'recorded' (test kinds \
are no training kinds); target: clip-small. {seeds} seeds a row, each with its own weights, order \
of rows and validation kinds; the test pictures are the same.

- A cell is the mean over the seeds, (the lowest..the highest seed), and [the 95 % interval].
- The interval of heads and of study C: the seeds' scores of each picture are averaged, and \
pictures are resampled (percentiles of {draws} samples). It holds the seeds fixed, whose spread \
the range shows. That of the median rank is of the median over the queries of all seeds.
- The interval of controls is Student's t interval of the mean over shuffles: every shuffle has \
other responses.
- p: whole categories permuted, seeds together ({draws} permutations), of two-way.
- 'averaged repeats': one query a picture, the mean of its trials; 'single trials': every trial is \
a query. Training takes averaged repeats in both.
- The chosen default has the best two-way identification on the validation side (averaged repeats, \
mean over seeds). Heads trained by gradient stop by the loss on that same side, ridge does not, so \
that their validation figures are the more optimistic ones.
- Top-1 and top-5 are among the test kinds, whose prototypes are the means of their test pictures, \
the viewed one left out of its own.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, score and write the report; runs that are in the store are not trained again."""
    parser = argparse.ArgumentParser(prog="python -m core.decoders.report", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="300 stimuli, 2 seeds, 2 epochs")
    parser.add_argument("--seeds", type=int, help="trainings of each row (5)")
    parser.add_argument("--out", type=Path, help="folder; by default 'report' below the results")
    given = parser.parse_args(arguments)
    if given.seeds is not None and given.seeds < 1:
        parser.error("--seeds is below 1")
    scale = plan.QUICK if given.quick else plan.Scale()
    scale = replace(scale, seeds=given.seeds or scale.seeds)
    told = sys.argv[1:] if arguments is None else arguments
    command = shlex.join(["python", "-m", "core.decoders.report", *told])
    print(write(made(scale, _say), scale, given.out or paths.results_root() / "report", command))


def made(scale: plan.Scale, tell: Progress) -> pd.DataFrame:
    """Train and score everything.

    Returns
    -------
    pd.DataFrame
        Columns ``COLUMNS``; see ``report_scores.scored``. ``chosen`` marks the head that is
        best on the validation side.
    """
    plan.register_shuffled()
    tables = _scored(plan.heads(scale), scale, tell)
    chosen = best(pd.concat(tables))
    tables += _scored(plan.controls(scale, chosen) + plan.study_c(scale), scale, tell)
    table = pd.concat(tables, ignore_index=True)
    return table.assign(chosen=table["head"] == chosen)[COLUMNS]


def best(table: pd.DataFrame) -> str:
    """The head with the best two-way identification on the validation side."""
    rows = table[(table["part"] == "heads") & (table["side"] == "validation")]
    means = rows[rows["measure"] == CHOSEN_BY].set_index("head")["mean"].astype(float)
    return str(means.idxmax())


def write(table: pd.DataFrame, scale: plan.Scale, folder: Path, command: str) -> str:
    """Write the table as CSV and the report as markdown; give the markdown."""
    text = "\n".join([_heading(scale, command), _heads(table), _controls(table), _study_c(table)])
    folder.mkdir(parents=True, exist_ok=True)
    with store.replacing(folder / TABLE) as part:
        part.write_bytes(table.to_csv(index=False).encode())
    with store.replacing(folder / TEXT) as part:
        part.write_bytes(text.encode())
    return text


def _scored(cases: Sequence[plan.Case], scale: plan.Scale, tell: Progress) -> list[pd.DataFrame]:
    tables = []
    for number, case in enumerate(cases):
        began = time.monotonic()
        tables.append(scored(case, scale.draws, partial(_within, tell, number, len(cases))))
        took = time.monotonic() - began
        _within(tell, number, len(cases), 1.0, f"{case.name}, {case.head}: {took:.0f} s")
    return tables


def _within(tell: Progress, number: int, count: int, fraction: float, message: str) -> None:
    tell((number + fraction) / count, message)


def _heading(scale: plan.Scale, command: str) -> str:
    import torch

    about = ABOUT.format(rois=", ".join(plan.ROIS), seeds=scale.seeds, draws=scale.draws)
    machine = f"{platform.platform()}, {os.cpu_count()} cores, {encoders.device_label()}"
    changed = {**scale.options, **scale.training}
    return "\n".join(
        [
            "# Decoders on the simulated experiment\n",
            f"- Command: `{command}`",
            f"- Date: {time.strftime('%Y-%m-%d %H:%M %Z')}",
            f"- Machine: {machine}, Python {platform.python_version()}, torch {torch.__version__}",
            f"- Recording and training: {changed or 'all defaults'}\n",
            about,
        ]
    )


def _heads(table: pd.DataFrame) -> str:
    rows = table[table["part"] == "heads"]
    chosen = best(table)
    told = [f"Chosen default: **{chosen}**, by validation alone. Sizes of heads:"]
    told += [f"- {head}: {dict(values) or 'defaults'}" for head, values in plan.HEADS.items()]
    validation = rows[(rows["side"] == "validation") & (rows["measure"] == CHOSEN_BY)]
    lines = [
        [_marked(row["head"], chosen), f"{row['weights']:,}", _cell(row)]
        for _, row in validation.iterrows()
    ]
    parts = ["## Heads\n", *told, "", "### Validation side, averaged repeats: two-way\n"]
    parts.append(_markdown(["head", "weights", CHOSEN_BY], lines))
    for protocol in PROTOCOLS:
        parts += [f"\n### Test side, {protocol}\n", _tested(rows, protocol, "head", chosen)]
    return "\n".join(parts)


def _tested(rows: pd.DataFrame, protocol: str, by: str, chosen: str = "") -> str:
    """A table of every measure on the test side: a line for each head or case."""
    part = rows[(rows["side"] == "test") & (rows["protocol"] == protocol)]
    measures = [name for name in SHOWN if (part["measure"] == name).any()]
    groups = list(part.groupby(by, sort=False))
    first = groups[0][1].set_index("measure")
    lines = [["chance", *(_number(name, first["chance"][name]) for name in measures), ""]]
    for name, group in groups:
        by_measure = {str(row["measure"]): row for _, row in group.iterrows()}
        cells = [_cell(by_measure[measure], measure) for measure in measures]
        lines.append([_marked(str(name), chosen), *cells, f"{by_measure[CHOSEN_BY]['p']:.3f}"])
    counts = first.loc[CHOSEN_BY]
    title = (
        f"{counts['n']:,} queries of {counts['pictures']} pictures, {counts['categories']} kinds"
    )
    return _markdown([title, *measures, "p"], lines)


def _controls(table: pd.DataFrame) -> str:
    part = table[(table["part"] == "controls") & (table["side"] == "test")]
    lines = []
    for measure in ("two-way", "top-1"):
        for _, row in part[part["measure"] == measure].iterrows():
            held = "yes" if row["low"] <= row["chance"] <= row["high"] else "no"
            cells = [row["case"], row["head"], row["protocol"], measure, str(row["runs"])]
            lines.append([*cells, _cell(row), f"{row['sd']:.3f}", f"{row['chance']:.3f}", held])
    names = ["control", "head", "protocol", "measure", "shuffles", "mean", "sd", "chance"]
    return f"\n## Controls\n\n{_markdown([*names, 'interval holds chance'], lines)}"


def _study_c(table: pd.DataFrame) -> str:
    part = table[table["part"] == "study C"]
    parts = [
        "\n## Study C: fuzzy matching, virtual responses and library against plain InfoNCE\n",
        "Same head, optimiser and epochs; every response virtual, every target from the library.",
    ]
    for head, rows in part.groupby("head", sort=False):
        for protocol in PROTOCOLS:
            parts += [f"\n### {head}, {protocol}\n", _tested(rows, protocol, "case")]
    return "\n".join(parts) + "\n"


def _cell(row: pd.Series, measure: str = "") -> str:
    mean, low, high = (_number(measure, row[name]) for name in ("mean", "min", "max"))
    told = f"{mean} ({low}..{high})"
    if pd.notna(row["low"]):
        told += f" [{_number(measure, row['low'])}..{_number(measure, row['high'])}]"
    return told


def _number(measure: str, value: float) -> str:
    return f"{value:.1f}" if measure == "median-rank" else f"{value:.3f}"


def _marked(head: str, chosen: str) -> str:
    return f"**{head}** (chosen)" if head == chosen else head


def _markdown(names: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [names, ["---"] * len(names), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _say(fraction: float, message: str) -> None:
    print(f"{fraction:4.0%} {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
