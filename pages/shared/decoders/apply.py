"""The page Train set to the settings of a decoder, or back to the defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from core import encoders, splits
from core.datasets import Dataset
from core.decoders import HEADS, LOSSES, SETTINGS, Config
from core.decoders.config import FOLD, SEED
from core.errors import NeurogalleryError, NotFoundError
from core.registry import Parameter
from pages.shared.decoders.settings import (
    FIRST_LOSS,
    NOT_TAKEN,
    TARGET,
    TRAINING,
    WEIGHT,
    kinds_of,
    targets,
)
from pages.shared.frame import address, recording, widgets


def defaults(head: str, losses: Iterable[str]) -> dict[str, Any]:
    """Widgets of training, of a head and of losses with their weights, at their defaults."""
    declared = {TRAINING: SETTINGS, f"{head}.": HEADS[head].parameters}
    declared |= {f"{name}.": LOSSES[name].parameters for name in losses}
    weights = {WEIGHT + name: 1.0 for name in losses}
    return {"loss": [FIRST_LOSS], **weights, **_at_default(declared)}


def _at_default(declared: Mapping[str, Sequence[Parameter]]) -> dict[str, Any]:
    return {prefix + p.name: p.default for prefix, found in declared.items() for p in found}


def apply(config: Config) -> None:
    """Set the page to a decoder's settings, those of the sidebar included; a callback."""
    subject = config.subjects[0] if config.subjects else None
    try:
        ds = recording.opened(config.dataset, subject, config.options)
        _check_here(ds, config)
    except NeurogalleryError as error:
        st.session_state[NOT_TAKEN] = str(error)
        return
    sidebar, first = address.widgets_of(ds)
    widgets.set_widgets(
        {**sidebar, **_values(config)}, {**first, **_first_values(ds), **_defaults_of(config)}
    )


def _check_here(ds: Dataset, config: Config) -> None:
    asked = {
        "subject": (config.subjects, ds.subjects),
        "ROI": (config.rois, ds.rois),
        "embedding": ((config.encoder,), targets(ds)),
        "split": ((config.split,), kinds_of(ds)),
    }
    for what, (names, known) in asked.items():
        unknown = [name for name in names if name not in known]
        if unknown:
            raise NotFoundError(f"{ds.info.title} has no {what} {unknown[0]!r}", choices=known)


def _values(config: Config) -> dict[str, Any]:
    counting = config.settings_that_count()
    values: dict[str, Any] = {
        "train_rois": list(config.rois),
        "target": config.encoder,
        "head": config.head,
        "loss": [name for name, _, _ in counting["loss"]] or [FIRST_LOSS],
        "split": config.split,
        "train_seed": config.seed,
        "fold": config.fold,
        "train_subjects": list(config.subjects) if len(config.subjects) > 1 else [],
    }
    given = {
        f"{TARGET}{config.encoder}.": config.encoder_parameters,
        f"{config.head}.": config.head_parameters,
        f"{config.split}.": config.split_parameters,
        TRAINING: counting["training"],
    }
    for name, weight, parameters in counting["loss"]:
        values[WEIGHT + name] = weight
        given[f"{name}."] = parameters
    return values | {prefix + name: v for prefix, of in given.items() for name, v in of.items()}


def _first_values(ds: Dataset) -> dict[str, Any]:
    return {
        "train_rois": [],
        "target": next(iter(targets(ds))),
        "head": next(iter(HEADS)),
        "split": kinds_of(ds)[0],
        "train_seed": SEED.default,
        "fold": FOLD.default,
        "train_subjects": [],
    }


def _defaults_of(config: Config) -> dict[str, Any]:
    encoder = encoders.get(config.encoder).info
    declared = {
        f"{TARGET}{config.encoder}.": encoder.parameters,
        f"{config.split}.": splits.KINDS[config.split].parameters,
    }
    losses = [name for name, _, _ in config.loss]
    return {**defaults(config.head, losses), **_at_default(declared)}
