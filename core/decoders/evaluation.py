"""How well a decoder finds pictures it was never trained on, beside the linear baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import encoders, scores, store
from core.decoders.batches import targets_of
from core.decoders.config import Config
from core.decoders.data import Data, Progress, prepare, unit_rows
from core.decoders.runs import Run, load
from core.decoders.train import train
from core.errors import InputError, NotFoundError

PROTOCOLS = {"averaged repeats": "mean", "single trials": "all"}
PROTOTYPES = ("pictures", "names")
BASELINES: Mapping[str, Mapping[str, Any]] = {
    "ridge": {"head": "ridge", "head_parameters": {}},
    "linear": {"head": "linear", "head_parameters": {}, "loss": (("infonce", 1.0, {}),)},
}
PHRASE = "a picture of a {}"
VERSION, RESAMPLES = 1, 1000


def evaluate(
    run: Run,
    progress: Progress | None = None,
    prototypes: str = "pictures",
    baselines: bool = True,
    permutations: int = 1000,
    resamples: int = 1000,
    side: str = "test",
) -> pd.DataFrame:
    """Score a decoder on its test side.

    Parameters
    ----------
    run : Run
    progress : callable, optional
        ``progress(fraction, message)``; may raise ``Cancelled``.
    prototypes : {'pictures', 'names'}
        What stands for a category in top-1 and top-5: the mean embedding of its test
        pictures, or that of its name (an encoder that reads text).
    baselines : bool
        Score ridge and a linear head with InfoNCE on the same rows too; they are trained
        where they are not in the store. Where single subjects are told apart, on each alone.
    permutations, resamples : int
        Of the p-value and of the interval; see ``core.scores.evaluate``.
    side : {'test', 'validation'}
        The validation side is for choosing among decoders.

    Returns
    -------
    pd.DataFrame
        ``head``, ``protocol`` ('averaged repeats'; 'single trials' where there are repeats),
        and the columns of ``core.scores.evaluate``. ``attrs['badge']`` is the worst finding
        about the split.

    Raises
    ------
    InputError
        If the side or the prototypes are unknown, the encoder reads no text, or the side
        has no usable response.
    """
    tell = progress or (lambda fraction, message: None)
    if side not in ("test", "validation"):
        raise InputError(f"side is {side!r}", choices=("test", "validation"))
    data = prepare(run.config, lambda part, message: tell(0.1 * part, message))
    compared = [(run.config.head, run)]
    if baselines:
        compared += _baselines(run.config, lambda part, said: tell(0.1 + 0.6 * part, said))
    tables = []
    for number, (name, each) in enumerate(compared):
        tell(0.7 + 0.3 * number / len(compared), f"Scoring {name}")
        tables += _scored(name, each, data, prototypes, permutations, resamples, side)
    table = pd.concat(tables, ignore_index=True)
    table.attrs["badge"] = run.badge
    return table


def _baselines(config: Config, tell: Progress) -> list[tuple[str, Run]]:
    """The baselines that differ from the decoder; for several subjects there are none."""
    if len(config.subjects) > 1:
        return []
    wanted = [
        (name, replace(config, **changes))
        for name, changes in BASELINES.items()
        if replace(config, **changes).settings_that_count() != config.settings_that_count()
    ]
    share = 1 / max(1, len(wanted))
    return [
        (
            f"{name} (baseline)",
            train(each, lambda part, said, at=place: tell(share * (at + part), said)),  # type: ignore[misc]
        )
        for place, (name, each) in enumerate(wanted)
    ]


def _scored(
    name: str,
    run: Run,
    data: Data,
    prototypes: str,
    permutations: int,
    resamples: int,
    side: str,
) -> list[pd.DataFrame]:
    stimuli = getattr(data.fold, side)
    pictures = targets_of(data.embeddings[stimuli], run.centre)
    place = np.full(len(data.category), -1)
    place[stimuli] = np.arange(len(stimuli))
    names = np.array([*data.names, ""])[data.category[stimuli]]
    tables = []
    for protocol, trials in PROTOCOLS.items():
        rows = data.rows(stimuli, trials, run.scaling)
        if trials == "all" and len(rows.x) <= len(stimuli) * len(data.opened):
            continue
        table = scores.evaluate(
            run.predict(rows.x, rows.subject),
            pictures,
            place[rows.stimulus],
            names,
            _prototypes(prototypes, run.config, data, names),
            rows.subject if len(data.opened) > 1 else None,
            run.config.seed,
            permutations,
            resamples,
        )
        table.insert(0, "protocol", protocol)
        table.insert(0, "head", name)
        tables.append(table)
    return tables


def _prototypes(
    kind: str, config: Config, data: Data, tested: np.ndarray
) -> dict[str, np.ndarray] | None:
    """Embeddings of the names of the tested categories, seen from those of all categories."""
    if kind not in PROTOTYPES:
        raise InputError(f"prototypes is {kind!r}", choices=PROTOTYPES)
    if kind == "pictures":
        return None
    texts = [PHRASE.format(name) for name in data.names]
    rows = unit_rows(encoders.encode_text(texts, config.encoder, **config.encoder_parameters))
    rows = unit_rows(rows - rows.mean(axis=0))
    known = set(tested.tolist())
    return {name: row for name, row in zip(data.names, rows, strict=True) if name in known}


def table_key(run_key: str, prototypes: str) -> str:
    """Key of the stored scores of a decoder."""
    made = {"run": run_key, "prototypes": prototypes, "resamples": RESAMPLES}
    return store.key("scores", store.fingerprint(run_key), made, seed=0, version=VERSION)


def load_table(run_key: str, prototypes: str = "pictures") -> pd.DataFrame | None:
    """Scores of a decoder from the store, with its baselines; None where there are none."""
    result = store.load(table_key(run_key, prototypes))
    return None if result is None else pd.DataFrame(result.facts["table"])


def run(request: Mapping[str, Any], progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: score the decoder ``request["run"]`` and its baselines, into the store.

    ``prototypes`` may be given as in ``evaluate``.

    Returns
    -------
    dict
        ``key`` of the scores, ``run`` of the decoder.
    """
    kind = request.get("prototypes", "pictures")
    key = table_key(request["run"], kind)
    if store.load(key) is None:
        decoder = load(request["run"])
        if decoder is None:
            raise NotFoundError(f"There is no decoder {request['run']}", "one that was trained")
        table = evaluate(decoder, progress, kind, resamples=RESAMPLES, permutations=RESAMPLES)
        clean = table.astype(object).where(table.notna(), None)
        store.save(key, {}, {"table": clean.to_dict("list"), "config": decoder.config.to_json()})
    return {"key": key, "run": request["run"]}
