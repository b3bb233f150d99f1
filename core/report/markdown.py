"""The report as text: what was trained on what, and the tables of scores."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from core import encoders, store
from core.decoders.scoring.score_table import PROTOCOLS, WITHIN
from core.report import bold5000, parts, plan, tables
from core.report.choice import CHOSEN_BY, best, by_recording, default_head
from core.words import p_number

TABLE, TEXT = "decoders.csv", "decoders.md"
SHOWN = ("top-1", "top-5", "two-way", WITHIN, "median-rank", "top-1 of 300")
ABOUT = """\
Simulated data where no real recording is named: no brain was recorded. Subject S1, units of \
{rois}; split 'recorded' (object categories of the test set are not in the training set); target: \
clip-small. {seeds} seeds a row, each with its own weights, order of rows and validation \
categories; the test images are the same.

- A cell is the mean over the seeds, (the lowest..the highest seed), and [the 95 % interval].
- The interval of heads and of study C: the seeds' scores of each image are averaged, and \
the interval is over whole categories, queries and candidates at once (core/scores/intervals.py). \
It holds the seeds fixed, whose spread the range shows. That of the median rank is of the median \
over the queries of all seeds.
- The interval of controls is Student's t interval of the mean over shuffles: every shuffle has \
other responses.
- p: whole categories permuted, seeds together ({draws} permutations), of two-way.
- 'averaged repeats': one query an image, the mean of its trials; 'single trials': every trial is \
a query. Training takes averaged repeats in both.
- The head marked as best has the best two-way identification in the validation set (averaged \
repeats, mean over seeds), never in the test set. Heads trained by gradient stop by the loss on \
that same set, ridge does not, so that their validation figures are the more optimistic ones.
- Top-1 and top-5 are among the test categories, whose prototypes are the means of their test \
images, the viewed one left out of its own.
"""


def write(
    table: pd.DataFrame,
    measured: Mapping[str, pd.DataFrame],
    scale: plan.Scale,
    folder: Path,
    command: str,
) -> str:
    """Write every table as CSV and the report as markdown; give the markdown.

    Parameters
    ----------
    table : pd.DataFrame
        From ``core.report.report.measure``.
    measured : mapping of str to pd.DataFrame
        From ``core.report.report.measure_parts``.
    scale : plan.Scale
    folder : Path
    command : str
        That the report was made by.
    """
    own = [section(table) for section in (_heads, _controls, _study_c, of_bold5000, _default)]
    text = "\n".join([_heading(scale, command), *own, sections(measured)])
    folder.mkdir(parents=True, exist_ok=True)
    files = {TABLE: table, **{f"{name}.csv": each for name, each in measured.items()}}
    texts = {name: each.to_csv(index=False) for name, each in files.items()}
    for name, content in {**texts, TEXT: text}.items():
        with store.replacing(folder / name) as file:
            file.write_bytes(content.encode())
    return text


def sections(measured: Mapping[str, pd.DataFrame]) -> str:
    """What ``core.report.parts`` tell of their tables, in the order of these."""
    return "\n".join(parts.load(name).section(table) for name, table in measured.items())


def _heading(scale: plan.Scale, command: str) -> str:
    import torch

    about = ABOUT.format(rois=", ".join(plan.ROIS), seeds=scale.seeds, draws=scale.draws)
    machine = f"{platform.platform()}, {os.cpu_count()} cores, {encoders.device_label()}"
    changed = {**scale.options, **scale.training}
    return "\n".join(
        [
            "# Decoders on the simulated experiment, and on a real recording\n",
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
    about = [f"Best in the validation set: **{chosen}**. Sizes of heads:"]
    about += [f"- {head}: {dict(values) or 'defaults'}" for head, values in plan.HEADS.items()]
    validation = rows[(rows["side"] == "validation") & (rows["measure"] == CHOSEN_BY)]
    lines = [
        [_marked(row["head"], chosen), f"{row['parameters']:,}", _cell(row)]
        for _, row in validation.iterrows()
    ]
    parts = ["## Heads\n", *about, "", "### Validation set, averaged repeats: two-way\n"]
    parts.append(tables.table(["head", "parameters", CHOSEN_BY], lines))
    for protocol in PROTOCOLS:
        parts += [f"\n### Test set, {protocol}\n", _tested(rows, protocol, "head", chosen)]
    return "\n".join(parts)


def _tested(rows: pd.DataFrame, protocol: str, by: str, chosen: str = "") -> str:
    """A table of every measure in the test set: a line for each head or case."""
    part = rows[(rows["side"] == "test") & (rows["protocol"] == protocol)]
    measures = [name for name in SHOWN if (part["measure"] == name).any()]
    groups = list(part.groupby(by, sort=False))
    first = groups[0][1].set_index("measure")
    lines = [["chance", *(_number(name, first["chance"][name]) for name in measures), ""]]
    for name, group in groups:
        by_measure = {str(row["measure"]): row for _, row in group.iterrows()}
        cells = [_cell(by_measure[measure], measure) for measure in measures]
        lines.append([_marked(str(name), chosen), *cells, p_number(by_measure[CHOSEN_BY]["p"])])
    counts = first.loc[CHOSEN_BY]
    title = f"{counts['n']:,} queries of {counts['images']} images, "
    title += f"{counts['categories']} object categories"
    return tables.table([title, *measures, "p"], lines)


def _controls(table: pd.DataFrame) -> str:
    part = table[(table["part"] == "controls") & (table["side"] == "test")]
    lines = []
    for measure in ("two-way", "top-1"):
        for _, row in part[part["measure"] == measure].iterrows():
            held = "yes" if row["low"] <= row["chance"] <= row["high"] else "no"
            cells = [row["case"], row["head"], row["protocol"], measure, str(row["runs"])]
            lines.append([*cells, _cell(row), f"{row['sd']:.3f}", f"{row['chance']:.3f}", held])
    names = ["control", "head", "protocol", "measure", "shuffles", "mean", "sd", "chance"]
    return f"\n## Controls\n\n{tables.table([*names, 'interval holds chance'], lines)}"


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


def of_bold5000(table: pd.DataFrame) -> str:
    title = f"## {bold5000.TITLE} (real recording)\n"
    part = table[table["part"] == bold5000.PART]
    if part.empty:
        return f"{title}\nThere is no folder {bold5000.NAME} (see `--realdata`).\n"
    return "\n".join([title, _as_stated(part), _by_decoders(part)])


def _as_stated(part: pd.DataFrame) -> str:
    rows = part[part["case"] == bold5000.STATED]
    ridge = rows.set_index("measure").loc[CHOSEN_BY]
    known, within = bold5000.KNOWN[0], bold5000.TOLERANCE
    held = "reproduced" if abs(ridge["mean"] - known) <= within else "NOT reproduced"
    names = list(rows["measure"])
    return "\n".join(
        [
            f"{ridge['n']} trials of {ridge['images']} images, ridge to their embeddings on "
            f"{ridge['runs']} contiguous folds, ranks among all trials, pooled over folds. A cell "
            "is the figure and [the 95 % interval], for which images are resampled.\n",
            tables.table(
                ["as stated", *names],
                [
                    ["chance", *map(_number, names, rows["chance"])],
                    ["known", *map(_number, names, bold5000.KNOWN)],
                    ["ridge", *(_cell(row, row["measure"]) for _, row in rows.iterrows())],
                ],
            ),
            f"\nThe known {known:.1%} of {CHOSEN_BY}, within {100 * within:g} points: **{held}** "
            f"({ridge['mean']:.1%}).\n",
        ]
    )


def _by_decoders(part: pd.DataFrame) -> str:
    rows = part[part["case"] == bold5000.HEADS]
    chosen, others = best(rows, bold5000.PART), rows[rows["head"] != "ridge"]
    beside = best(others, bold5000.PART)
    tested = rows[rows["side"] == "test"]
    above = tested[tested["head"] == beside].set_index("measure").loc[bold5000.ABOVE]
    better = "ridge" if above["high"] < 0 else beside if above["low"] > 0 else "no difference seen"
    names = list(dict.fromkeys(tested["measure"]))
    first, lines = rows.iloc[0], []
    for head, group in rows.groupby("head", sort=False):
        cells = [_cell(row, row["measure"]) for _, row in group.iterrows()]
        lines.append([_marked(str(head), chosen), f"{group['parameters'].iloc[0]:,}", *cells])
    controls = tested[tested["measure"] == CHOSEN_BY].set_index("head")["repeats"]
    counts = ", ".join(f"{count:.0f} of {head}" for head, count in controls.items())
    return "\n".join(
        [
            f"Heads by `core.decoders`, training as above, seed 0, {first['runs']} of the same "
            "folds; a tenth of each training set is held back for validation, repeats are "
            "averaged. One figure over all folds: test ranks are among all images, pooled over "
            "folds; those of the validation sets are among their own images. Such a score is not "
            "exactly at .5 without a signal, so chance is the mean of controls, the same folds "
            f"trained and scored with the responses permuted over images ({counts}): a cell is "
            "the figure, [its 95 % interval], and after the bar the control's mean and interval "
            "over controls. Intervals of differences are the wider of images left out in turn "
            "and of the spread of the controls.\n",
            tables.table(["head", "parameters", f"validation: {CHOSEN_BY}", *names], lines),
            f"\nBest in the validation sets: **{chosen}**. On the test images, two-way "
            f"identification by {beside} (the best in the validation sets besides ridge) is "
            f"{above['mean']:+.3f} [{above['low']:+.3f}..{above['high']:+.3f}] above ridge's, "
            f"image by image. Better: **{better}**.\n",
        ]
    )


def _default(table: pd.DataFrame) -> str:
    values = by_recording(table).dropna()
    lines = [[str(head), *(f"{value:.3f}" for value in row)] for head, row in values.iterrows()]
    return "\n".join(
        [
            "\n## The default head\n",
            "The product has one default for every recording: the head with the best mean of "
            "two-way identification in the validation sets of the recordings above. No test set "
            "has a part in it.\n",
            tables.table(["head", *map(str, values.columns)], lines),
            f"\nDefault: **{default_head(table)}**.\n",
        ]
    )


def _cell(row: pd.Series, measure: str = "") -> str:
    cell = _number(measure, row["mean"])
    for pair, brackets in ((("min", "max"), " ({}..{})"), (("low", "high"), " [{}..{}]")):
        if all(pd.notna(row.get(name)) for name in pair):
            cell += brackets.format(*(_number(measure, row[name]) for name in pair))
    if pd.notna(row.get("repeats")):
        control = (_number(measure, row[name]) for name in ("chance", "chance_low", "chance_high"))
        cell += " \\| {} [{}..{}]".format(*control)
    return cell


def _number(measure: str, value: float) -> str:
    return f"{value:.1f}" if measure == "median-rank" else f"{value:.3f}"


def _marked(head: str, chosen: str) -> str:
    return f"**{head}** (best)" if head == chosen else head
