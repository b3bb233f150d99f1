"""Ablations for the reader: the verdict in a sentence, tables as CSV and LaTeX."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from core.ablations.comparison import FEWEST, RowComparison, compare, measures, protocols
from core.ablations.design import Ablation
from core.decoders.scoring.score_table import RANKS, worded

SHOWN = ("top-1", "top-5", "two-way")
_SPECIAL = re.compile(r"([&%$#_{}])")
_WORDS = {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}


def verdict(ablation: Ablation, comparison: RowComparison) -> str:
    """What the comparison says, in one or two sentences."""
    if comparison.best is None:
        return "No decoder was scored."
    n, unit, measure = comparison.n, comparison.unit, comparison.measure
    best = ablation.name(comparison.best)
    value = worded(measure, comparison.table["mean"][comparison.best])
    if not comparison.is_complete:
        return f"Best so far at {measure}: {best} ({value}). No row is marked before all are done."
    if int(comparison.table["mean"].notna().sum()) < FEWEST:
        return f"One row was scored: {best} ({value})."
    if n < FEWEST:
        return (
            f"Best at {measure}: {best} ({value}), of one replicate: its noise is unknown, so no "
            "row is marked. More seeds, or more subjects, would show it."
        )
    over = f"paired over {n} {unit}"
    others = "every other row"
    if comparison.table["mean"].isna().any():
        others += " that was scored"
    if comparison.is_marked:
        return (
            f"{best} is best at {measure} ({value}): its difference to {others} lies "
            f"outside the noise ({over}; t tests corrected by Holm, each p ≤ 0.05)."
        )
    return (
        f"No difference seen beyond the noise: {best} has the best {measure} ({value}), but not "
        f"beyond the noise against {others} ({over}; t tests corrected by Holm)."
    )


def as_table(ablation: Ablation, comparison: RowComparison) -> pd.DataFrame:
    """The comparison with a column for each axis before it."""
    axes = pd.DataFrame(ablation.words, columns=[axis.label for axis in ablation.axes])
    marked = [comparison.is_marked and row == comparison.best for row in range(len(axes))]
    return axes.join(comparison.table.assign(unit=comparison.unit, marked=marked))


def full_table(ablation: Ablation, cells: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """``as_table`` of every protocol and measure, one below the other."""
    tables = []
    for protocol in protocols(cells):
        for measure in measures(cells):
            table = as_table(ablation, compare(ablation, cells, protocol, measure))
            table.insert(0, "protocol", protocol)
            table.insert(1, "measure", measure)
            tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def decoders_table(ablation: Ablation, cells: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Every decoder with its settings: a row for each measure, one for each that failed."""
    labels = [axis.label for axis in ablation.axes]
    about = ("subject", "seed", "run", "badge", "error")
    return pd.DataFrame(
        [
            {
                **dict(zip(labels, ablation.words[cell["row"]], strict=True)),
                **{name: cell[name] for name in about},
                **score,
            }
            for cell in cells
            for score in cell["scores"] or [{}]
        ]
    )


def as_latex(ablation: Ablation, cells: Sequence[Mapping[str, Any]], protocol: str) -> str:
    """A table for a paper (booktabs): mean and SD by measure, the best in bold where marked."""
    shown = [measure for measure in SHOWN if measure in measures(cells)]
    compared = {measure: compare(ablation, cells, protocol, measure) for measure in shown}
    heads = [*(axis.label for axis in ablation.axes), *shown]
    lines = [
        r"% \usepackage{booktabs}",
        rf"\begin{{tabular}}{{{'l' * len(ablation.axes)}{'r' * len(shown)}}}",
        r"\toprule",
        _line(map(escaped, heads)),
        r"\midrule",
    ]
    for row, words in enumerate(ablation.words):
        scores = (_in_latex(compared[measure], row) for measure in shown)
        lines.append(_line([*map(escaped, words), *scores]))
    chances = (_chance(compared[measure]) for measure in shown)
    first = ["chance", *[""] * (len(ablation.axes) - 1)]
    lines += [r"\midrule", _line([*first, *chances]), r"\bottomrule", r"\end{tabular}"]
    return "\n".join([*lines, *_notes(ablation, protocol, list(compared.values()))]) + "\n"


def _line(cells: Any) -> str:
    return " & ".join(cells) + r" \\"


def _in_latex(comparison: RowComparison, row: int) -> str:
    measure = comparison.measure
    mean, sd = comparison.table["mean"][row], comparison.table["sd"][row]
    if pd.isna(mean):
        return "--"
    spread = "" if pd.isna(sd) else rf" $\pm$ {_number(sd, measure)}"
    text = f"{_number(mean, measure)}{spread}"
    return rf"\textbf{{{text}}}" if comparison.is_marked and row == comparison.best else text


def _number(value: float, measure: str) -> str:
    return f"{value:.1f}" if measure in RANKS else f"{100 * value:.1f}"


def _chance(comparison: RowComparison) -> str:
    chances = sorted(
        {_number(value, comparison.measure) for value in comparison.table["chance"].dropna()}
    )
    return " to ".join(dict.fromkeys([chances[0], chances[-1]])) if chances else ""


def _notes(ablation: Ablation, protocol: str, compared: Sequence[RowComparison]) -> list[str]:
    """Comments that say what the numbers are."""
    if not compared:
        return []
    base, n = ablation.base, compared[0].n
    return [
        f"% Per cent, mean and SD over {n} {compared[0].unit}, {protocol}; recording "
        f"{base.dataset}, subjects {', '.join(ablation.subjects)}, seeds "
        f"{', '.join(map(str, ablation.seeds))}.",
        "% Bold: differs from every other row beyond the noise (paired t tests, Holm, p <= 0.05).",
    ]


def escaped(text: str) -> str:
    """Text as LaTeX prints it."""
    parts = (_WORDS.get(letter, letter) for letter in text.replace("·", "-").replace("–", "--"))
    return "".join(_SPECIAL.sub(r"\\\1", p) if len(p) == 1 else p for p in parts)
