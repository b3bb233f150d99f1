"""Scores of an average of decoders, beside those of its members."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from core import decoders, scores
from core.decoders import Run
from core.decoders.scoring.evaluation import check_same, queries
from core.decoders.scoring.score_table import PROTOCOLS, TWO_WAY
from core.decoders.training.data import Data
from core.ensembles.average import AVERAGE, Ensemble
from core.ensembles.members import averaged, check_members
from core.errors import InputError
from core.progress import Progress, portion, silent

PREPARED = 0.5


def evaluate(
    runs: Sequence[Run],
    progress: Progress = silent,
    permutations: int = 1000,
    resamples: int = 1000,
) -> Ensemble:
    """Score the average of decoders on their test set, and each of them.

    The member that the average is compared with has the best two-way identification in its
    validation set; the test set has no part in that choice.

    Parameters
    ----------
    runs : sequence of Run
        Two or more, such as seeds or heads.
    progress : callable, optional
        ``progress(fraction, message)``; may raise ``Cancelled``.
    permutations, resamples : int
        See ``core.scores.evaluate``.

    Raises
    ------
    InputError
        If they differ in recording, subjects, encoder, split or fold, were tested on other
        images, one was cancelled, or the recording is not the one they were trained on.
    """
    check_members([run.config for run in runs])
    names = [decoders.short_name(run.key, run.config.head) for run in runs]
    if len(set(names)) < len(names):
        raise InputError("A decoder is named twice", "each once")
    for name, run in zip(names, runs, strict=True):
        if run.partial:
            raise InputError(
                f"{name} was cancelled", "trained decoders", "Train it to its end, or leave it out."
            )
    material = _material(runs, names, portion(progress, 0.0, PREPARED))
    validation = dict(zip(names, map(_in_validation, runs, material), strict=True))
    best = max(names, key=lambda name: validation[name])
    tables: list[pd.DataFrame] = []
    averaged_rows = 0
    for number, protocol in enumerate(PROTOCOLS):
        progress(PREPARED + (1 - PREPARED) * number / len(PROTOCOLS), f"Scoring {protocol}")
        tested = [
            queries(run, data, "test", PROTOCOLS[protocol])
            for run, data in zip(runs, material, strict=True)
        ]
        if number and len(tested[0].image) == averaged_rows:  # no repeats
            continue
        averaged_rows = len(tested[0].image)
        seeds = [run.config.seed for run in runs]
        table = _table(names, tested, seeds, best, permutations, resamples)
        tables.append(table.assign(protocol=protocol))
    return Ensemble(pd.concat(tables, ignore_index=True), best, validation)


def _material(runs: Sequence[Run], names: Sequence[str], progress: Progress) -> list[Data]:
    """Responses and sets of every member; the recording is opened once."""
    material: list[Data] = []
    for number, (run, name) in enumerate(zip(runs, names, strict=True)):
        progress(number / len(runs), f"Opening what {name} was trained on")
        opened = material[0].opened if material else ()
        data = decoders.prepare(run.config, opened=opened)
        check_same(run, data)
        material.append(data)
        shared = set(material[0].fold.test) & set(data.fold.test)
        if len(shared) < max(len(material[0].fold.test), len(data.fold.test)):
            raise InputError(
                f"Of {len(material[0].fold.test)} test images of {names[0]} {name} has "
                f"{len(shared)}",
                "one test set",
                "Train them with one seed, or under a split that is the same for every seed.",
            )
    return material


def _in_validation(run: Run, data: Data) -> float:
    chosen = queries(run, data, "validation", "mean")
    table = scores.evaluate(chosen, permutations=1, resamples=1).set_index("measure")
    return float(table["value"][TWO_WAY])


def _table(
    names: Sequence[str],
    tested: Sequence[scores.Queries],
    seeds: Sequence[int],
    best: str,
    permutations: int,
    resamples: int,
) -> pd.DataFrame:
    """Measures of the average and of each member; the best one with the difference from it."""
    every = [(AVERAGE, averaged(tested), seeds[0]), *zip(names, tested, seeds, strict=True)]
    scored = {
        name: scores.score([own], None, seed, permutations, resamples) for name, own, seed in every
    }
    apart = scores.compare(scored[AVERAGE].by_unit, {best: [scored[best].by_unit]})
    tables = [
        own.table.merge(apart[apart["name"] == name].drop(columns="name"), "left", "measure")
        for name, own in scored.items()
    ]
    return pd.concat(
        [table.assign(head=name) for name, table in zip(scored, tables, strict=True)],
        ignore_index=True,
    )
