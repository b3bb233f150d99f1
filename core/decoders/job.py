"""The jobs that train a decoder and that score it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from core import store
from core.datasets import load_with
from core.decoders.config import Config
from core.decoders.heads import HEADS
from core.decoders.runs import Run, load
from core.decoders.scoring.cases import load_retrieved, save_retrieved
from core.decoders.scoring.score_table import (
    CURRENT,
    PROTOTYPES,
    RESAMPLES,
    is_prompted,
    load_table,
    records,
    save_table,
    table_key,
)
from core.decoders.training.data import prepare
from core.decoders.training.train import train
from core.encoders import PROMPT, check_prompts, job_device
from core.encoders import get as get_encoder
from core.errors import InputError, NotFoundError
from core.jobs.cluster import versions
from core.jobs.request import Request, check_fields
from core.progress import Progress, portion

# Of a row of a sweep: its scores, and the part of the work that is training.
ROW = ("protocol", "measure", "value", "chance", "low", "high", "p", "n")
TRAINED = 0.8


@dataclass(frozen=True)
class ConfigRequest(Request):
    """What is asked of the settings of a decoder, which the trained one need not exist for."""

    config: Config

    def key(self) -> None:
        """None: the key follows from the prepared data, which the job alone has; ``run_key``."""

    def device(self) -> str:
        return "cpu" if self.config.is_closed_form else job_device(True)

    def to_json(self) -> dict[str, Any]:
        config = self.config
        # As jobs of former versions name it, so that they are found.
        stored = {**config.to_json(), "encoder": get_encoder(config.encoder).stored_id}
        return {"config": stored, "dataset": config.dataset, "head": config.head}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        check_fields(cls.operation, values, ("config", "dataset", "head"), ("config",))
        return cls(Config.from_json(values["config"]))


@dataclass(frozen=True)
class TrainRequest(ConfigRequest):
    """A decoder to train."""

    operation = "train"

    @property
    def label(self) -> str:
        return f"Train {HEADS[self.config.head].label}"


def run_training(request: TrainRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: train a decoder.

    Returns
    -------
    dict
        ``key`` of the run.
    """
    return {"key": train(request.config, progress, folder).key}


@dataclass(frozen=True)
class ScoreRequest(ConfigRequest):
    """A decoder to train and to score, as a row of a sweep.

    Attributes
    ----------
    accelerator : str
        'cuda', 'mps' or 'cpu'; '' for the best that there is.
    fingerprint, code : str
        Of the recording and of the program: the row is kept by the job alone, so that another
        recording or program makes another one.
    """

    operation = "score"

    accelerator: str = ""
    fingerprint: str = ""
    code: str = ""

    @classmethod
    def of(cls, config: Config, accelerator: str | None = None) -> ScoreRequest:
        """The request for the recording and the program of now."""
        subjects = config.subjects or (None,)
        opened = [load_with(config.dataset, name, config.options) for name in subjects]
        fingerprint = store.fingerprint([ds.fingerprint for ds in opened])
        return cls(config, accelerator or "", fingerprint, versions.code())

    @property
    def label(self) -> str:
        return f"Train and score {HEADS[self.config.head].label}"

    def device(self) -> str:
        if self.accelerator:
            return "cuda:0" if self.accelerator == "cuda" else "cpu"
        return super().device()

    def to_json(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("accelerator", "fingerprint", "code")}
        return {**super().to_json(), "seed": self.config.seed, **own}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ScoreRequest:
        own = ("accelerator", "fingerprint", "code")
        check_fields(
            cls.operation, values, ("config", "dataset", "head", "seed", *own), ("config",)
        )
        return cls(Config.from_json(values["config"]), **{n: values[n] for n in own if n in values})


def run_scored(request: ScoreRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: train a decoder and score it; see ``scored``."""
    return scored(request.config, progress, request.accelerator or None, folder)


def scored(
    config: Config, progress: Progress, device: str | None = None, folder: Path | None = None
) -> dict[str, Any]:
    """Train a decoder and score it without baselines.

    Returns
    -------
    dict
        ``key`` of the decoder, ``badge`` of its split, ``validation_two_way``, ``note``, and
        ``scores``, a list of ``ROW`` by name.
    """
    from core.decoders.scoring import evaluation

    run = train(config, portion(progress, 0.0, TRAINED), folder, device)
    # The value in the validation set needs neither interval nor p.
    validation = evaluation.evaluate(
        run, baselines=False, permutations=1, resamples=1, side="validation"
    )
    table = evaluation.evaluate(run, portion(progress, TRAINED, 1.0), baselines=False)
    two_way = float(validation.loc[validation["measure"] == "two-way", "value"].iloc[0])
    scores = [{name: record[name] for name in ROW} for record in records(table)]
    row = {"key": run.key, "badge": run.badge, "validation_two_way": two_way}
    return {**row, "note": table.attrs["note"], "scores": scores}


@dataclass(frozen=True)
class AuditRequest(ConfigRequest):
    """The audit of a decoder's split, with its evidence."""

    operation = "audit"

    @property
    def label(self) -> str:
        return "Collecting the evidence of the audit"

    @property
    def offer(self) -> str:
        return "Audit the split"

    def device(self) -> str:
        return "cpu"

    def to_json(self) -> dict[str, Any]:
        return {"config": self.config.to_json(), "dataset": self.config.dataset}


def run_audit(request: AuditRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: audit a split.

    Returns
    -------
    dict
        ``key`` of the findings.
    """
    from core.decoders.scoring import audits

    data = prepare(request.config, portion(progress, 0.0, 0.3))
    audits.audit(data, request.config, portion(progress, 0.3, 1.0))
    return {"key": audits.key_of(data, request.config)}


@dataclass(frozen=True)
class EvaluateRequest(Request):
    """The scores of a decoder and of its baselines.

    Attributes
    ----------
    run : str
        Key of the decoder.
    prototypes, prompts
        As in ``evaluate``.
    head, dataset : str
        Of the decoder, for the reader.
    """

    operation = "evaluate"

    run: str
    prototypes: str = "images"
    head: str = ""
    dataset: str = ""
    prompts: tuple[str, ...] = (PROMPT,)

    def __post_init__(self) -> None:
        if self.prototypes not in PROTOTYPES:
            raise InputError(f"prototypes is {self.prototypes!r}", choices=PROTOTYPES)
        prompts = (PROMPT,) if self.prototypes == "images" else check_prompts(self.prompts)
        object.__setattr__(self, "prompts", prompts)

    @classmethod
    def of(
        cls, run: Run, prototypes: str = "images", prompts: Sequence[str] = (PROMPT,)
    ) -> EvaluateRequest:
        """The request for a decoder."""
        return cls(run.key, prototypes, run.config.head, run.config.dataset, tuple(prompts))

    @property
    def label(self) -> str:
        return "Scoring it beside the baselines"

    @property
    def seconds(self) -> float:
        """Of a decoder of the simulated experiment, its baselines trained, on one core."""
        return 30.0

    def key(self) -> str:
        return table_key(self.run, self.prototypes, self.prompts)

    def to_json(self) -> dict[str, Any]:
        changed: dict[str, Any] = {}
        if self.prototypes != "images":
            changed["prototypes"] = self.prototypes
        if is_prompted(self.prototypes, self.prompts):
            changed["prompts"] = list(self.prompts)
        return {"run": self.run, "head": self.head, "dataset": self.dataset, **changed}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> EvaluateRequest:
        own = ("run", "prototypes", "head", "dataset", "prompts")
        check_fields(cls.operation, values, own, ("run",))
        prototypes = values.get("prototypes", "images")
        prompts = tuple(values.get("prompts", (PROMPT,)))
        current = {"prototypes": CURRENT.get(prototypes, prototypes), "prompts": prompts}
        return cls(**{**values, **current})


def run_evaluation(request: EvaluateRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: score a decoder and its baselines, and retrieve images by it, into the store.

    Returns
    -------
    dict
        ``key`` of the scores, ``run`` of the decoder.
    """
    from core.decoders.scoring import evaluation
    from core.decoders.scoring.retrieved import retrieved

    kind, prompts = request.prototypes, request.prompts
    if load_table(request.run, kind, prompts) is not None:
        return {"key": request.key(), "run": request.run}
    decoder = load(request.run)
    if decoder is None:
        raise NotFoundError(f"There is no decoder {request.run}", "one that was trained")
    if load_retrieved(request.run) is None:
        save_retrieved(retrieved(decoder), request.run)
    table = evaluation.evaluate(
        decoder, progress, kind, permutations=RESAMPLES, resamples=RESAMPLES, prompts=prompts
    )
    return {"key": save_table(table, request.run, kind, prompts), "run": request.run}
