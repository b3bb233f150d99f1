"""Take in a decoder that was downloaded, here or on another machine."""

from __future__ import annotations

import streamlit as st

from core import decoders
from core.datasets import Dataset
from core.errors import NeurogalleryError
from core.store import read_only
from pages.shared.decoders.described import ONLY_HERE, Row, is_here
from pages.shared.frame.text import plain

MOST_UPLOADED = 500


def offer(ds: Dataset) -> None:
    """A decoder that was downloaded, here or on another machine."""
    kept = read_only.why_kept()
    with st.popover("Import", icon=":material/upload:", disabled=bool(kept), help=kept or None):
        file = st.file_uploader(
            f"A decoder downloaded from this page (zip, at most {MOST_UPLOADED} MB)",
            type="zip",
            key="train.upload",
            max_upload_size=MOST_UPLOADED,
            on_change=_take_in,
        )
        taken = st.session_state.get("train.taken") if file is not None else None
        if isinstance(taken, NeurogalleryError):
            st.error(plain(taken), icon=":material/error:")
        elif taken is not None:
            st.success(_in_words(taken, ds), icon=":material/check:")


def _take_in() -> None:
    """Keep an uploaded decoder, once; a callback."""
    file = st.session_state["train.upload"]
    st.session_state["train.taken"] = None
    if file is None:
        return
    try:
        run = decoders.unpack(file.getvalue(), file.name)
    except NeurogalleryError as error:
        st.session_state["train.taken"] = error
        return
    name = decoders.short_name(run.key, run.config.head)
    st.session_state["train.taken"] = Row(run.key, name, 0.0, run.config)


def _in_words(taken: Row, ds: Dataset) -> str:
    where = "in the table" if is_here(taken, ds) else f"in the table without '{ONLY_HERE}'"
    config = taken.config
    source = "" if config is None else f" of {config.dataset}, {' + '.join(config.subjects)}"
    return plain(f"{taken.name}{source}: {where}.")
