"""Where no setting is varied yet: what an ablation is for, and the presets with their times."""

from __future__ import annotations

import streamlit as st

from core.datasets import Dataset
from pages.shared.ablations.settings import preset_request
from pages.shared.frame import presets
from pages.shared.frame.presets import Preset
from pages.shared.frame.text import plain

BESIDE = 2


def offer(ds: Dataset) -> None:
    """The presets of the page as cards."""
    st.markdown(
        "An ablation trains the same decoder again and again with other settings, each several "
        "times with other seeds, and tests all of them on the same images. The best is marked "
        "only where it is better by more than chance differences between trainings."
    )
    st.markdown(
        "**Choose a preset, or a setting to vary.** Nothing is trained before you say so; "
        "times are those of two cores."
    )
    fit = presets.of_page(ds, "ablations")
    with st.container(key="halves"):
        for first in range(0, len(fit), BESIDE):
            columns = st.columns(BESIDE)
            for column, preset in zip(columns, fit[first : first + BESIDE], strict=False):
                with column.container(border=True, height="stretch"):
                    _card(ds, preset)
    for citation in dict.fromkeys(preset.citation for preset in fit):
        st.caption(plain(f"{citation}."))
    st.markdown("**Settings of your own**")


def _card(ds: Dataset, preset: Preset) -> None:
    values = preset.settings(ds)
    amount = preset_request(ds, values).offer.removeprefix("Train ")
    st.markdown(preset.note)
    presets.button(preset, values, f"{preset.label}: {amount}", "card")
