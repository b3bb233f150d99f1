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
    EMBEDDING,
    FIRST_LOSS,
    NOT_TAKEN,
    PAGE,
    WEIGHT,
    kinds_of,
    targets,
)
from pages.shared.frame import address, recording, widgets


def defaults(head: str, losses: Iterable[str]) -> dict[str, Any]:
    """Widgets of training, of a head and of losses with their weights, at their defaults."""
    declared = {PAGE: SETTINGS, f"{PAGE}{head}.": HEADS[head].parameters}
    declared |= {f"{PAGE}{name}.": LOSSES[name].parameters for name in losses}
    weights = {WEIGHT + name: 1.0 for name in losses}
    return {"train.loss": [FIRST_LOSS], **weights, **_at_default(declared)}


def _at_default(declared: Mapping[str, Sequence[Parameter]]) -> dict[str, Any]:
    return {prefix + p.name: p.default for prefix, own in declared.items() for p in own}


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


def settings_of(config: Config) -> dict[str, Any]:
    """Widgets of the page for a decoder, of the parameters those that are not at their defaults."""
    defaults = _defaults_of(config)
    values = _values(config)
    return {n: v for n, v in values.items() if n not in defaults or v != defaults[n]}


def _check_here(ds: Dataset, config: Config) -> None:
    names_by_kind = {
        "subject": (config.subjects, ds.subjects),
        "ROI": (config.rois, ds.rois),
        "embedding": ((config.encoder,), targets(ds)),
        "split": ((config.split,), kinds_of(ds)),
    }
    for what, (names, known) in names_by_kind.items():
        unknown = [name for name in names if name not in known]
        if unknown:
            raise NotFoundError(f"{ds.info.title} has no {what} {unknown[0]!r}", choices=known)


def _values(config: Config) -> dict[str, Any]:
    counting = config.settings_that_count()
    values: dict[str, Any] = {
        "roi": list(config.rois),
        "train.embedding": config.encoder,
        "train.head": config.head,
        "train.loss": [name for name, _, _ in counting["loss"]] or [FIRST_LOSS],
        "train.split": config.split,
        "random_seed": config.seed,
        "train.fold": config.fold,
        "train.subjects": list(config.subjects) if len(config.subjects) > 1 else [],
    }
    parameters_below = {
        f"{EMBEDDING}{config.encoder}.": config.encoder_parameters,
        f"{PAGE}{config.head}.": config.head_parameters,
        f"{PAGE}{config.split}.": config.split_parameters,
        PAGE: counting["training"],
    }
    for name, weight, parameters in counting["loss"]:
        values[WEIGHT + name] = weight
        parameters_below[f"{PAGE}{name}."] = parameters
    return values | {
        prefix + name: value
        for prefix, parameters in parameters_below.items()
        for name, value in parameters.items()
    }


def _first_values(ds: Dataset) -> dict[str, Any]:
    return {
        "roi": [],
        "train.embedding": next(iter(targets(ds))),
        "train.head": next(iter(HEADS)),
        "train.split": kinds_of(ds)[0],
        "random_seed": SEED.default,
        "train.fold": FOLD.default,
        "train.subjects": [],
    }


def _defaults_of(config: Config) -> dict[str, Any]:
    encoder = encoders.get(config.encoder).info
    declared = {
        f"{EMBEDDING}{config.encoder}.": encoder.parameters,
        f"{PAGE}{config.split}.": splits.KINDS[config.split].parameters,
    }
    losses = [name for name, _, _ in config.loss]
    return {**defaults(config.head, losses), **_at_default(declared)}
