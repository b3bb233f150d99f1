"""A row a recording: what is on disk, what it shows, its copies, and how to get the rest."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from core import datasets
from core.datasets import Dataset, DatasetInfo
from core.datasets.download.job import FetchRequest
from core.datasets.download.space import size_text
from core.datasets.releases.converted import NeedsConversion
from core.datasets.shelf.abilities import abilities
from core.datasets.shelf.copies import StoredCopy, remove_copies, stored_copies
from core.datasets.shelf.presence import OnDisk, on_disk
from core.errors import NeurogalleryError
from core.store import read_only
from pages.shared.data import bringing, grid
from pages.shared.frame import images, recording, results
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import counted, plain
from pages.shared.frame.widgets import set_widgets

# Of all openings together that a run of the page begins by itself.
BUDGET_S = 1.5
MOST_READ = 250_000_000
STRIP, IMAGE_PX = 6, 56
LOOKED_AT_S = 20


class Clock:
    """How much of the time for openings is left in a run of the page."""

    def __init__(self) -> None:
        self.end = time.monotonic() + BUDGET_S

    def is_up(self) -> bool:
        return time.monotonic() > self.end


@st.cache_data(ttl=LOOKED_AT_S, show_spinner="Looking at the data folder …")
def state_of(name: str, where: str, _info: DatasetInfo) -> OnDisk:
    """What is on disk, looked at again after a while."""
    return on_disk(_info)


def present(info: DatasetInfo, clock: Clock) -> None:
    """A recording that is here."""
    state = state_of(info.name, str(info.where), info)
    with st.container(border=True, key=f"data_row_{info.name}"):
        _head(info, size_text(state.bytes) if info.where else "drawn and simulated when opened")
        ds = _opened(info, state, clock)
        with st.container(key=f"halves_data_{info.name}"):
            left, right = st.columns(2, gap="medium")
        with left:
            grid.show(state, info.title)
            if info.is_simulated:
                st.caption("Simulated: no brain was recorded. It needs no files.")
        with right:
            if ds is not None:
                images_of(ds)
                pages_of(ds)
        _missing(state)
        _copies(info)
        _about(info)


def absent(info: DatasetInfo) -> None:
    """A recording that can be brought here."""
    state = state_of(info.name, "", info)
    with st.expander(f"{plain(info.title)} · `{info.name}`"):
        st.markdown(plain(info.description))
        if state.bytes:
            st.caption(f"{size_text(state.bytes)} are here, which do not suffice to open it.")
            grid.show(state, info.title)
        _terms(info)
        _get(info)


def _head(info: DatasetInfo, size: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(info.title)}**", width="content")
        st.caption(f"`{info.name}` · {size}", width="content")
        if st.session_state.get("recording") == info.name:
            st.badge("in view", icon=":material/visibility:", width="content")
        else:
            st.button(
                "Open",
                key=f"data.open_{info.name}",
                help="Makes it the recording in view on every page.",
                on_click=set_widgets,
                args=({"recording": info.name},),
            )


def _opened(info: DatasetInfo, state: OnDisk, clock: Clock) -> Dataset | None:
    """The recording, if that is quick or the reader asks for it; else why not."""
    in_view = st.session_state.get(recording.IN_VIEW)
    if isinstance(in_view, Dataset) and in_view.info.name == info.name:
        return in_view
    key = f"data.look_{info.name}"
    is_large = ":" in info.name and state.bytes > MOST_READ
    if (clock.is_up() or is_large) and not st.session_state.get(key):
        st.button("Look inside", key=f"{key}_button", on_click=_look, args=(key,))
        return None
    try:
        return recording.opened(info.name, None, {})
    except NeedsConversion as needed:
        st.caption(f"{plain(needed.problem)}. Press *Open*: {needed.remedy[0].lower()}"
                   f"{needed.remedy[1:]}")  # fmt: skip
    except NeurogalleryError as error:
        show_error(error)
    return None


def _look(key: str) -> None:
    st.session_state[key] = True


def images_of(ds: Dataset) -> None:
    """A few of its images, spread over the list."""
    if ds.images is None:
        return
    lacking = set(ds.missing_images())
    rows = [row for row, name in enumerate(ds.stimuli["id"]) if name not in lacking]
    images.strip(ds, rows[:: max(1, len(rows) // STRIP)][:STRIP], size=IMAGE_PX, limit=STRIP)


def pages_of(ds: Dataset) -> None:
    """The pages that it can show, and why not the others."""
    listed = abilities(ds)
    shown = [each.title for each in listed if each.is_possible]
    st.markdown(
        f"{counted(ds.n_stimuli, 'stimulus', 'stimuli')}, "
        f"{counted(len(ds.subjects), 'subject')}"
        + (f", {counted(len(ds.rois), 'ROI')}" if ds.rois else "")
        + (f", {counted(len(ds.rdms), 'RDM')}" if ds.rdms else "")
        + f". Shows {plain(', '.join(shown))}."
    )
    notes = [f"{each.title}: {each.note}" for each in listed if each.note]
    if notes:
        st.caption(plain("; ".join(notes)) + ".")
    missing = recording.incomplete(ds.fingerprint, (), ds)
    if missing:
        st.caption(f":material/warning: {plain(ds.subject)}: {plain(missing)}")


def _missing(state: OnDisk) -> None:
    """Files that are not there, and files that belong to nothing."""
    if not state.missing and not state.unexpected:
        return
    parts = []
    if state.missing:
        parts.append(f"{counted(len(state.missing), 'file')} not here")
    if state.unexpected:
        parts.append(f"{counted(len(state.unexpected), 'file')} unexpected")
    with st.expander(" · ".join(parts)):
        rows: list[dict[str, Any]] = [
            {
                "File": each.path,
                "What": each.what,
                "State": "missing" if each.is_needed else "not here; it opens without",
            }
            for each in state.missing
        ]
        rows += [{"File": name, "What": "", "State": "unexpected"} for name in state.unexpected]
        st.dataframe(rows, hide_index=True, height="content" if len(rows) < 8 else 280)


def _copies(info: DatasetInfo) -> None:
    """Copies that the first opening has made, and their removal."""
    own = [copy for copy in copies() if copy.recording == info.name]
    if not own:
        return
    kept = read_only.why_kept()
    with st.container(horizontal=True, vertical_alignment="center"):
        subjects = ", ".join(dict.fromkeys(copy.subject for copy in own))
        total = size_text(sum(copy.bytes for copy in own))
        text = f"{counted(len(own), 'stored copy', 'stored copies')} of its responses ({total})"
        st.caption(f"{text}: {plain(subjects)}", width="content")
        st.button(
            "Delete copies",
            key=f"data.copies_{info.name}",
            icon=":material/delete:",
            type="tertiary",
            help=kept or "The files of the recording stay; the next opening makes the copy again.",
            disabled=bool(kept),
            on_click=_delete,
            args=([copy.key for copy in own],),
        )


def copies() -> list[StoredCopy]:
    """Every copy, listed once a run of the page."""
    return stored_copies()


def _delete(keys: list[str]) -> None:
    remove_copies(keys)
    recording.forget()


def _about(info: DatasetInfo) -> None:
    if not (info.licence or info.citation or info.how_to_get):
        return
    with st.expander("Citation, licence, how to get the rest"):
        _terms(info)
        if info.fetchable or info.how_to_get:
            _command(info)
            bringing.offer(info)


def _terms(info: DatasetInfo) -> None:
    for label, text in (
        ("Citation", info.citation),
        ("Licence", info.licence),
        ("Space", info.disk),
        ("By hand", info.how_to_get),
    ):
        if text:
            st.markdown(f"**{label}.** {plain(text)}")


def _get(info: DatasetInfo) -> None:
    st.caption(f"On the command line: python -m core fetch {info.name}")
    _command(info)
    if datasets.DATASETS[info.name].files:
        results.get(FetchRequest(info.name), lambda key: None, on_click=True)
    bringing.offer(info)


def _command(info: DatasetInfo) -> None:
    source = "" if info.fetchable else " --from FOLDER"
    st.code(f"python -m core fetch {info.name}{source}", language="bash")
