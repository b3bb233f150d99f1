"""Settings of published studies, one click away; every setting stays changeable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core import clusters, decoders, maps
from core.datasets import Dataset
from pages.shared.clusters import settings as clusterings
from pages.shared.decoders import apply
from pages.shared.frame import widgets
from pages.shared.maps import spaces as map_spaces

PLACES = ("LHPPA", "PPA", "RHPPA")
ROIS_OF_STUDY_C = (("V1",), ("V2",), ("V3",), ("V4", "hV4"), ("LOC",), ("FFA",), ("PPA",))
Settings = dict[str, Any]


def _no_defaults(values: Settings) -> Settings:
    return {}


def _training_defaults(values: Settings) -> Settings:
    return apply.defaults(values["head"], values["loss"])


@dataclass(frozen=True)
class Preset:
    """Where a study looked, and how.

    Attributes
    ----------
    label, note : str
    page : str
        The page that the settings are for.
    settings : callable
        Gives the value of each widget of the page, by key, for a recording.
    needs_regions : bool
        Offered only where the recording has named regions.
    defaults : callable
        Gives, for these values, the widgets that go back to their defaults unless they have one.
    """

    label: str
    note: str
    page: str
    settings: Callable[[Dataset], Settings]
    needs_regions: bool = False
    defaults: Callable[[Settings], Settings] = _no_defaults


def _place_area(ds: Dataset) -> str | None:
    return next((roi for roi in (*PLACES, *ds.rois) if roi in ds.rois), None)


def _map_of_study_a(ds: Dataset) -> Settings:
    roi = _place_area(ds)
    space = map_spaces.EVERY if roi is None else f"{map_spaces.EVERY}:{roi}"
    later = f"{space}{map_spaces.AT}TR34"
    beside = [later] if later in map_spaces.listed(ds) else []
    method = maps.METHODS["tsne"]
    defaults = {f"{method.id}.{p.name}": p.default for p in method.parameters}
    by_source = {"colour": "source"} if ds.stimuli["source"].nunique() > 1 else {}
    return {"space": [space, *beside], "map": method.id, "map_seed": 0, **defaults, **by_source}


def _maps_of_study_c(ds: Dataset) -> Settings:
    listed = map_spaces.listed(ds)
    kinds = (f"{map_spaces.DECODER}:", "embedding:")
    beside = [next((name for name in listed if name.startswith(kind)), None) for kind in kinds]
    method = maps.METHODS["isomap"]
    defaults = {f"{method.id}.{p.name}": p.default for p in method.parameters}
    spaces = [map_spaces.EVERY, *(name for name in beside if name is not None)]
    return {"space": spaces, "map": method.id, "map_seed": 0, **defaults}


def _clusters_of_study_a(ds: Dataset) -> Settings:
    return {"of": "map", "of_roi": _place_area(ds) or clusterings.EVERY, "k_seed": 0}


def _as_study_a(head: str) -> Callable[[Dataset], Settings]:
    def settings(ds: Dataset) -> Settings:
        area = _place_area(ds)
        return {
            "train_rois": [] if area is None else [area],
            "head": head,
            "loss": ["infonce"],
            "train.optimiser": "adam",
            "train.epochs": 50,
            "train.patience": 20,
            "train.noise": 0.1,
        }

    return settings


def _rois_of_study_c(ds: Dataset) -> list[str]:
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
        "train_rois": _rois_of_study_c(ds),
        "head": "roi_transformer",
        "loss": ["fuzzy"],
        "fuzzy.kind": "none",
        "train.optimiser": "adam",
        "train.learning_rate": 1e-4,
        "train.weight_decay": 0.0,
        "train.batch": 200,
        "train.virtual": 0.5,
        "train.virtual_weights": "published",
        "train.library": 0.5
        if set(ds.gallery["category"]) & set(ds.stimuli["category"]) - {""}
        else 0.0,
        **{f"roi_transformer.{name}": value for name, value in sizes.items()},
    }


def _clusters_of_study_d(ds: Dataset) -> Settings:
    rule = clusters.RULES["r2"].label
    return {"of": "regions", "distance": "correlation", "k": rule, "k_seed": 0}


PRESETS = (
    Preset(
        "Study A: map",
        "BOLD5000 and CLIP: responses of one place area (LHPPA where the recording has it) by "
        "t-SNE, coloured by source. As published at TR 1, when the response has hardly begun; "
        "TR 3 and 4 beside it where the recording has both.",
        "maps",
        _map_of_study_a,
    ),
    Preset(
        "Study C: maps",
        "BrainSem: Isomap (or t-SNE) of raw responses, of the newest decoder's embedding where "
        "one was trained, and of the images' own; 'Dividing line' draws the line between two "
        "groups, such as living and non-living.",
        "maps",
        _maps_of_study_c,
    ),
    Preset(
        "Study A: clusters",
        "k-means on that two-dimensional map, and how the sources spread over the clusters.",
        "clusters",
        _clusters_of_study_a,
    ),
    Preset(
        "Study D: clusters",
        "Region means, correlation distance, and the smallest k where one more cluster adds less "
        "than .01 to R².",
        "clusters",
        _clusters_of_study_d,
        needs_regions=True,
    ),
    Preset(
        "Study A: attention",
        "BOLD5000 and CLIP: fully connected layers with attention, InfoNCE, Adam with weight "
        "decay, noise on the responses, 50 epochs, stopped after 20 without improvement.",
        "train",
        _as_study_a("fc_attention"),
        defaults=_training_defaults,
    ),
    Preset(
        "Study A: CLIP-MUSED",
        "The same with subject tokens and attention over low- and high-level tokens.",
        "train",
        _as_study_a("clip_mused"),
        defaults=_training_defaults,
    ),
    Preset(
        "Study C",
        "BrainSem: a transformer over V1 to V4, LOC, FFA and PPA, or over ROIs that share no "
        "unit (depth 6, 4 heads; 12/8 and 24/16 are presets of the head), fuzzy matching without "
        "temperature, virtual responses and semantic library for half of the rows. The study "
        "splits by category. Its size (depth 6, width 512) wants a GPU.",
        "train",
        _as_study_c,
        defaults=_training_defaults,
    ),
)


def offer(ds: Dataset, page: str) -> None:
    """Buttons that set a page as in a study."""
    has_regions = len(ds.regions) > clusterings.FEWEST_REGIONS
    fit = [p for p in PRESETS if p.page == page and (has_regions or not p.needs_regions)]
    if ds.betas is None or not fit:
        return
    with st.popover("Studies", icon=":material/menu_book:"):
        for preset in fit:
            values = preset.settings(ds)
            st.markdown(preset.note)
            st.button(
                preset.label,
                key=f"preset {preset.label}",
                width="stretch",
                on_click=widgets.set_widgets,
                args=(values, preset.defaults(values)),
            )
