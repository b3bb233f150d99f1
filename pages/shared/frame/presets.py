"""Presets: settings of published studies, one click away; every setting stays changeable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.datasets import Dataset
from core.registry import Registry
from pages.shared.frame import widgets
from pages.shared.frame.text import plain

PLACES = ("LHPPA", "PPA", "RHPPA")
STUDY_A = (
    "Semantic alignment of fMRI data using CLIP (project report that names neither author nor "
    "year), on Chang N, et al. (2019) BOLD5000, a public fMRI dataset while viewing 5000 visual "
    "images. Sci Data 6:49, doi:10.1038/s41597-019-0052-3"
)
STUDY_B = (
    "Hexter L, Puente Quera M (2025) Predicting fMRI response dissimilarity to natural scenes. "
    "Project report, Bar-Ilan University"
)
STUDY_C = (
    "Chen J, Qi Y, Wang Y, Pan G (2024) Bridging the semantic latent space between brain and "
    "machine: similarity is all you need. Proceedings of the AAAI Conference on Artificial "
    "Intelligence 38"
)
STUDY_D = (
    "Campbell J, Gu Z, Jamison K, Sabuncu M, Kuceyeski A: Data-driven clustering of neural "
    "responses to a large set of natural images. Abstract without year, Cornell University"
)
Settings = dict[str, Any]


def _no_defaults(values: Settings) -> Settings:
    return {}


def _anywhere(ds: Dataset) -> bool:
    return True


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
    fits : callable
        Whether a recording has what the settings need.
    needs : str
        What that is, in words.
    defaults : callable
        Gives, for these values, the widgets that go back to their defaults unless they have one.
    citation : str
        Authors, year, title and where it appeared.
    """

    label: str
    note: str
    page: str
    settings: Callable[[Dataset], Settings]
    fits: Callable[[Dataset], bool] = _anywhere
    needs: str = ""
    defaults: Callable[[Settings], Settings] = _no_defaults
    citation: str = ""


def place_area(ds: Dataset) -> str | None:
    """The place area that study A looked at where the recording has it, else its first ROI."""
    return next((roi for roi in (*PLACES, *ds.rois) if roi in ds.rois), None)


PRESETS: Registry[Preset] = Registry("preset")


def register(*declared: Preset) -> None:
    """Collect the presets of a page, which its room declares."""
    for preset in declared:
        PRESETS.register(preset.label, preset)


def offer(ds: Dataset, page: str) -> None:
    """A popover of buttons that set a page as in a study, and what others of the page need."""
    fit = of_page(ds, page)
    others = [preset for preset in PRESETS.values() if preset.page == page and preset not in fit]
    if ds.betas is None or not (fit or others):
        return
    with st.popover("Presets", type="tertiary"):
        for preset in fit:
            st.markdown(preset.note)
            button(preset, preset.settings(ds), preset.label)
        for citation in dict.fromkeys(preset.citation for preset in fit if preset.citation):
            names = ", ".join(preset.label for preset in fit if preset.citation == citation)
            st.caption(f"{plain(names)}: {plain(citation)}.")
        for preset in others:
            st.caption(f"Not here: '{preset.label}' needs {preset.needs}.")


def of_page(ds: Dataset, page: str) -> list[Preset]:
    """The presets of a page that a recording has the responses for."""
    if ds.betas is None:
        return []
    return [preset for preset in PRESETS.values() if preset.page == page and preset.fits(ds)]


def button(preset: Preset, values: Settings, label: str, place: str = "head") -> None:
    """Sets the page as in a study; a page may have one at each of several places."""
    st.button(
        label,
        key=f"preset {preset.label} {place}",
        width="stretch",
        on_click=widgets.set_widgets,
        args=(values, preset.defaults(values)),
    )
