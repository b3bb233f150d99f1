"""Opens the result of a job: the page that shows it, with the settings of its request."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.errors import NeurogalleryError
from core.jobs import Job
from pages.shared.decoders.apply import settings_of
from pages.shared.frame import address, guard, recording, widgets
from pages.shared.frame.presets import Settings
from pages.shared.jobs.shown_by import ResultView, result_view

OPENED, NOT_OPENED = "jobs_opened", "jobs_not_opened"


def offer(job: Job) -> None:
    """A button that shows the result of a job that is done, where a page does."""
    view = result_view(job)
    if view is not None:
        st.button(
            "Show result",
            key=f"show_{job.id}",
            icon=":material/arrow_forward:",
            on_click=_open,
            args=(view,),
        )


def is_due() -> bool:
    """Whether a result was opened, or could not be, since the page ran."""
    return OPENED in st.session_state or NOT_OPENED in st.session_state


def follow() -> None:
    """Go to the page that was opened, which a callback cannot; or say why it was not."""
    error = st.session_state.pop(NOT_OPENED, None)
    if error is not None:
        guard.show_error(error)
    opened = st.session_state.pop(OPENED, None)
    if opened is not None:
        page, in_address = opened
        st.switch_page(f"pages/{page}.py", query_params=in_address)


def _open(view: ResultView) -> None:
    """Set the widgets of a page; a callback."""
    try:
        values, defaults = _widgets(view)
        widgets.set_widgets(values, defaults)
    except NeurogalleryError as error:
        st.session_state[NOT_OPENED] = error
    else:
        written = {
            name: _written(value)
            for name, value in values.items()
            if not _is_in_sidebar(name) and (name not in defaults or value != defaults[name])
        }
        st.session_state[OPENED] = (view.page, written)


def _widgets(view: ResultView) -> tuple[Settings, Settings]:
    """Values of the widgets of a result, those of its recording included; and defaults."""
    if view.config is not None:
        return settings_of(view.config)
    own = view.recording
    if own is None:
        return view.settings, {}
    ds = recording.opened(own.dataset, own.subject, own.options)
    sidebar, defaults = address.widgets_of(ds)
    return {**sidebar, **view.settings}, defaults


def _is_in_sidebar(name: str) -> bool:
    """Whether a widget is in view on every page: the address follows it by itself."""
    return name in ("recording", "subject") or name.startswith(address.OPTION)


def _written(value: Any) -> str | list[str]:
    """A value as an address has it."""
    if isinstance(value, list | tuple):
        return [str(each) for each in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
