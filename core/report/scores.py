"""Scores of a row of the report: each seed's, and those of all seeds together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from core import scores, store
from core.decoders.config import Config
from core.decoders.runs import Run
from core.decoders.scoring.evaluation import queries
from core.decoders.scoring.score_table import FORMER, PROTOCOLS, as_json, from_json
from core.decoders.training.data import Data, prepare
from core.decoders.training.train import trained
from core.progress import Progress
from core.report.plan import Condition
from core.statistics import t_interval

VERSION = 5
AVERAGED = "averaged repeats"
# Of a config: what decides about rows, embeddings and sets.
MATERIAL = (
    "dataset",
    "subjects",
    "options",
    "rois",
    "encoder",
    "encoder_parameters",
    "split",
    "split_parameters",
    "fold",
    "seed",
)


def score(condition: Condition, draws: int, progress: Progress) -> pd.DataFrame:
    """Train a row with every seed, or find it in the store, and score it.

    Parameters
    ----------
    condition : Condition
    draws : int
        Permutations.
    progress : callable
        ``progress(fraction, message)``; may raise ``Cancelled``.

    Returns
    -------
    pd.DataFrame
        A row for each set, protocol and measure: ``part, case, head, side, protocol,
        measure``; ``mean, min, max, sd`` over the seeds; ``low, high``, the 95 % interval,
        and ``over``, what it was taken over; ``p``; ``chance, n, images, categories,
        candidates`` of one seed; ``runs``; ``parameters`` of the head.

    Over 'categories' or, where fewer than three are known, 'images', the seeds' scores of an
    image are averaged (see ``core.scores.pooled``). Over 'shuffles', each with its own responses,
    it is Student's t interval of their mean, and there is no p.
    """
    runs = []
    for number, config in enumerate(condition.configs):
        message = f"{condition.name}, {condition.head}, seed {config.seed}"
        progress(number / len(condition.configs), message)
        runs.append(trained(config, _material(config)))
    key = _key(condition, draws, runs)
    stored = store.load(key)
    if stored is not None:
        return from_json(stored.facts["table"]).assign(case=condition.name)
    progress(1.0, f"{condition.name}, {condition.head}: scoring")
    table = _table(condition, runs, draws)
    store.save(key, {}, {"table": as_json(table), "title": f"Report: {condition.name}"})
    return table


def _key(condition: Condition, draws: int, runs: Sequence[Run]) -> str:
    """Key of a row in the store, in the words of version 0.1."""
    parameters = {
        "part": condition.part,
        "case": condition.name.replace("images", FORMER["images"]),
        "over": FORMER.get(condition.over, condition.over),
        "draws": draws,
    }
    fingerprint = store.fingerprint([run.key for run in runs])
    return store.key("decoder_report", fingerprint, parameters, seed=0, version=VERSION)


def _table(condition: Condition, runs: Sequence[Run], draws: int) -> pd.DataFrame:
    parts = [("validation", AVERAGED, 0), *(("test", protocol, draws) for protocol in PROTOCOLS)]
    # Run by run: the material of only a few is kept.
    predicted = [
        [queries(run, _material(run.config), side, PROTOCOLS[name]) for side, name, _ in parts]
        for run in runs
    ]
    tables = [
        _measures(condition, runs, by_run, *part)
        for by_run, part in zip(zip(*predicted, strict=True), parts, strict=True)
    ]
    return pd.concat(tables, ignore_index=True)


def _measures(
    condition: Condition,
    runs: Sequence[Run],
    by_run: Sequence[scores.Queries],
    side: str,
    protocol: str,
    draws: int,
) -> pd.DataFrame:
    """The measures of a set and protocol; without draws there is no interval."""
    each = [scores.pooled([run], permutations=1, resamples=1) for run in by_run]
    values = np.array([table["value"] for table in each], dtype=np.float64)
    table = each[0].drop(columns=["value", "permuted", "resampled", "left_out"])
    table["low"] = table["high"] = table["p"] = np.nan
    if draws and condition.over == "shuffles":
        _, table["low"], table["high"] = t_interval(values)
    elif draws:
        pooled = scores.pooled(by_run, permutations=draws, resamples=draws)
        for column in ("low", "high", "p"):
            table[column] = pooled[column]
    unit = each[0]["resampled"] if condition.over == "images" else condition.over
    spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.nan
    over = {"mean": values.mean(axis=0), "min": values.min(axis=0), "max": values.max(axis=0)}
    labels: dict[str, Any] = {
        **{"part": condition.part, "case": condition.name, "head": condition.head},
        **{"side": side, "protocol": protocol, "over": unit, "runs": len(runs)},
        "parameters": int(runs[0].facts["parameters"]),
    }
    return table.assign(**over, sd=spread, **labels)


def _material(config: Config) -> Data:
    """Responses, embeddings and sets, shared by the heads that are trained on them."""
    values = config.to_json()
    return _prepared(json.dumps({name: values[name] for name in MATERIAL}))


@lru_cache(maxsize=8)
def _prepared(values: str) -> Data:
    return prepare(Config.from_json(json.loads(values)))
