"""The recording in view: chosen in the sidebar, kept in the address, loaded once."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core import datasets
from core.datasets import Dataset, DatasetInfo
from core.errors import InputError, NeurogalleryError, NotFoundError
from core.registry import Parameter, check_given
from pages.shared.frame import jobs as jobs_panel
from pages.shared.frame import navigation, selection
from pages.shared.frame.text import plain

DEFAULT = "simulated"
OptionValues = tuple[tuple[str, Any], ...]
NO_DEFAULTS: Mapping[str, Any] = MappingProxyType({})


class NothingOpen(Exception):
    """Ends a page that has said why there is nothing to show.

    Not ``st.stop``: a run that it ends keeps the fragments of the run before, and one that
    follows a job would go on writing into a page that no longer has a place for it.
    """


def sidebar() -> None:
    """Choose recording, subject and options; show the selection and running jobs."""
    st.session_state.pop("recording", None)
    infos = _openable()
    _refuse_unknown(infos)
    with st.sidebar:
        name = st.selectbox(
            "Recording",
            list(infos),
            key="dataset",
            bind="query-params",
            help="Recordings in the data folder, and those that can be fetched.",
        )
        info = infos[name]
        if st.session_state.setdefault("pick_belongs_to", name) != name:
            st.session_state["pick_belongs_to"] = name
            st.query_params.pop("pick", None)
        st.caption(plain(info.title))
        if info.is_simulated:
            st.warning("Simulated: no brain was recorded.", icon=":material/science:")
        try:
            _open(info)
        except NeurogalleryError as error:
            st.session_state["recording"] = error
        jobs_panel.summary()


def require() -> Dataset:
    """The recording in view; where there is none, say why and end the page."""
    navigation.require_app()
    jobs_panel.begin()
    found = st.session_state.get("recording")
    if isinstance(found, Dataset):
        return found
    info = _openable()[st.session_state["dataset"]]
    if info.fetchable and info.where is None:
        _offer_download(info)
    else:
        st.title(plain(info.title))
        show_error(found or NeurogalleryError("No recording is open"))
    raise NothingOpen


def title(ds: Dataset, text: str) -> None:
    """Title of a page; where no brain was recorded it says so."""
    st.title(plain(text))
    if ds.info.is_simulated:
        st.badge("Simulated data", icon=":material/science:", color="orange")


def show_error(error: Exception) -> None:
    """One clear message, never a traceback."""
    st.error(plain(error), icon=":material/error:")


def guarded(page: Callable[[], None]) -> None:
    """Run a page; an error that core explains becomes its message."""
    try:
        page()
    except NothingOpen:
        pass
    except NeurogalleryError as error:
        show_error(error)
    jobs_panel.forget_former()


def _refuse_unknown(infos: dict[str, DatasetInfo]) -> None:
    """Say why the recording of the address cannot be opened, before another is shown."""
    asked = st.query_params.get("dataset")
    if asked is None or asked in infos:
        return
    try:
        datasets.load(asked)
    except NeurogalleryError as error:
        show_error(error)
    st.warning(f"Shown instead of {plain(asked)}: {DEFAULT}.", icon=":material/warning:")


def _offer_download(info: DatasetInfo) -> None:
    st.title(info.title)
    st.markdown(info.description)
    st.caption(f"{info.citation} Licence: {info.licence}.")
    st.info(
        "This recording is not on this machine yet. Download it here, or run "
        f"`python -m core fetch {info.name}` (with `--from FOLDER` for files you have).",
        icon=":material/download:",
    )
    request = {"name": info.name, "source": None}
    job = jobs_panel.run_here("fetch", request, f"Download {info.name}", on_click=True)
    if job is not None:  # its files are gone again
        job.remove()
        st.rerun()


def _openable() -> dict[str, DatasetInfo]:
    """Recordings by name, the default first; `folder` alone names no recording."""
    infos = {info.name: info for info in datasets.available() if info.name != "folder"}
    return {DEFAULT: infos.pop(DEFAULT), **infos}


def _open(info: DatasetInfo) -> None:
    options = _option_widgets(info.options)
    ds = _first(info, options)
    if len(ds.subjects) > 1:
        warn_unknown("subject", ds.subjects, f"{info.title} has no subject")
        subject = st.selectbox("Subject", ds.subjects, key="subject", bind="query-params")
        if subject != ds.subject:
            ds = load(info.name, subject, options, _stamp(info.where))
    st.session_state["recording"] = ds
    st.divider()
    selection.panel(ds)


def _first(info: DatasetInfo, options: OptionValues) -> Dataset:
    """The subject that the address asks for where there is one, else the first."""
    asked = st.session_state.get("subject") or st.query_params.get("subject")
    try:
        return load(info.name, asked, options, _stamp(info.where))
    except NotFoundError:
        return load(info.name, None, options, _stamp(info.where))


def warn_unknown(key: str, choices: Iterable[str], found: str) -> None:
    """Say which values of the address are left out, before a widget drops them."""
    known = {str(choice) for choice in choices}
    unknown = [value for value in st.query_params.get_all(key) if value not in known]
    if unknown and key not in st.session_state:
        st.warning(f"{plain(found)} {plain(', '.join(unknown))}.", icon=":material/warning:")


def warn_of_option(parameter: Parameter, key: str) -> None:
    """Say that a value of the address is out of range, before a widget drops it."""
    asked = st.query_params.get_all(key)
    if not asked or key in st.session_state:
        return
    try:
        parameter.check(asked if parameter.several else asked[-1])
    except InputError as error:
        st.warning(f"{plain(error)} The default is used.", icon=":material/warning:")


def _option_widgets(parameters: tuple[Parameter, ...]) -> OptionValues:
    if not parameters:
        return ()
    for parameter in parameters:
        warn_of_option(parameter, parameter.name)
    with st.expander("Options of this recording"):
        return tuple((parameter.name, option_widget(parameter)) for parameter in parameters)


def option_widget(
    parameter: Parameter, prefix: str = "", width: int | Literal["stretch"] = "stretch"
) -> Any:
    """The widget that a declared parameter asks for, bound to the address."""
    key = prefix + parameter.name
    shared: dict[str, Any] = {
        "key": key,
        "help": parameter.help or None,
        "bind": "query-params",
    }
    if parameter.several:
        return tuple(
            st.pills(
                parameter.label,
                parameter.choices,
                selection_mode="multi",
                default=parameter.default,
                **shared,
            )
        )
    if parameter.choices:
        first = parameter.choices.index(parameter.default)
        return st.selectbox(parameter.label, parameter.choices, index=first, width=width, **shared)
    if isinstance(parameter.default, bool):
        return st.toggle(parameter.label, value=parameter.default, **shared)
    kind = type(parameter.default)
    if kind is float:
        shared |= {"format": "%g", "step": _step(parameter.default)}
    return st.number_input(
        parameter.label,
        min_value=None if parameter.minimum is None else kind(parameter.minimum),
        max_value=None if parameter.maximum is None else kind(parameter.maximum),
        value=parameter.default,
        width=width,
        **shared,
    )


def _step(default: float) -> float:
    """A tenth of the default, rounded up to a power of ten and at most 1."""
    return 10.0 ** min(0, math.ceil(math.log10(default)) - 1) if default > 0 else 0.1


def set_widgets(values: Mapping[str, Any], defaults: Mapping[str, Any] = NO_DEFAULTS) -> None:
    """Set bound widgets, in view or not, and the address with them; a callback.

    Those of ``defaults`` without a value go back to it; a default is left out of the address.
    """
    for key, value in {**defaults, **values}.items():
        st.session_state[key] = value
        # The address of a widget in view follows the widget.
        with contextlib.suppress(StreamlitAPIException):
            if key in defaults and value == defaults[key]:
                st.query_params.pop(key, None)
            else:
                st.query_params[key] = value


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
    given = check_given(info.name, info.options, options, "option")
    return load(name, subject, tuple(given.items()), _stamp(info.where))


def widgets_of(ds: Dataset) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values of the sidebar's widgets that bring a recording into view, and their defaults."""
    values = {"dataset": ds.info.name, **_as_widgets(ds.options)}
    declared = {option.name: option.default for option in ds.info.options}
    defaults = {"dataset": DEFAULT, **_as_widgets(declared)}
    if len(ds.subjects) > 1:
        values["subject"], defaults["subject"] = ds.subject, ds.subjects[0]
    return values, defaults


def _as_widgets(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}


@st.cache_resource(max_entries=16, show_spinner="Opening the recording …")
def load(name: str, subject: str | None, options: OptionValues, stamp: int) -> Dataset:
    """One subject of a recording, shared by the sessions; ``stamp`` tells changed files."""
    return datasets.load(name, subject, **dict(options))


def other_subject(ds: Dataset, subject: str) -> Dataset:
    """The same recording of another subject."""
    if subject == ds.subject:
        return ds
    return load(ds.info.name, subject, tuple(ds.options.items()), _stamp(ds.info.where))


def with_options(ds: Dataset, **options: Any) -> Dataset:
    """The same recording and subject, opened with some options changed."""
    given = tuple({**ds.options, **options}.items())
    return load(ds.info.name, ds.subject, given, _stamp(ds.info.where))


def _stamp(folder: Path | None) -> int:
    """Newest change among the files of a recording, its images left out."""
    if folder is None or not folder.is_dir():
        return 0
    files = [
        path
        for pattern in ("*", "responses/*", "rois/*", "rdms/*", "embeddings/*", "gallery/*")
        for path in folder.glob(pattern)
    ]
    return max((path.stat().st_mtime_ns for path in files), default=0)
