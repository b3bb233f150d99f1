"""The recording in view: chosen in the sidebar, kept in the address, loaded once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
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
from core.store import read_only, stamps
from core.words import lasting
from pages.shared.frame import address, jobs, navigation, results, selection
from pages.shared.frame.address import DEFAULT
from pages.shared.frame.guard import NothingOpen, guarded, show_error
from pages.shared.frame.job_parts import line
from pages.shared.frame.text import plain
from pages.shared.frame.widgets import OptionValues, option_widgets, warn_unknown

IN_VIEW, CHANGED = "recording_in_view", "recording_changed"
# Share of the time that goes into looking for changed files.
LOOKING = 0.05
SUBJECT_WIDTH = 84


def sidebar(filters: Callable[[Dataset], None], selected: Callable[[Dataset], None]) -> None:
    """Choose recording, subject and options, and filter stimuli; what is selected, and jobs."""
    former = st.session_state.pop(IN_VIEW, None)
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
            _note_change(former, ds)
            selection.follow_address(ds)
        except NeurogalleryError as error:
            ds, st.session_state[IN_VIEW] = None, error
        if ds is not None:
            guarded(partial(filters, ds))
        st.caption(f"Neurogallery {__version__}")
        guarded(_say_read_only)
        with st.container(key="pinned"):
            guarded(line.summary)
            if ds is not None:
                guarded(partial(selected, ds))


def _say_read_only() -> None:
    """One line where the server is read-only."""
    if read_only.is_on():
        words = f"Read-only: jobs of {lasting(read_only.budget_s())} at most, nothing is deleted."
        st.caption(f":material/lock: {words}")


def require() -> Dataset:
    """The recording in view; where there is none, say why and end the page."""
    navigation.require_app()
    jobs.begin()
    in_view = st.session_state.get(IN_VIEW)
    if isinstance(in_view, Dataset):
        if CHANGED in st.session_state:
            st.info(plain(st.session_state.pop(CHANGED)), icon=":material/refresh:")
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
            ds = load(info.name, subject, options)
    if isinstance(ds, NeedsConversion):
        raise ds
    st.session_state[IN_VIEW] = ds
    return ds


def _note_change(former: Any, ds: Dataset) -> None:
    """Say on the page that the recording in view was read again, where it holds something else."""
    if not isinstance(former, Dataset) or former.fingerprint == ds.fingerprint:
        return
    is_same = (former.info.name, former.subject, former.options) == (
        ds.info.name,
        ds.subject,
        ds.options,
    )
    if is_same:
        which = stamps.differing(former.files, ds.files) or "a file"
        st.session_state[CHANGED] = f"This recording was read again because {which} changed."


def _first(info: DatasetInfo, options: OptionValues) -> Dataset:
    """The subject that the address asks for where there is one, else the first."""
    subject = st.session_state.get("subject") or st.query_params.get("subject")
    try:
        return load(info.name, subject, options)
    except NotFoundError:
        return load(info.name, None, options)


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
    return load(name, subject, tuple(values.items()))


def load(name: str, subject: str | None, options: OptionValues) -> Dataset:
    """One subject of a recording, shared by the sessions and read again when its files change.

    The first subject is opened once, whether it is asked for by name or by none.
    """
    first = _first_subject(name, options)
    called = None if subject == first.get(name) else subject
    opened = _loaded(name, called, options)
    if opened.has_changed():
        _loaded.clear(name, called, options)
        _first_subject.clear(name, options)
        first, opened = _first_subject(name, options), _loaded(name, subject, options)
    if subject is None:
        first[name] = opened.ds.subject
    return opened.ds


def forget() -> None:
    """Read every recording again when it is asked for next."""
    _loaded.clear()
    _first_subject.clear()


@dataclass
class _Opened:
    """An open recording, and when its files may be looked at next.

    To look at 10,000 images takes 30 ms: at most this share of the time goes into it.
    """

    ds: Dataset
    next_look: float = 0.0

    def has_changed(self) -> bool:
        """Whether a file that it was read from is not as it was; at most so often."""
        began = time.monotonic()
        if began < self.next_look:
            return False
        path = stamps.changed(self.ds.files, with_folders=True)
        ended = time.monotonic()
        self.next_look = ended + (ended - began) / LOOKING
        return bool(path)


@st.cache_resource(max_entries=64, show_spinner=False)
def _first_subject(name: str, options: OptionValues) -> dict[str, str]:
    """The first subject by the name of its recording, once that was opened."""
    return {}


@st.cache_resource(max_entries=16, show_spinner="Opening the recording …")
def _loaded(name: str, subject: str | None, options: OptionValues) -> _Opened:
    try:
        with reporting(None):
            return _Opened(datasets.load_with(name, subject, dict(options)))
    except NeedsConversion as needed:
        needed.options = dict(options)
        raise


def other_subject(ds: Dataset, subject: str) -> Dataset:
    """The same recording of another subject."""
    if subject == ds.subject:
        return ds
    return load(ds.info.name, subject, tuple(ds.options.items()))


def with_options(ds: Dataset, **options: Any) -> Dataset:
    """The same recording and subject, opened with some options changed."""
    values = tuple({**ds.options, **options}.items())
    return load(ds.info.name, ds.subject, values)
