"""RDMs of one's own: uploaded, listed, removed."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import rsa
from core.datasets import Dataset
from core.errors import NeurogalleryError
from core.rsa.uploads import MAX_BYTES, MOST_RDMS, MOST_STIMULI, READERS, damaged, uploaded
from core.store import read_only
from pages.shared.compare import settings
from pages.shared.frame.damage.shown import show_damaged
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import plain

UPLOADER = "compare_upload"


def offer(ds: Dataset) -> None:
    """A popover to add RDMs, with those that were added before."""
    kept = read_only.why_kept()
    with st.popover("Add RDMs", type="tertiary"):
        st.markdown(
            "A matrix as `.npy` or CSV (ids as header or first column), or HDF5 as rsatoolbox "
            "saves it. Rows are matched by stimulus id, in a file without ids by order."
        )
        files = st.file_uploader(
            "RDM files",
            [ending.removeprefix(".") for ending in READERS],
            accept_multiple_files=True,
            key=UPLOADER,
            disabled=bool(kept),
            help=kept
            or f"At most {MAX_BYTES // 10**6} MB, {MOST_STIMULI:,} stimuli and {MOST_RDMS} RDMs "
            "a file. Pickles are refused: opening one can run code.",
        )
        for file in files or ():
            _read(ds, file)
        show_damaged(damaged(), "uploaded RDM")
        _list(ds)


def _read(ds: Dataset, file: Any) -> None:
    """Keep the RDMs of a file, once, and choose them as models."""
    known = st.session_state.setdefault("compare_uploaded", {})
    if file.file_id not in known:
        try:
            read = rsa.read_upload(ds, file.name, file.getvalue())
            keys = [rsa.keep(ds, each) for each in read]
        except NeurogalleryError as error:
            show_error(error)
            return
        known[file.file_id] = [f"{each.name}: {each.matched}" for each in read]
        settings.available.clear()
        _choose(ds, keys)
    for line in known[file.file_id]:
        st.caption(f":material/check: {plain(line)}")


def _choose(ds: Dataset, keys: list[str]) -> None:
    """Add what was uploaded to the models in view, and run again to show it."""
    listed = settings.available(ds.fingerprint, ds)
    names = [source.name_shown for source in listed if source.name in keys]
    st.session_state[settings.ADDED] = names
    st.rerun()


def _list(ds: Dataset) -> None:
    added, kept = list(uploaded(ds)), read_only.why_kept()
    if added:
        st.markdown("**Added before**")
    for key, facts in added:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{plain(facts['name'])}, {plain(facts['matched'])}", width="stretch")
            st.button(
                "Remove",
                key=f"remove_{key}",
                on_click=_remove,
                args=(key,),
                disabled=bool(kept),
                help=kept or None,
            )


def _remove(key: str) -> None:
    rsa.remove(key)
    settings.available.clear()
