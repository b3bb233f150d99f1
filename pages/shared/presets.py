"""Settings of published studies, one click away; every setting stays changeable."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core import clusters, maps
from core.datasets import Dataset
from pages.shared import clusterings, map_spaces

PLACES = ("LHPPA", "PPA", "RHPPA")
Settings = dict[str, Any]


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
    """

    label: str
    note: str
    page: str
    settings: Callable[[Dataset], Settings]
    needs_regions: bool = False


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


def _clusters_of_study_a(ds: Dataset) -> Settings:
    return {"of": "map", "of_roi": _place_area(ds) or clusterings.EVERY, "k_seed": 0}


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
)


def offer(ds: Dataset, page: str) -> None:
    """Buttons that set a page as in a study."""
    has_regions = len(ds.regions) > clusterings.FEWEST_REGIONS
    fit = [p for p in PRESETS if p.page == page and (has_regions or not p.needs_regions)]
    if ds.betas is None or not fit:
        return
    with st.popover("Studies", icon=":material/menu_book:"):
        for preset in fit:
            st.markdown(preset.note)
            st.button(
                preset.label,
                key=f"preset {preset.label}",
                width="stretch",
                on_click=_apply,
                args=(preset.settings(ds),),
            )


def _apply(settings: Settings) -> None:
    for key, value in settings.items():
        st.session_state[key] = value
        # The address of a widget in view follows the widget.
        with contextlib.suppress(StreamlitAPIException):
            st.query_params[key] = value
