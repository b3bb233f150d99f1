"""Ids from elsewhere, pasted or in a file, become the selection."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import selections
from core.datasets import Dataset
from core.errors import NeurogalleryError
from core.selections.imported import MOST_BYTES
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import plain
from pages.shared.selections.filtering import ACTIONS

MOST_ROWS = 500


def show(ds: Dataset) -> None:
    """Paste or upload ids, see which are stimuli, and select them."""
    left, right = st.columns(2, gap="medium")
    text = left.text_area(
        "Ids of stimuli",
        key="selection_pasted",
        max_chars=MOST_BYTES,
        height=150,
        placeholder="\n".join(ds.stimuli["id"].head(3)),
        help="One a line, or with commas, semicolons, tabs or spaces between them",
    )
    file = right.file_uploader(
        "Or a file",
        type=["csv", "txt", "tsv"],
        key="selection_file",
        max_upload_size=max(1, MOST_BYTES // 1_000_000),
        help="A CSV with a column 'id', as *Export* writes it, or one id a line",
    )
    content = text if file is None else file.getvalue()
    if not content:
        return
    try:
        imported = selections.read_ids(content, ds.stimuli["id"].tolist())
    except NeurogalleryError as error:
        show_error(error)
        return
    st.markdown(f"**{selections.summary(imported)}**")
    with st.container(horizontal=True):
        for label, (act, help_) in ACTIONS.items():
            st.button(
                label,
                key=f"import_{label}",
                type="primary" if label == "Select" else "secondary",
                help=help_,
                disabled=not imported.ids,
                on_click=act,
                args=(ds, imported.ids),
            )
    if imported.unknown:
        _unknown(imported.unknown, ds)


def _unknown(unknown: dict[str, tuple[str, ...]], ds: Dataset) -> None:
    st.markdown(f"**Not among the stimuli of {plain(ds.info.title)}**")
    rows = [
        {"Id": name, "Written alike": ", ".join(nearest)}
        for name, nearest in list(unknown.items())[:MOST_ROWS]
    ]
    table = pd.DataFrame(rows)
    st.dataframe(table, hide_index=True, height="content" if len(rows) < 8 else 280)
    if len(unknown) > MOST_ROWS:
        st.caption(f"The first {MOST_ROWS} of {len(unknown):,}.")
