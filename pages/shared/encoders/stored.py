"""The embeddings in the store, of any recording."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core import encoders, store
from core.errors import DamagedResultError
from core.store import read_only
from pages.shared.frame.damage import shown
from pages.shared.frame.text import counted, plain


def list_stored() -> None:
    """Every stored embedding, of any recording, with size and time; each can be deleted."""
    entries = encoders.entries()
    if not entries:
        st.info("No embedding is stored yet.", icon=":material/info:")
        return
    kept = read_only.why_kept()
    total = sum(entry.bytes for entry in entries)
    st.caption(
        f"{counted(len(entries), 'embedding')}, {total / 2**20:,.1f} MiB, of all recordings."
    )
    for entry in entries:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(described(entry))
            st.button(
                "Delete",
                key=f"delete_{entry.key}",
                on_click=shown.discard,
                args=(entry.key,),
                icon=":material/delete:",
                disabled=bool(kept),
                help=kept or None,
            )


def described(entry: store.Entry) -> str:
    """A stored embedding in words; a damaged one says so."""
    facts = entry.facts
    size = f"{entry.bytes / 2**20:,.1f} MiB"
    if "error" in facts:
        return f"**{plain(entry.key)}** ({size}): {plain(shown.in_short(facts['error']))}"
    try:
        with store.reading(entry.key):
            return _in_words(entry, size)
    except DamagedResultError as error:
        return f"**{plain(entry.key)}** ({size}): {plain(shown.in_short(str(error)))}"


def _in_words(entry: store.Entry, size: str) -> str:
    facts = entry.facts
    settings = ", ".join(f"{name} {value}" for name, value in facts["parameters"].items())
    created = datetime.fromtimestamp(entry.created).strftime("%Y-%m-%d %H:%M")
    return (
        f"**{plain(facts['encoder'])}**{plain(f' ({settings})') if settings else ''} · "
        f"{plain(facts['which'])} of {plain(facts['title'])}  \n"
        f":small[{size} · {facts['seconds']:.1f} s on {plain(facts['device'])} · {created}]"
    )
