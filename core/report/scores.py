"""Scores of a row of the report: each seed's, and those of all seeds together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from core import scores, store
from core.decoders.config import Config
from core.decoders.runs import Run, load, run_key
from core.decoders.scoring.evaluation import queries
from core.decoders.scoring.score_table import PROTOCOLS
from core.decoders.training.data import Data, Progress, prepare
from core.decoders.training.train import train
from core.report.plan import Case

VERSION = 3
AVERAGED = "averaged repeats"
# Of a config: what decides about rows, embeddings and sides.
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


def scored(case: Case, draws: int, tell: Progress) -> pd.DataFrame:
    """Train a row with every seed, or find it in the store, and score it.

    Parameters
    ----------
    case : Case
    draws : int
        Bootstrap samples and permutations.
    tell : callable
        ``tell(fraction, message)``; may raise ``Cancelled``.

    Returns
    -------
    pd.DataFrame
        A row for each side, protocol and measure: ``part, case, head, side, protocol,
        measure``; ``mean, min, max, sd`` over the seeds; ``low, high``, the 95 % interval,
        and ``over``, what it was taken over; ``p``; ``chance, n, images, categories,
        candidates`` of one seed; ``runs``; ``weights`` of the head.

    Over 'images', the seeds' scores of an image are averaged and images are resampled
    (see ``core.scores.pooled``). Over 'shuffles', each with its own responses, it is Student's t
    interval of their mean, and there is no p.
    """
    runs = []
    for number, config in enumerate(case.configs):
        tell(number / len(case.configs), f"{case.name}, {case.head}, seed {config.seed}")
        runs.append(trained(config, _material(config)))
    made = {"part": case.part, "case": case.name, "over": case.over, "draws": draws}
    of = store.fingerprint([run.key for run in runs])
    key = store.key("decoder_report", of, made, seed=0, version=VERSION)
    found = store.load(key)
    if found is not None:
        return pd.DataFrame(found.facts["table"])
    tell(1.0, f"{case.name}, {case.head}: scoring")
    table = _table(case, runs, draws)
    clean = table.astype(object).where(table.notna(), None)
    store.save(key, {}, {"table": clean.to_dict("list"), "title": f"Report: {case.name}"})
    return table


def trained(config: Config, data: Data) -> Run:
    """The run from the store without opening its recording again, else trained."""
    found = load(run_key(config, data))
    return train(config) if found is None or found.partial else found


def _table(case: Case, runs: Sequence[Run], draws: int) -> pd.DataFrame:
    wanted = [("validation", AVERAGED, 0), *(("test", protocol, draws) for protocol in PROTOCOLS)]
    # Run by run: the material of only a few is kept.
    found = [
        [queries(run, _material(run.config), side, PROTOCOLS[said]) for side, said, _ in wanted]
        for run in runs
    ]
    tables = [
        _measures(case, runs, sides, *asked)
        for sides, asked in zip(zip(*found, strict=True), wanted, strict=True)
    ]
    return pd.concat(tables, ignore_index=True)


def _measures(
    case: Case,
    runs: Sequence[Run],
    sides: Sequence[scores.Queries],
    side: str,
    protocol: str,
    draws: int,
) -> pd.DataFrame:
    """The measures of one side and protocol; without draws there is no interval."""
    each = [scores.pooled([one], permutations=1, resamples=1) for one in sides]
    values = np.array([table["value"] for table in each], dtype=np.float64)
    table = each[0].drop(columns=["value", "permuted", "left_out"])
    table["low"] = table["high"] = table["p"] = np.nan
    if draws and case.over == "shuffles":
        table["low"], table["high"] = _t_interval(values)
    elif draws:
        pooled = scores.pooled(sides, permutations=draws, resamples=draws)
        for column in ("low", "high", "p"):
            table[column] = pooled[column]
    spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.nan
    over = {"mean": values.mean(axis=0), "min": values.min(axis=0), "max": values.max(axis=0)}
    told: dict[str, Any] = {"part": case.part, "case": case.name, "head": case.head}
    told |= {"side": side, "protocol": protocol, "over": case.over, "runs": len(runs)}
    return table.assign(**over, sd=spread, **told, weights=_weights(runs[0]))


def _weights(run: Run) -> int:
    return int(run.facts["weights"])


def _t_interval(values: np.ndarray) -> tuple[Any, Any]:
    """Student's interval of the mean over rows, for each column."""
    count = len(values)
    if count < 2:
        return np.nan, np.nan
    half = stats.t.ppf(0.975, count - 1) * values.std(axis=0, ddof=1) / np.sqrt(count)
    return values.mean(axis=0) - half, values.mean(axis=0) + half


def _material(config: Config) -> Data:
    """Responses, embeddings and sides, shared by the heads that are trained on them."""
    told = config.to_json()
    return _prepared(json.dumps({name: told[name] for name in MATERIAL}))


@lru_cache(maxsize=8)
def _prepared(told: str) -> Data:
    return prepare(Config.from_json(json.loads(told)))
