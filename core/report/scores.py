"""Scores of a row of the report: each seed's, and those of all seeds together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from core import scores, store
from core.decoders.config import Config
from core.decoders.generative import classifier
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
READING = "mvae"
SETS = (("validation", AVERAGED), *(("test", protocol) for protocol in PROTOCOLS))


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
        runs.append(trained(config, material(config)))
    key = _key(condition, draws, runs)
    stored = store.load(key)
    if stored is not None:
        return from_json(stored.facts["table"]).assign(case=condition.name)
    progress(1.0, f"{condition.name}, {condition.head}: scoring")
    table = _table(condition, runs, draws)
    store.save(key, {}, {"table": as_json(table), "title": f"Report: {condition.name}"})
    return table


def differences(
    own: Condition, others: Mapping[str, Condition], draws: int, progress: Progress
) -> pd.DataFrame:
    """How much higher a row's scores in the test set are than those of others, by image.

    Returns
    -------
    pd.DataFrame
        A row for each measure and name: those of ``core.scores.compare``, and ``protocol``. The
        seeds' scores of an image are averaged.
    """
    conditions = {"": own, **others}
    runs = {
        name: [trained(config, material(config), progress) for config in condition.configs]
        for name, condition in conditions.items()
    }
    fingerprint = store.fingerprint([[run.key for run in each] for each in runs.values()])
    parameters = {"names": list(others), "draws": draws}
    key = store.key("decoder_differences", fingerprint, parameters, seed=0, version=VERSION)
    stored = store.load(key)
    if stored is not None:
        return from_json(stored.facts["table"])
    predicted = {name: [_queries(run) for run in each] for name, each in runs.items()}
    tables = []
    for side, protocol, by in predicted[""][0]:
        if side == "validation":
            continue
        scored = {
            name: scores.score([by_set[side, protocol, by] for by_set in each], None, 0, draws, 1)
            for name, each in predicted.items()
        }
        of_others = {name: [scored[name].by_unit] for name in others}
        table = scores.compare(scored[""].by_unit, of_others).assign(protocol=protocol)
        tables.append(_named(table, by))
    table = pd.concat(tables, ignore_index=True)
    store.save(key, {}, {"table": as_json(table), "title": f"Report: {own.name} compared"})
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
    # Run by run: the material of only a few is kept.
    predicted = [_queries(run) for run in runs]
    tables = [
        _measures(condition, runs, [by_set[key] for by_set in predicted], key, draws)
        for key in predicted[0]
    ]
    return pd.concat(tables, ignore_index=True)


def _queries(run: Run) -> dict[tuple[str, str, str], scores.Queries]:
    """Of a decoder, by set, protocol, and '' for retrieval or what the latent classifier says."""
    data = material(run.config)
    by_set = {
        (side, protocol, ""): queries(run, data, side, PROTOCOLS[protocol])
        for side, protocol in SETS
    }
    if classifier.has_latents(run):
        for protocol, own in classifier.queries(run, data, "test").items():
            by_set["test", protocol, classifier.LATENT] = own
    return by_set


def _measures(
    condition: Condition,
    runs: Sequence[Run],
    by_run: Sequence[scores.Queries],
    key: tuple[str, str, str],
    draws: int,
) -> pd.DataFrame:
    """The measures of a set and protocol; of the validation set there is no interval."""
    side, protocol, by = key
    draws = draws if side == "test" else 0
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
    return _named(table.assign(**over, sd=spread, **labels), by)


def _named(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """The table of a latent classifier has its own measures alone, by names that say so."""
    if not by:
        return table
    table = table[table["measure"].isin(classifier.MEASURES)]
    return table.assign(measure=table["measure"] + by)


def material(config: Config) -> Data:
    """Responses, embeddings and sets, shared by the heads that are trained on them."""
    values = {name: value for name, value in config.to_json().items() if name in MATERIAL}
    if config.text_encoder is not None:  # any head that reads the same text
        values |= {"head": READING, "head_parameters": {"text": config.text_encoder}}
    return _prepared(json.dumps(values))


@lru_cache(maxsize=8)
def _prepared(values: str) -> Data:
    return prepare(Config.from_json(json.loads(values)))
