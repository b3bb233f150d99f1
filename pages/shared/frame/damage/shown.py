"""Stored results that are damaged: what is wrong with each in a line, and its removal."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core import store
from core.errors import NeurogalleryError
from core.store import read_only
from pages.shared.frame.text import counted, plain

FOLDER, DAMAGED = " Remove the folder", " is damaged: "
SHORT = 6


def show_damaged(problems: Mapping[str, str], noun: str) -> None:
    """Behind their number a line for each damaged result, with its removal.

    Parameters
    ----------
    problems : mapping of str to str
        What is wrong, by key.
    noun : str
        What they are, such as 'decoder'.
    """
    if not problems:
        return
    label = f"Damaged: {counted(len(problems), noun)}"
    with st.expander(label, icon=":material/warning:"):
        for key, problem in problems.items():
            with st.container(horizontal=True, vertical_alignment="center"):
                name = f"{key.partition('-')[0]}-{key[-SHORT:]}"
                st.markdown(f"**{plain(name)}**: {plain(reason_of(problem))}", width="stretch")
                offer_removal(key, "Delete")


def in_short(problem: str) -> str:
    """What is wrong, without the folder to remove: a button beside it does."""
    return problem.partition(FOLDER)[0]


def reason_of(problem: str) -> str:
    """What is wrong, without the key of the result that it is of."""
    return in_short(problem).partition(DAMAGED)[2] or in_short(problem)


def offer_removal(key: str, label: str = "Delete the damaged result") -> None:
    """A button that deletes a damaged result; nothing where the page has one already."""
    kept = read_only.why_kept()
    try:
        st.button(
            label,
            key=f"discard_{key}",
            icon=":material/delete:",
            disabled=bool(kept),
            help=kept or None,
            on_click=discard,
            args=(key,),
        )
    except StreamlitAPIException:  # the same result is shown twice
        return


def discard(key: str) -> None:
    """Delete a damaged result; a callback, which says what keeps it from doing so."""
    try:
        store.discard(key)
    except NeurogalleryError as error:
        st.error(plain(error), icon=":material/error:")
