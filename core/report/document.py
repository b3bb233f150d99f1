"""The short table of the report that the documentation shows, in a file of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from core import store
from core.report import bold5000, markdown, plan, tables
from core.report.scores import AVERAGED

MEASURE = "two-way"
SETS = ("validation", "test")
# Of each recording: its part of the report, its case there (any where None), and its protocol.
RECORDINGS = {
    "simulated": ("heads", None),
    "BOLD5000": (bold5000.PART, bold5000.HEADS),
}
ABOUT = """\
# Scores of the decoders

`make report` writes this file. Measured on {day}: two-way identification, chance .500.
It is the share of other images that lie farther from the prediction than the image that was
seen (= retrieval AUC = mean normalised rank).

- **simulated**: the simulated experiment, subject S1, {seeds} seeds; the object categories of \
the test set were never trained.
- **BOLD5000**: {bold5000}
- Repeats are averaged. 95 % intervals of the test sets are about {intervals}: over whole object
  categories in the simulated experiment, over images in BOLD5000.
- {sizes}

Every measure, with its interval, chance and p, is in `report/decoders.md` below the results
folder, with a table of each part beside it. The command takes one to two hours on two CPU cores
the first time, a minute later.
"""


def write(
    table: pd.DataFrame,
    measured: Mapping[str, pd.DataFrame],
    scale: plan.Scale,
    file: Path,
    default: str,
) -> None:
    """Write the document of today's report."""
    text = document(table, measured, scale, default, time.strftime("%Y-%m-%d"))
    with store.replacing(file) as part:
        part.write_bytes(text.encode())


def document(
    table: pd.DataFrame,
    measured: Mapping[str, pd.DataFrame],
    scale: plan.Scale,
    default: str,
    day: str,
) -> str:
    """Give the document as markdown.

    Parameters
    ----------
    table : pd.DataFrame
        Of the report; BOLD5000 may be absent.
    measured : mapping of str to pd.DataFrame
        Of ``core.report.parts``, whose sections stand at the end.
    scale : plan.Scale
    default : str
        The head with the best mean over the validation sets of all recordings.
    day : str
        When it was measured.
    """
    parts = {name: _two_way(table, *where) for name, where in RECORDINGS.items()}
    parts = {name: part for name, part in parts.items() if len(part)}
    about = ABOUT.format(
        day=day,
        seeds=scale.seeds,
        bold5000=_about_bold5000(parts.get("BOLD5000")),
        intervals=" and ".join(f"±{_half_width(part)} ({name})" for name, part in parts.items()),
        sizes=_sizes(),
    )
    chosen = f"The default is `{default}`: the best mean over the validation sets."
    texts = [about, _heads(parts), "", chosen, "", _further(table), ""]
    return "\n".join([*texts, markdown.sections(measured)])


def _two_way(table: pd.DataFrame, part: str, case: str | None = None) -> pd.DataFrame:
    rows = (table["part"] == part) & (table["measure"] == MEASURE)
    rows &= table["protocol"] == AVERAGED
    return table[rows & (table["case"] == case)] if case else table[rows]


def _heads(parts: dict[str, pd.DataFrame]) -> str:
    """The table of heads: validation and test set of each recording."""
    names = [f"{name}: {subset}" for name in parts for subset in SETS]
    lines = [["head", *names], ["---"] * (len(names) + 1)]
    for head in dict.fromkeys(next(iter(parts.values()))["head"]):
        cells = [_mean(part, head, subset) for part in parts.values() for subset in SETS]
        lines.append([f"`{head}`", *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _mean(part: pd.DataFrame, head: str, subset: str) -> str:
    values = part.loc[(part["head"] == head) & (part["side"] == subset), "mean"]
    return tables.share(values.iloc[0]) if len(values) else ""


def _further(table: pd.DataFrame) -> str:
    """What permuted responses give, and what study C's additions do."""
    controls = _two_way(table, "controls", plan.PERMUTED)
    arm = next(iter(plan.ARMS))
    with_arm, plain = (_two_way(table, "study C", case) for case in (arm, plan.PLAIN))
    permuted = [f"{_mean(controls, head, 'test')} (`{head}`)" for head in _names(controls)]
    compared = [
        f"{_mean(with_arm, head, 'test')} against {_mean(plain, head, 'test')} (`{head}`)"
        for head in _names(plain)
    ]
    parts = _two_way(table, "controls", plan.ALL_PARTS)
    low = [f"{_mean(parts, head, 'test')} (`{head}`)" for head in _names(parts)]
    of_parts = (
        f"{plan.ALL_PARTS.capitalize()}: {', '.join(low)}; so much rests on low-level features, on "
        "categories never trained.\n"
    )
    return (
        f"Test set of the simulated experiment. {plan.PERMUTED.capitalize()}: "
        f"{', '.join(permuted)}.\n{of_parts if low else ''}"
        f"Study C ({arm}) against plain {plan.PLAIN}: {', '.join(compared)}."
    )


def _names(part: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(part["head"]))


def _about_bold5000(part: pd.DataFrame | None) -> str:
    if part is None:
        return "not on the machine."
    first = part[part["side"] == "test"].iloc[0]
    words = f"subject CSI1, {first['images']} images, {first['runs']} contiguous folds"
    if pd.isna(first.get("repeats")):
        return f"{words}."
    count = f"{first['repeats']:.0f} controls of `{first['head']}`"
    control = f"{tables.share(first['chance'])} ({count})"
    return f"{words}, one figure over all; without a signal it is {control}."


def _half_width(part: pd.DataFrame) -> str:
    test = part[part["side"] == "test"]
    return f"{((test['high'] - test['low']) / 2).median():.1g}".lstrip("0")


def _sizes() -> str:
    sizes = [
        f"`{head}` {', '.join(f'{name} {value}' for name, value in values.items())}"
        for head, values in plan.HEADS.items()
        if values
    ]
    return f"Sizes other than the defaults: {'; '.join(sizes)}." if sizes else "Default sizes."
