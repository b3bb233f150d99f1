"""Averages of seeds and of heads, and several subjects in one decoder: which of them help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core import scores, store
from core.datasets import Reference
from core.datasets.recordings.simulated import INFO
from core.decoders.config import Config
from core.decoders.runs import Run
from core.decoders.scoring.evaluation import queries
from core.decoders.scoring.score_table import TWO_WAY, as_json, from_json
from core.decoders.training.data import Data, open_subjects, prepare
from core.decoders.training.train import trained
from core.ensembles import averaged
from core.progress import Progress
from core.report import plan
from core.words import counted

VERSION = 1
TITLE = "## Ensembles and several subjects"
# Little signal and one trial an image: with more, no head is told from ridge.
FEW: Mapping[str, Any] = {"snr": 0.1, "stimuli": 600, "repeats": 1}
SUBJECTS = ("S1", "S2", "S3", "S4")
ALONE = ("ridge", "linear", "aligned_linear")
TOGETHER = ("aligned_linear", "clip_mused")
AVERAGED = ("ridge", "linear", "mlp")
SEEDED = "mlp"
MEASURES = (TWO_WAY, "top-1", "image top-5")
ENSEMBLES, SEVERAL = "ensembles", "several subjects"
COLUMNS = (
    *("part", "case", "is_single", "measure", "against", "value", "low", "high", "p", "chance"),
    *("validation", "images", "categories", "subjects"),
)
# Of the difference from the best single decoder.
SAID = {"better": "helps", "worse": "hurts", "no difference seen": "no difference seen"}
THAN = {
    "better": "better than",
    "worse": "worse than",
    "no difference seen": "no difference seen from",
}
PARTS = {
    ENSEMBLES: f"{SUBJECTS[0]} alone",
    SEVERAL: f"{', '.join(SUBJECTS)}: the mean over them",
}
ABOUT = """\
Simulated data with little signal: {options}, ROIs, split and target as above, {seeds} seeds a \
row; sizes as in the section of heads. First, whether averaging the predictions of seeds or heads \
helps ({first}); then, whether one decoder of several subjects helps each of them \
({second}). A cell is the score and [its 95 % interval]; that of a difference is paired over the \
same test images, with whole categories as units and, of several subjects, over subjects too; \
differences of a row are corrected for their number by Holm's method. Seeds are held fixed. \
'One seed' is the mean of the scores of single seeds. The verdict is by the difference from the \
single decoder that is best in the validation sets; heads trained by gradient stop by the loss \
on those, ridge does not.
"""


@dataclass(frozen=True)
class _Case:
    """Rows of the table: one way to decode, as queries of each seed, or of one average.

    ``validation`` is the two-way identification in the validation sets, mean over seeds; NaN
    for averages. ``is_single`` marks what the others are compared with.
    """

    part: str
    name: str
    tested: Sequence[scores.Queries]
    is_single: bool
    validation: float = np.nan


def measure(scale: plan.Scale, progress: Progress) -> pd.DataFrame:
    """Train and score single decoders, averages and decoders of several subjects.

    Returns
    -------
    pd.DataFrame
        A row for each part, case, measure and ``against``: '' for the score itself, else the
        name of the single decoder that it is less. ``value, low, high, p``; ``chance``;
        ``is_single``; ``validation``, two-way of single decoders there; ``seeds``; ``options``,
        in words; ``images``, ``categories`` and ``subjects`` tested.
    """
    runs, material = _trained(scale, progress)
    settings = {"draws": scale.draws, "measures": list(MEASURES)}
    fingerprint = store.fingerprint([run.key for run in runs.values()])
    key = store.key("combined_report", fingerprint, settings, seed=0, version=VERSION)
    stored = store.load(key)
    if stored is not None:
        return from_json(stored.facts["table"])
    progress(1.0, "Ensembles and several subjects: scoring")
    parts = [_ensembles(runs, material, scale), _several(runs, material, scale)]
    options = {**FEW, **scale.options}
    table = pd.concat([_scored(cases, scale.draws) for cases in parts], ignore_index=True)
    table["options"] = ", ".join(f"{name} {value}" for name, value in options.items())
    table["seeds"] = scale.seeds
    store.save(key, {}, {"table": as_json(table), "title": "Report: ensembles, several subjects"})
    return table


def section(table: pd.DataFrame) -> str:
    """The tables of both parts, and which of them help."""
    about = ABOUT.format(
        options=table["options"].iloc[0],
        seeds=table["seeds"].iloc[0],
        first=PARTS[ENSEMBLES],
        second=PARTS[SEVERAL],
    )
    lines = [f"{TITLE}\n", about]
    for part, rows in table.groupby("part", sort=False):
        counts = rows.iloc[0]
        tested = f"{counted(int(counts['images']), 'test image')}, "
        tested += counted(int(counts["categories"]), "object category", "object categories")
        lines += [
            f"### {str(part).capitalize()} ({PARTS[str(part)]}; {tested})\n",
            _table(rows),
            "",
        ]
    verdicts = [line for _, rows in table.groupby("part", sort=False) for line in _verdicts(rows)]
    return "\n".join([*lines, "Which of them help, by two-way identification:\n", *verdicts]) + "\n"


def _trained(
    scale: plan.Scale, progress: Progress
) -> tuple[dict[tuple[str, str, int], Run], dict[tuple[str, int], Data]]:
    """Decoders by whose they are, head and seed, and their material; recordings are opened once."""
    runs: dict[tuple[str, str, int], Run] = {}
    material: dict[tuple[str, int], Data] = {}
    opened = open_subjects(_config({**FEW, **scale.options}, SEVERAL, TOGETHER[0], scale, 0))
    options = Reference.of(opened[0]).options
    for seed in range(scale.seeds):
        for whose, heads in _heads().items():
            for head in heads:
                progress(seed / scale.seeds, f"{head}, {whose}, seed {seed}")
                config = _config(options, whose, head, scale, seed)
                if (whose, seed) not in material:
                    material[whose, seed] = prepare(config, opened=opened)
                runs[whose, head, seed] = trained(config, material[whose, seed])
    return runs, material


def _heads() -> dict[str, tuple[str, ...]]:
    """What is trained of all subjects together, and of each."""
    alone: dict[str, tuple[str, ...]] = dict.fromkeys(SUBJECTS, ALONE)
    alone[SUBJECTS[0]] = tuple(dict.fromkeys((*ALONE, *AVERAGED)))
    return {SEVERAL: TOGETHER, **alone}


def _config(
    options: Mapping[str, Any], whose: str, head: str, scale: plan.Scale, seed: int
) -> Config:
    """Every subject saw every image, so that the sets of one are those of all."""
    return Config(
        INFO.name,
        SUBJECTS if whose == SEVERAL else (whose,),
        options,
        plan.ROIS,
        head=head,
        head_parameters=plan.HEADS.get(head, {}),
        training=scale.training,
        seed=seed,
    )


def _ensembles(
    runs: Mapping[tuple[str, str, int], Run],
    material: Mapping[tuple[str, int], Data],
    scale: plan.Scale,
) -> list[_Case]:
    """One seed of each head, and averages of seeds, of heads, and of both."""
    whose, seeds = SUBJECTS[0], range(scale.seeds)
    sets = {
        (side, head): [
            queries(runs[whose, head, seed], material[whose, seed], side, "mean") for seed in seeds
        ]
        for side in ("validation", "test")
        for head in AVERAGED
    }
    tested = {head: sets["test", head] for head in AVERAGED}
    heads = " + ".join(AVERAGED)
    averages = {
        f"{SEEDED}, average of {counted(scale.seeds, 'seed')}": [averaged(tested[SEEDED])],
        f"{heads}, average of heads": [
            averaged([tested[head][seed] for head in AVERAGED]) for seed in seeds
        ],
        f"{heads}, average of heads and seeds": [
            averaged([each for head in AVERAGED for each in tested[head]])
        ],
    }
    return [
        *(
            _Case(
                ENSEMBLES, f"{head}, one seed", tested[head], True, _mean(sets["validation", head])
            )
            for head in AVERAGED
        ),
        *(_Case(ENSEMBLES, name, each, False) for name, each in averages.items()),
    ]


def _several(
    runs: Mapping[tuple[str, str, int], Run],
    material: Mapping[tuple[str, int], Data],
    scale: plan.Scale,
) -> list[_Case]:
    """A decoder for each subject, by several heads, and one for all of them."""
    seeds = range(scale.seeds)

    def alone(head: str, side: str) -> list[scores.Queries]:
        return [
            _side_by_side(
                [
                    queries(runs[who, head, seed], material[who, seed], side, "mean")
                    for who in SUBJECTS
                ]
            )
            for seed in seeds
        ]

    cases = [
        _Case(
            SEVERAL,
            f"{head}, each subject alone",
            alone(head, "test"),
            True,
            _mean(alone(head, "validation")),
        )
        for head in ALONE
    ]
    for head in TOGETHER:
        tested = [
            queries(runs[SEVERAL, head, seed], material[SEVERAL, seed], "test", "mean")
            for seed in seeds
        ]
        cases.append(_Case(SEVERAL, f"{head}, all subjects in one", tested, False))
    return cases


def _side_by_side(of_subjects: Sequence[scores.Queries]) -> scores.Queries:
    """Queries of decoders of one subject each as those of a decoder of all."""
    first = of_subjects[0]
    counts = [len(own.image) for own in of_subjects]
    return first._replace(
        predicted=np.concatenate([own.predicted for own in of_subjects]),
        image=np.concatenate([own.image for own in of_subjects]),
        subject=np.repeat(np.arange(len(counts)), counts),
    )


def _mean(of_seeds: Sequence[scores.Queries]) -> float:
    """Two-way identification, mean over seeds, whose images may differ."""
    tables = (scores.evaluate(own, permutations=1, resamples=1) for own in of_seeds)
    return float(np.mean([each.set_index("measure")["value"][TWO_WAY] for each in tables]))


def _scored(cases: Sequence[_Case], draws: int) -> pd.DataFrame:
    """Scores of each case, and of those that combine the differences from the single ones."""
    scored = {case.name: scores.score(case.tested, None, 0, draws, draws) for case in cases}
    single = {case.name: [scored[case.name].by_unit] for case in cases if case.is_single}
    tables = []
    for case in cases:
        own = scored[case.name].table.assign(against="")
        if not case.is_single:
            apart = scores.compare(scored[case.name].by_unit, single)
            apart = apart.rename(columns={"name": "against", "difference": "value"})
            apart = apart.rename(columns=lambda name: name.removeprefix("difference_"))
            own = pd.concat([own, apart], ignore_index=True)
        whole = case.tested[0].subject
        own["subjects"] = 1 if whole is None else len(np.unique(whole))
        own["part"], own["case"], own["is_single"] = case.part, case.name, case.is_single
        tables.append(own.assign(validation=case.validation))
    table = pd.concat(tables, ignore_index=True)
    return table.loc[table["measure"].isin(MEASURES), list(COLUMNS)]


def _table(rows: pd.DataFrame) -> str:
    """Scores of all measures, and differences of two-way from each single decoder."""
    single = list(dict.fromkeys(rows[rows["is_single"]]["case"]))
    names = ["", "validation", *MEASURES, *(f"less {name}" for name in single)]
    chance = rows[rows["against"] == ""].drop_duplicates("measure").set_index("measure")["chance"]
    lines = [["chance", ".500", *(_number(chance[name]) for name in MEASURES), *[""] * len(single)]]
    for case, own in rows.groupby("case", sort=False):
        by_place = {(row["against"], row["measure"]): row for row in own.to_dict("records")}
        validation = own["validation"].iloc[0]
        cells = [_with_interval(by_place["", measure]) for measure in MEASURES]
        cells += [
            _with_interval(by_place[name, TWO_WAY], "+") if (name, TWO_WAY) in by_place else ""
            for name in single
        ]
        lines.append([str(case), "" if pd.isna(validation) else _number(validation), *cells])
    written = [names, ["---"] * len(names), *lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in written)


def _verdicts(rows: pd.DataFrame) -> list[str]:
    """A line for each case that combines decoders, beside the best single one and the others.

    The best single one is the one with the best two-way identification in the validation sets.
    """
    scored = rows[rows["measure"] == TWO_WAY]
    single = scored[scored["is_single"]].set_index("case")["validation"].astype(float)
    best = str(single.idxmax())
    apart = scored[scored["against"] != ""]
    lines = []
    for case, own in apart.groupby("case", sort=False):
        by_name = {row["against"]: row for row in own.to_dict("records")}
        row = by_name.pop(best)
        words = [
            f"{THAN[scores.outcome(each['value'], each['p'])]} {name}"
            for name, each in by_name.items()
        ]
        lines.append(
            f"- {case}: **{SAID[scores.outcome(row['value'], row['p'])]}**, "
            f"{_with_interval(row, '+')} against {best}, the best in the validation sets"
            f"{''.join(f'; {each}' for each in words)}."
        )
    return lines


def _with_interval(row: Mapping[Any, Any], sign: str = "") -> str:
    value, low, high = (_number(row[name], sign) for name in ("value", "low", "high"))
    return f"{value} [{low}..{high}]"


def _number(value: float, sign: str = "") -> str:
    return f"{value:{sign}.3f}"
