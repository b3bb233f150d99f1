"""The job that analyses a decoder's zero-shot classification, and its result in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core import store
from core.decoders import Run
from core.decoders import load as load_run
from core.decoders.scoring.score_table import PROTOTYPES, as_json, is_prompted
from core.encoders import PROMPT, check_prompts
from core.errors import InputError, NotFoundError
from core.jobs.request import Request, check_fields
from core.progress import Progress

VERSION = 3
DRAWS = 30


@dataclass(frozen=True)
class ZeroShot:
    """How a decoder classifies the responses of its test set.

    Attributes
    ----------
    curve : pd.DataFrame
        For each ``protocol``, ``over`` ('images', 'categories') and ``n_way`` a row of
        ``core.scores.n_way``.
    answers : pd.DataFrame
        For each ``protocol`` and response of known category: ``subject``, ``id`` of the image
        seen, its ``category``, the nearest category ``predicted``, and the ``supercategory``
        and ``predicted_supercategory`` of both, '' where unknown.
    draws : mapping of str to list of float
        By protocol, top-1 of each of 30 draws of 300 images; empty with fewer images.
    notes : tuple of str
        What of the prompts the encoder did not read, or never learned.
    """

    curve: pd.DataFrame
    answers: pd.DataFrame
    draws: Mapping[str, list[float]]
    notes: tuple[str, ...] = ()

    def at(self, protocol: str, over: str, n: int) -> dict[str, Any] | None:
        """The row of the curve at n candidates, the most that there are where n is more."""
        curve = self.curve
        rows = curve[(curve["protocol"] == protocol) & (curve["over"] == over)]
        rows = rows[rows["n_way"] <= n]
        return None if rows.empty else {str(k): v for k, v in rows.iloc[-1].to_dict().items()}


@dataclass(frozen=True)
class ZeroShotRequest(Request):
    """The analysis of a decoder; see ``core.zero_shot.analyse``.

    Attributes
    ----------
    run : str
        Key of the decoder.
    parameters : str
        Changes with its parameters: a cancelled training that goes on keeps its key.
    prototypes, prompts
        As in ``core.decoders.evaluate``.
    head, dataset : str
        Of the decoder, for the reader.
    """

    operation = "zero_shot"

    run: str
    parameters: str
    prototypes: str = "images"
    prompts: tuple[str, ...] = (PROMPT,)
    head: str = ""
    dataset: str = ""

    def __post_init__(self) -> None:
        if self.prototypes not in PROTOTYPES:
            raise InputError(f"prototypes is {self.prototypes!r}", choices=PROTOTYPES)
        prompts = (PROMPT,) if self.prototypes == "images" else check_prompts(self.prompts)
        object.__setattr__(self, "prompts", prompts)

    @classmethod
    def of(
        cls, run: Run, prototypes: str = "images", prompts: Sequence[str] = (PROMPT,)
    ) -> ZeroShotRequest:
        """The request for a decoder."""
        named = {"head": run.config.head, "dataset": run.config.dataset}
        return cls(run.key, run.digest, prototypes, tuple(prompts), **named)

    @property
    def label(self) -> str:
        return "Classify the responses of the test set"

    @property
    def seconds(self) -> float:
        """Of a decoder of the simulated experiment on one core."""
        return 10.0

    def key(self) -> str:
        settings = {"prototypes": self.prototypes, "prompts": list(self.prompts)}
        content = store.fingerprint(self.run, self.parameters)
        return store.key(self.operation, content, settings, seed=0, version=VERSION)

    def to_json(self) -> dict[str, Any]:
        values: dict[str, Any] = {"run": self.run, "parameters": self.parameters}
        values |= {"head": self.head, "dataset": self.dataset, "prototypes": self.prototypes}
        if is_prompted(self.prototypes, self.prompts):
            values["prompts"] = list(self.prompts)
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ZeroShotRequest:
        own = ("run", "parameters", "prototypes", "prompts", "head", "dataset")
        check_fields(cls.operation, values, own, own[:2])
        return cls(**{**values, "prompts": tuple(values.get("prompts", (PROMPT,)))})


def run(request: ZeroShotRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: analyse a decoder, into the store.

    Returns
    -------
    dict
        ``key`` of the result, ``run`` of the decoder.
    """
    from core.zero_shot.analysis import analyse

    key = request.key()
    if load(key) is None:
        decoder = load_run(request.run)
        if decoder is None or decoder.digest != request.parameters:
            raise NotFoundError(
                f"There is no decoder {request.run}", "one that was trained, as it was then"
            )
        _save(key, analyse(decoder, request.prototypes, request.prompts, progress))
    return {"key": key, "run": request.run}


def load(key: str) -> ZeroShot | None:
    """An analysis from the store, None where there is none of this key."""
    result = store.load(key)
    if result is None:
        return None
    facts = result.facts
    with store.reading(key):
        curve, answers = pd.DataFrame(facts["curve"]), pd.DataFrame(facts["answers"])
        return ZeroShot(curve, answers, facts["draws"], tuple(facts["notes"]))


def _save(key: str, analysis: ZeroShot) -> None:
    facts = {
        "curve": as_json(analysis.curve),
        "answers": as_json(analysis.answers),
        "draws": dict(analysis.draws),
        "notes": list(analysis.notes),
    }
    store.save(key, {}, facts)
