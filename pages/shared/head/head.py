"""The head of every page: its name, the question it answers, presets, how to read it, address."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.datasets import Dataset
from pages.shared.export import control
from pages.shared.frame import navigation, presets, recording
from pages.shared.frame.text import plain
from pages.shared.head import read, share
from pages.shared.lessons import strip

# Where what is missing of the responses is listed.
LISTED_ON = "overview"


def show(ds: Dataset | None = None) -> DeltaGenerator:
    """Begin a page with its head.

    Name, question and *How to read it* come from ``reading/<page>.toml`` and the navigation.

    Parameters
    ----------
    ds : Dataset, optional
        The recording in view, of a page that shows it.

    Returns
    -------
    DeltaGenerator
        What the head offers, for what else a page offers there.
    """
    page = navigation.page_in_view()
    reading = read.reading(page)
    row = st.container(key="head", horizontal=True, vertical_alignment="center")
    with row:
        st.title(plain(navigation.title_in_view()), width="content", anchor=False)
        if ds is not None and ds.info.is_simulated:
            st.badge("Simulated data", icon=":material/science:", color="orange", width="content")
        st.container(key="head_question", width="content").markdown(reading.question)
        actions = st.container(key="head_actions", horizontal=True, wrap=False, width="content")
    with actions:
        if ds is not None:
            presets.offer(ds, page)
        read.offer(page, reading)
        share.offer()
        if ds is not None:
            control.offer()
    strip.show()
    if ds is not None:
        _caveats(ds, page)
    return actions


def _caveats(ds: Dataset, page: str) -> None:
    """How the responses were treated, and what is missing of them."""
    caveats = [f"Responses: {plain(ds.treatment)}."] if ds.treatment else []
    missing = recording.incomplete(ds.fingerprint, (), ds)
    if missing:
        where = "See below." if page == LISTED_ON else "See Overview."
        caveats.append(f":material/warning: Responses are missing. {plain(missing)} {where}")
    for caveat in caveats:
        st.caption(caveat)
