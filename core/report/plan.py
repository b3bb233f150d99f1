"""What the report trains: every head, the controls, and study C, each with several seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core import datasets, store
from core.datasets import Dataset, DatasetInfo
from core.datasets.catalogue import DATASETS, Recording
from core.datasets.recordings.simulated import INFO
from core.decoders.config import Config
from core.registry import Parameter

SHUFFLED = "simulated_shuffled"
ROIS = ("V1", "LOC", "PPA", "FFA", "EBA", "OPA", "RSC")
SMALL = {"width": 64, "heads": 4}
# Sizes that a CPU trains in seconds; whatever is not named is the head's default.
HEADS: Mapping[str, Mapping[str, Any]] = {
    "ridge": {},
    "whitened_ridge": {},
    "linear": {},
    "mlp": {},
    "fc_attention": SMALL,
    "clip_mused": {**SMALL, "depth": 4, "hidden": 128},
    "roi_transformer": {**SMALL, "depth": 6, "hidden": 128},
}
PERMUTED = "responses permuted over images"
ALL_PARTS = "semantics permuted, all parts"
PLAIN = "InfoNCE"
ARMS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "fuzzy + virtual + library, as published": (
        {"kind": "none"},
        {"virtual": 1.0, "virtual_weights": "published", "library": 1.0},
    ),
    "fuzzy with learned temperature + virtual renormalised + library": (
        {"kind": "learned"},
        {"virtual": 1.0, "virtual_weights": "renormalised", "library": 1.0},
    ),
}
STUDY_C = ("mlp", "roi_transformer")


@dataclass(frozen=True)
class Scale:
    """How large the report is.

    Attributes
    ----------
    seeds : int
        Trainings of each row.
    shuffles : int
        Shuffles of each control that must stand at chance; one alone says little.
    options, training : mapping
        Of the recording and of the training; defaults for what is not named.
    draws : int
        Bootstrap samples and permutations.
    real_heads : int
        How many heads on the real recording.
    real_repeats : int, optional
        Permuted controls of each there; by default those of ``fold_table.repeats_of``.
    tries : int, optional
        How many heads of the part ``improvement``; all where not given.
    realdata : Path, optional
        Folder of real recordings.
    """

    seeds: int = 5
    shuffles: int = 20
    options: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    draws: int = 1000
    real_heads: int = len(HEADS)
    real_repeats: int | None = None
    tries: int | None = None
    realdata: Path | None = None


QUICK = Scale(2, 2, {"stimuli": 300}, {"epochs": 2}, 50, 2, 3, 2)


@dataclass(frozen=True)
class Condition:
    """A row of the report: one decoder with several seeds.

    ``over`` says what its 95 % interval is taken over: 'shuffles', or 'images', which with known
    categories are whole categories.
    """

    part: str
    name: str
    configs: tuple[Config, ...]
    over: str = "images"

    @property
    def head(self) -> str:
        return self.configs[0].head


def heads(scale: Scale) -> list[Condition]:
    """Every head on the embedded experiment."""
    return [condition("heads", head, head, scale) for head in HEADS]


def controls(scale: Scale, chosen: str) -> list[Condition]:
    """What must stand at chance, and the permuted semantics with every part of the responses."""
    permuted = {"semantics": "permuted"}
    alone = {**permuted, "parts": ("semantics",)}
    return [
        control(name, head, dataset, options, count, scale)
        for name, dataset, options, count in (
            (PERMUTED, SHUFFLED, {}, scale.shuffles),
            ("semantics permuted, responses of semantics alone", INFO.name, alone, scale.shuffles),
            (ALL_PARTS, INFO.name, permuted, scale.seeds),
        )
        for head in dict.fromkeys(("ridge", chosen))
    ]


def study_c(scale: Scale) -> list[Condition]:
    """Plain InfoNCE, and fuzzy matching with virtual responses and library, with one head."""
    conditions = []
    for head in STUDY_C:
        conditions.append(condition("study C", PLAIN, head, scale))
        for name, (fuzzy, settings) in ARMS.items():
            training = {**scale.training, **settings}
            loss = (("fuzzy", 1.0, fuzzy),)
            conditions.append(condition("study C", name, head, scale, training=training, loss=loss))
    return conditions


def register_shuffled() -> None:
    """Add, in this process, the recording whose responses are permuted over the images."""
    if SHUFFLED not in DATASETS:
        title = f"{INFO.title}, responses permuted over images"
        options = (*INFO.options, Parameter("shuffle", "Shuffle", 0, minimum=0, maximum=2**31))
        info = replace(INFO, name=SHUFFLED, title=title, options=options)
        datasets.catalogue.register(Recording(info, _load_shuffled))


def _load_shuffled(info: DatasetInfo, subject: str | None, options: Mapping[str, Any]) -> Dataset:
    """The experiment with every image's trials, together, under another image's id."""
    rest = {name: value for name, value in options.items() if name != "shuffle"}
    ds = datasets.load(INFO.name, subject, **rest)
    ids = ds.stimuli["id"].to_numpy(dtype=object)
    other = dict(zip(ids, np.random.default_rng(options["shuffle"]).permutation(ids), strict=True))
    return replace(
        ds,
        info=info,
        trials=ds.trials.assign(id=ds.trials["id"].map(other)),
        fingerprint=store.fingerprint(SHUFFLED, ds.fingerprint, options["shuffle"]),
        options=dict(options),
    )


def control(
    name: str, head: str, dataset: str, options: Mapping[str, Any], count: int, scale: Scale
) -> Condition:
    """A row that must stand at chance; every seed has a shuffle of its own."""
    varied = "shuffle" if dataset == SHUFFLED else "seed"
    configs = (
        replace(
            config(scale, head, seed),
            dataset=dataset,
            options={**scale.options, **options, varied: seed},
        )
        for seed in range(count)
    )
    return Condition("controls", name, tuple(configs), over="shuffles")


def condition(part: str, name: str, head: str, scale: Scale, **changes: Any) -> Condition:
    """A row of one head with every seed; ``changes`` are other values of its config."""
    configs = (replace(config(scale, head, seed), **changes) for seed in range(scale.seeds))
    return Condition(part, name, tuple(configs))


def config(scale: Scale, head: str, seed: int) -> Config:
    """A head on the simulated experiment; whoever changes more replaces it."""
    return Config(
        INFO.name,
        ("S1",),
        scale.options,
        ROIS,
        head=head,
        head_parameters=HEADS.get(head, {}),
        training=scale.training,
        seed=seed,
    )
