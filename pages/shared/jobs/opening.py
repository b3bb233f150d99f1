"""Opens the result of a job: the page that shows it, with the settings of its request."""

from __future__ import annotations

import streamlit as st

from core.errors import NeurogalleryError
from core.jobs import Job
from pages.shared.decoders.apply import apply
from pages.shared.frame import address, guard, recording, widgets
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
    page = st.session_state.pop(OPENED, None)
    if page is not None:
        # Without parameters it would refuse to leave those of bound widgets behind.
        st.switch_page(f"pages/{page}.py", query_params={})


def _open(view: ResultView) -> None:
    """Set the widgets of a page; a callback."""
    try:
        widgets.set_widgets({**_sidebar(view), **view.settings})
        if view.config is not None:
            apply(view.config)
    except NeurogalleryError as error:
        st.session_state[NOT_OPENED] = error
    else:
        st.session_state[OPENED] = view.page


def _sidebar(view: ResultView) -> dict[str, object]:
    """Widgets of the recording of a result."""
    own = view.recording
    if own is None:
        return {}
    return address.widgets_of(recording.opened(own.dataset, own.subject, own.options))[0]
