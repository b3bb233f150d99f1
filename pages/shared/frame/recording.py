"""The recording in view: chosen in the sidebar, kept in the address, loaded once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import __version__, datasets
from core.datasets import Dataset, DatasetInfo, Reference, completeness
from core.datasets.download.job import FetchRequest
from core.datasets.releases.converted import NeedsConversion, reporting
from core.datasets.releases.job import OpenRequest
from core.errors import NeurogalleryError, NotFoundError
from core.registry import check_given
from pages.shared.frame import address, jobs, navigation, results, selection
from pages.shared.frame.address import DEFAULT
from pages.shared.frame.guard import NothingOpen, show_error
from pages.shared.frame.job_parts import line
from pages.shared.frame.text import plain
from pages.shared.frame.widgets import OptionValues, option_widgets, warn_unknown

IN_VIEW = "recording_in_view"
# Folders of a release that are looked at for changes.
FOLDERS_DEEP, MOST_FOLDERS = 5, 200
SUBJECT_WIDTH = 84


def sidebar(filters: Callable[[Dataset], None], selected: Callable[[Dataset], None]) -> None:
    """Choose recording, subject and options, and filter stimuli; what is selected, and jobs."""
    st.session_state.pop(IN_VIEW, None)
    infos = _openable()
    address.refuse_unknown(infos)
    with st.sidebar:
        row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
        name = row.selectbox(
            "Recording",
            list(infos),
            key="recording",
            bind="query-params",
            help="Recordings in the data folder, and those that can be fetched.",
        )
        info = infos[name]
        selection.forget_picks_of_others(name)
        if info.is_simulated:
            st.caption(":material/science: Simulated: no brain was recorded.")
        else:
            st.caption(plain(info.title))
        try:
            ds = _open(info, row)
            selection.follow_address(ds)
        except NeurogalleryError as error:
            ds, st.session_state[IN_VIEW] = None, error
        if ds is not None:
            filters(ds)
        st.caption(f"Neurogallery {__version__}")
        with st.container(key="pinned"):
            line.summary()
            if ds is not None:
                selected(ds)


def require() -> Dataset:
    """The recording in view; where there is none, say why and end the page."""
    navigation.require_app()
    jobs.begin()
    in_view = st.session_state.get(IN_VIEW)
    if isinstance(in_view, Dataset):
        return in_view
    info = _openable()[st.session_state["recording"]]
    if (info.fetchable or info.how_to_get) and info.where is None:
        _offer_download(info)
    elif isinstance(in_view, NeedsConversion):
        _offer_opening(info, in_view)
    else:
        st.title(plain(info.title))
        show_error(in_view or NeurogalleryError("No recording is open"))
    raise NothingOpen


def source() -> str:
    """What is in view, in a line, for whoever takes a figure along; '' where nothing is."""
    ds = st.session_state.get(IN_VIEW)
    if not isinstance(ds, Dataset):
        return ""
    simulated = " (simulated)" if ds.info.is_simulated else ""
    return f"{ds.info.title}{simulated}, {ds.subject}"


@st.cache_data(max_entries=64, show_spinner=False)
def incomplete(fingerprint: str, rois: tuple[str, ...], _ds: Dataset) -> str:
    """What numbers of some ROIs (none: every unit) go without; '' where nothing is missing."""
    return completeness.sentence(_ds, rois)


def _offer_download(info: DatasetInfo) -> None:
    st.title(info.title)
    st.markdown(info.description)
    st.caption(f"{info.citation} Licence: {info.licence}.")
    if not datasets.DATASETS[info.name].files:
        _say_how_to_fetch(info)
        return
    st.info(
        "This recording is not on this machine yet. Download it here, or run "
        f"`python -m core fetch {info.name}` (with `--from FOLDER` for files you have).",
        icon=":material/download:",
    )
    # A download that is done but whose files are gone is offered again.
    results.get(FetchRequest(info.name), lambda key: None, on_click=True)


def _offer_opening(info: DatasetInfo, needed: NeedsConversion) -> None:
    st.title(plain(info.title))
    st.info(f"{plain(needed.problem)}. {needed.remedy}", icon=":material/hourglass_top:")
    reference = Reference(info.name, needed.subject, needed.options)
    results.get(OpenRequest(reference), lambda key: None, on_click=True)


def _say_how_to_fetch(info: DatasetInfo) -> None:
    """What is large or needs a form is brought on the command line, after its size is known."""
    brings = "says the size, asks, and brings it" if info.fetchable else "checks what is there"
    st.info(
        f"This recording is not on this machine yet. `python -m core fetch {info.name}` {brings}; "
        "with `--from FOLDER` it copies the files that you have.",
        icon=":material/download:",
    )
    st.markdown(plain(" ".join(filter(None, (info.disk, info.how_to_get)))))


def _openable() -> dict[str, DatasetInfo]:
    """Recordings by name, the default first; `folder` alone names no recording."""
    infos = {info.name: info for info in datasets.available() if info.name != "folder"}
    return {DEFAULT: infos.pop(DEFAULT), **infos}


def _open(info: DatasetInfo, row: DeltaGenerator) -> Dataset:
    options = option_widgets(info.options)
    try:
        ds: Dataset | NeedsConversion = _first(info, options)
    except NeedsConversion as needed:
        ds = needed
    if len(ds.subjects) > 1:
        warn_unknown("subject", ds.subjects, f"{info.title} has no subject")
        subject = row.selectbox(
            "Subject", ds.subjects, key="subject", bind="query-params", width=SUBJECT_WIDTH
        )
        if subject != ds.subject:
            ds = load(info.name, subject, options, _stamp(info.where))
    if isinstance(ds, NeedsConversion):
        raise ds
    st.session_state[IN_VIEW] = ds
    return ds


def _first(info: DatasetInfo, options: OptionValues) -> Dataset:
    """The subject that the address asks for where there is one, else the first."""
    subject = st.session_state.get("subject") or st.query_params.get("subject")
    try:
        return load(info.name, subject, options, _stamp(info.where))
    except NotFoundError:
        return load(info.name, None, options, _stamp(info.where))


def opened(name: str, subject: str | None, options: Mapping[str, Any]) -> Dataset:
    """Open a recording as the sidebar would.

    Raises
    ------
    NotFoundError
        If there is no such recording or subject here.
    InputError
        If an option is unknown or out of range.
    """
    info = _openable().get(name)
    if info is None:
        raise NotFoundError(f"The recording {name!r} is not here any more")
    values = check_given(info.name, info.options, options, "option")
    return load(name, subject, tuple(values.items()), _stamp(info.where))


def load(name: str, subject: str | None, options: OptionValues, stamp: int) -> Dataset:
    """One subject of a recording, shared by the sessions; ``stamp`` tells changed files.

    The first subject is opened once, whether it is asked for by name or by none.
    """
    first = _first_subject(name, options, stamp)
    ds = _loaded(name, None if subject == first.get(name) else subject, options, stamp)
    if subject is None:
        first[name] = ds.subject
    return ds


def forget() -> None:
    """Read every recording again when it is asked for next."""
    _loaded.clear()
    _first_subject.clear()


@st.cache_resource(max_entries=64, show_spinner=False)
def _first_subject(name: str, options: OptionValues, stamp: int) -> dict[str, str]:
    """The first subject by the name of its recording, once that was opened."""
    return {}


@st.cache_resource(max_entries=16, show_spinner="Opening the recording …")
def _loaded(name: str, subject: str | None, options: OptionValues, stamp: int) -> Dataset:
    try:
        with reporting(None):
            return datasets.load_with(name, subject, dict(options))
    except NeedsConversion as needed:
        needed.options = dict(options)
        raise


def other_subject(ds: Dataset, subject: str) -> Dataset:
    """The same recording of another subject."""
    if subject == ds.subject:
        return ds
    return load(ds.info.name, subject, tuple(ds.options.items()), _stamp(ds.info.where))


def with_options(ds: Dataset, **options: Any) -> Dataset:
    """The same recording and subject, opened with some options changed."""
    values = tuple({**ds.options, **options}.items())
    return load(ds.info.name, ds.subject, values, _stamp(ds.info.where))


def _stamp(folder: Path | None) -> int:
    """Newest change among the files of a recording, its images left out, and among its folders."""
    if folder is None or not folder.is_dir():
        return 0
    files = [
        path
        for pattern in ("*", "responses/*", "rois/*", "rdms/*", "embeddings/*", "gallery/*")
        for path in folder.glob(pattern)
    ]
    return max((path.stat().st_mtime_ns for path in [*files, *_below(folder)]), default=0)


def _below(folder: Path) -> list[Path]:
    """The folders of a release: whatever is added or removed changes the time of one."""
    below, level = [], [folder]
    for _ in range(FOLDERS_DEEP):
        entries = [entry for each in level for entry in os.scandir(each)]
        level = [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
        level = level[:MOST_FOLDERS]
        below += level
    return below
