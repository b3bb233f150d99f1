"""Pages end with a message, never with a traceback."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.errors import NeurogalleryError
from pages.shared.frame import jobs
from pages.shared.frame.text import plain


class NothingOpen(Exception):
    """Ends a page that has said why there is nothing to show.

    Not ``st.stop``: a run that it ends keeps the fragments of the run before, and one that
    follows a job would go on writing into a page that no longer has a place for it.
    """


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
    jobs.forget_former()
