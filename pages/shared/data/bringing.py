"""Files of a recording that lie elsewhere on this machine: a folder is named, a job copies them."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from core import datasets
from core.datasets import DatasetInfo
from core.datasets.download.job import FetchRequest
from core.store import read_only
from pages.shared.frame import results
from pages.shared.frame.text import plain

LOCAL = ("localhost", "127.0.0.1", "::1")
# What a proxy says of whoever stands before it.
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")


def is_this_machine() -> bool:
    """Whether the reader sits at the machine that serves the page, and not behind a proxy."""
    headers = st.context.headers
    host = urlsplit(f"//{headers.get('Host', 'localhost')}").hostname
    is_forwarded = any(name in headers for name in FORWARDED)
    return st.context.ip_address is None and host in LOCAL and not is_forwarded


def offer(info: DatasetInfo) -> None:
    """Name a folder that holds files of a recording; what belongs to it is copied by a job."""
    if info.name not in datasets.DATASETS:  # a folder of one's own is here
        return
    recording = datasets.DATASETS[info.name]
    if not (recording.expected or recording.files):
        return
    if read_only.is_on():
        st.caption(f"{read_only.DATA}.")
        return
    if not is_this_machine():
        st.caption(
            "A folder to copy the files from can be named here where the browser runs on the "
            "machine that serves this page (localhost); else on its command line."
        )
        return
    source = st.text_input(
        "Folder on this machine that holds its files",
        key=f"data.source_{info.name}",
        placeholder="/path/to/the/folder",
        help="Its files are copied into the data folder and stay as they are. Files that belong "
        "to the recording are taken; links that lead out of the folder are refused.",
    ).strip()
    if source:
        request = FetchRequest(info.name, source)
        st.caption(f"Copies from {plain(source)}; files that are there already are skipped.")
        results.get(request, lambda key: None, on_click=True, icon=":material/content_copy:")
