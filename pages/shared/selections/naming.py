"""Selections under a name: saved, chosen, renamed and deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core import selections
from core.datasets import Dataset
from core.errors import CorruptDataError, NeurogalleryError
from core.selections.kept import LONGEST_NAME
from core.store import read_only
from core.words import counted
from pages.shared.frame import selection
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import plain

PROBLEM = "selection_problem"


def show(ds: Dataset) -> None:
    """Name what is selected; below, the named selections of the recording."""
    ids, kept = selection.ids_of(ds), read_only.why_kept()
    form = st.form("selection_name", border=False, clear_on_submit=True)
    with form.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            f"Name for the {counted(len(ids), 'selected stimulus', 'selected stimuli')}",
            key="selection_new_name",
            max_chars=LONGEST_NAME,
            disabled=not ids or bool(kept),
            width=320,
        )
        st.form_submit_button(
            "Save",
            icon=":material/save:",
            disabled=not ids or bool(kept),
            help=kept or None,
            on_click=_save,
            args=(ds,),
        )
    if kept:
        st.caption(f":material/lock: {kept}.")
    problem = st.session_state.pop(PROBLEM, None)
    if problem is not None:
        show_error(problem)
    named = named_or_problem(ds)
    if not named:
        st.caption(
            "No selection of this recording has a name. Names are kept on this machine, for "
            "everyone who opens it; the address of any page holds the selection too."
        )
    for name, key in named.items():
        _row(ds, name, key)


def named_or_problem(ds: Dataset) -> dict[str, str]:
    """Keys of the named selections by name; a damaged list is said, and can be removed there."""
    try:
        return selections.named(ds.info.name)
    except CorruptDataError as error:
        kept = read_only.why_kept()
        st.error(plain(error.problem), icon=":material/error:")
        st.button(
            "Delete the list of names",
            key="selection_forget_names",
            icon=":material/delete:",
            help=kept or "The selections stay: addresses that hold them go on working.",
            disabled=bool(kept),
            on_click=_try,
            args=(selections.forget_names, ds.info.name),
        )
        return {}


def ids_named(ds: Dataset, key: str) -> tuple[str, ...]:
    """The stimuli of a kept selection that the recording in view has."""
    ids = selections.recall(ds.info.name, key)
    return tuple(name for name in ids if ds.has_stimulus(name))


def _row(ds: Dataset, name: str, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        try:
            ids = ids_named(ds, key)
        except NeurogalleryError as error:
            ids = ()
            show_error(error)
        kept = read_only.why_kept()
        is_chosen = bool(ids) and ids == selection.ids_of(ds)
        st.markdown(f"**{plain(name)}**", width="content")
        st.caption(counted(len(ids), "stimulus", "stimuli"), width="content")
        if is_chosen:
            st.badge("selected", icon=":material/check:", width="content")
        st.button(
            "Choose",
            key=f"choose {name}",
            disabled=is_chosen or not ids,
            on_click=selection.select,
            args=(ds, ids),
        )
        with st.popover("Rename", disabled=bool(kept), help=kept or None):
            st.text_input("New name", name, key=f"rename to {name}", max_chars=LONGEST_NAME)
            st.button("Rename", key=f"rename {name}", on_click=_rename, args=(ds, name))
        st.button(
            "Delete",
            key=f"delete {name}",
            icon=":material/delete:",
            type="tertiary",
            help=kept or "The name goes; addresses that hold the selection go on working.",
            disabled=bool(kept),
            on_click=_try,
            args=(selections.delete, ds.info.name, name),
        )


def _save(ds: Dataset) -> None:
    name = st.session_state["selection_new_name"]
    _try(selections.name_as, ds.info.name, name, selection.ids_of(ds))


def _rename(ds: Dataset, name: str) -> None:
    _try(selections.rename, ds.info.name, name, st.session_state[f"rename to {name}"])


def _try(act: Callable[..., None], *arguments: Any) -> None:
    """Do it in a callback; the page shows what went wrong."""
    try:
        act(*arguments)
    except NeurogalleryError as error:
        st.session_state[PROBLEM] = error
