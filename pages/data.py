"""What is on this machine, what it can show, and how to get the rest."""

import streamlit as st

from core import datasets, paths
from core.datasets import Dataset
from core.datasets.own.links import skipped_links
from core.datasets.own.unlisted import unlisted
from pages.shared.data import checker, exporting, grid, rows
from pages.shared.frame import jobs, navigation, recording
from pages.shared.frame.text import counted, plain
from pages.shared.head import head


def not_listed() -> None:
    """What stands in the data folder and is no recording, and why; links that lead out too."""
    skipped = skipped_links()
    if skipped:
        sentences = "\n".join(f"- {plain(link.sentence)}" for link in skipped)
        st.warning(sentences, icon=":material/link_off:")
    others = unlisted()
    if others:
        with st.expander(f"{counted(len(others), 'entry', 'entries')} not listed, and why"):
            st.markdown("\n".join(f"- **{plain(each.name)}**: {plain(each.reason)}"
                                  for each in others))  # fmt: skip


def page() -> None:
    head.show()
    st.caption(f"Data folder: {plain(paths.data_root())} (`NEUROGALLERY_DATA` names another)")
    not_listed()
    infos = [info for info in datasets.available() if info.name != "folder"]
    is_here = {info.name: info.where is not None or info.is_simulated for info in infos}
    # Recordings of people before the simulated one.
    here = sorted((i for i in infos if is_here[i.name]), key=lambda info: info.is_simulated)
    st.header("On this machine")
    grid.key()
    clock = rows.Clock()
    for info in here:
        rows.present(info, clock)
    st.header("Check a folder of your own")
    checker.offer()
    in_view = st.session_state.get(recording.IN_VIEW)
    if isinstance(in_view, Dataset):
        st.header("Export the recording in view")
        exporting.offer(in_view)
    st.header("To be brought here")
    for info in infos:
        if not is_here[info.name]:
            rows.absent(info)


navigation.require_app()
jobs.begin()
page()
