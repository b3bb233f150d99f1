"""Published settings of the page Train."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core import decoders
from core.datasets import Dataset
from pages.shared.decoders import apply
from pages.shared.decoders.settings import augmentations
from pages.shared.frame import presets
from pages.shared.frame.presets import Preset, Settings, place_area

ROIS_OF_STUDY_C = (("V1",), ("V2",), ("V3",), ("V4", "hV4"), ("LOC",), ("FFA",), ("PPA",))


def _training_defaults(values: Settings) -> Settings:
    return apply.defaults(values["train.head"], values["train.loss"])


def _as_study_a(head: str) -> Callable[[Dataset], Settings]:
    def settings(ds: Dataset) -> Settings:
        area = place_area(ds)
        return {
            "roi": [] if area is None else [area],
            "train.head": head,
            "train.loss": ["infonce"],
            "train.optimiser": "adam",
            "train.epochs": 50,
            "train.patience": 20,
            "train.noise": 0.1,
        }

    return settings


def rois_of_study_c(ds: Dataset) -> list[str]:
    """The seven of the study where the recording has them, else ROIs that share no unit."""
    named = [next((name for name in names if name in ds.rois), "") for names in ROIS_OF_STUDY_C]
    return named if all(named) else _apart(ds)


def _apart(ds: Dataset) -> list[str]:
    taken = np.zeros(ds.n_units, dtype=bool)
    names = []
    for name in ds.rois:
        units = ds.units(name)
        if len(units) and not taken[units].any():
            names.append(name)
            taken[units] = True
    return names


def _as_study_c(ds: Dataset) -> Settings:
    sizes = decoders.HEADS["roi_transformer"].presets["6/4"]
    return {
        "roi": rois_of_study_c(ds),
        "train.head": "roi_transformer",
        "train.loss": ["fuzzy"],
        "train.fuzzy.kind": "none",
        "train.optimiser": "adam",
        "train.learning_rate": 1e-4,
        "train.weight_decay": 0.0,
        "train.batch": 200,
        "train.virtual_weights": "published",
        **{f"train.{n}": 0.5 if is_there else 0.0 for n, is_there in augmentations(ds).items()},
        **{f"train.roi_transformer.{name}": value for name, value in sizes.items()},
    }


presets.register(
    Preset(
        "Study A: attention",
        "BOLD5000 and CLIP: fully connected layers with attention, InfoNCE, Adam with weight "
        "decay, noise on the responses, 50 epochs, stopped after 20 without improvement.",
        "train",
        _as_study_a("fc_attention"),
        defaults=_training_defaults,
        citation=presets.STUDY_A,
    ),
    Preset(
        "Study A: CLIP-MUSED",
        "The same with subject tokens and attention over low- and high-level tokens.",
        "train",
        _as_study_a("clip_mused"),
        defaults=_training_defaults,
        citation=f"{presets.STUDY_A}; Zhou Q, Du C, Wang S, He H (2024) CLIP-MUSED: CLIP-guided "
        "multi-subject visual neural information semantic decoding. ICLR, arXiv:2402.08994",
    ),
    Preset(
        "Study C",
        "BrainSem: a transformer over V1 to V4, LOC, FFA and PPA, or over ROIs that share no "
        "unit (depth 6, 4 heads; 12/8 and 24/16 are presets of the head), fuzzy matching without "
        "temperature, virtual responses and semantic library for half of the rows (not used where "
        "the recording has no categories for them). The study splits by category. Its size (depth "
        "6, width 512) wants a GPU.",
        "train",
        _as_study_c,
        defaults=_training_defaults,
        citation=presets.STUDY_C,
    ),
)
