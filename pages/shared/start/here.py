"""What is on this machine, how to bring more, and what is simulated."""

from __future__ import annotations

import html
from urllib.parse import urlencode

import streamlit as st

from core import datasets, paths
from core.datasets import DatasetInfo
from core.words import counted
from pages.shared.frame import navigation


def show() -> None:
    """Recordings with a line each; below them how to bring one's own, and what is simulated."""
    infos = [info for info in datasets.available() if info.name != "folder"]
    here = [info for info in infos if info.where is not None or info.is_simulated]
    st.header("On this machine")
    st.html(f'<ul class="here">{"".join(map(_line, here))}</ul>')
    others = len(infos) - len(here)
    if others:
        st.caption(f"{counted(others, 'more recording')} can be brought here: page Data says how.")
    with st.container(key="halves_start"):
        own, simulated = st.columns(2, gap="large")
    with own:
        st.header("Bring your own")
        st.markdown(
            "A folder with a list of stimuli, their images and your responses (CSV or NumPy) below "
            f"`{paths.data_root()}` is listed here at once. Page Data checks it, and names each "
            "problem with its row."
        )
        st.page_link("pages/data.py", label="Check a folder", icon=":material/database:")
    with simulated:
        st.header("What is simulated")
        st.markdown(
            "The built-in experiment: drawn scenes, responses of eight made-up subjects. No brain "
            "was recorded, and every page says so. Use it to learn the views; findings need a "
            "recording. Nothing leaves this machine."
        )


def _line(info: DatasetInfo) -> str:
    address = f"overview?{urlencode({'recording': info.name})}"
    return (
        f'<li><a href="{html.escape(navigation.path_to(address))}">{html.escape(info.title)}</a> '
        f"{html.escape(first_sentence(info))}</li>"
    )


def first_sentence(info: DatasetInfo) -> str:
    """What a recording is, in a line."""
    return info.description.partition(". ")[0].rstrip(".") + "." if info.description else ""
