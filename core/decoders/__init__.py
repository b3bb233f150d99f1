"""Decoders: from brain responses to the embeddings of images, trained and tested."""

from typing import TYPE_CHECKING

from core.decoders.config import SETTINGS, Config
from core.decoders.exchange import export, import_run, pack, unpack
from core.decoders.heads import HEADS
from core.decoders.job import AuditRequest, EvaluateRequest, TrainRequest
from core.decoders.losses import LOSSES
from core.decoders.ready import example_of, examples, imported_of, key_of, what_pixels_reach
from core.decoders.runs import (
    Run,
    damaged,
    entries,
    live_curve,
    load,
    run_key,
    short_name,
)
from core.decoders.training.data import prepare
from core.decoders.training.train import train

if TYPE_CHECKING:
    from core.decoders.scoring.evaluation import evaluate
    from core.decoders.scoring.retrieved import retrieved

__all__ = [
    "HEADS",
    "LOSSES",
    "SETTINGS",
    "AuditRequest",
    "Config",
    "EvaluateRequest",
    "Run",
    "TrainRequest",
    "damaged",
    "entries",
    "evaluate",
    "example_of",
    "examples",
    "export",
    "import_run",
    "imported_of",
    "key_of",
    "live_curve",
    "load",
    "pack",
    "prepare",
    "retrieved",
    "run_key",
    "short_name",
    "train",
    "unpack",
    "what_pixels_reach",
]


def __getattr__(name: str) -> object:
    """``evaluate`` and ``retrieved`` import torch, which declarations do without."""
    if name == "evaluate":
        from core.decoders.scoring.evaluation import evaluate

        return evaluate
    if name == "retrieved":
        from core.decoders.scoring.retrieved import retrieved

        return retrieved
    raise AttributeError(name)
