"""What core explains ends as a message, never as a traceback: pages, fragments and callbacks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.runtime.state.session_state import WStates

from core.errors import DamagedResultError, NeurogalleryError
from pages.shared.frame.damage import shown
from pages.shared.frame.server.turns import turns
from pages.shared.frame.text import plain

FAILED = "failed_callback"


class NothingOpen(Exception):
    """Ends a page that has said why there is nothing to show.

    Not ``st.stop``: a run that it ends keeps the fragments of the run before, and one that
    follows a job would go on writing into a page that no longer has a place for it.
    """


def show_error(error: Exception) -> None:
    """One clear message, never a traceback; a damaged result can be deleted there."""
    is_damaged = isinstance(error, DamagedResultError)
    words = shown.in_short(str(error)) if is_damaged else error
    st.error(plain(words), icon=":material/error:")
    if isinstance(error, DamagedResultError):
        shown.offer_removal(error.key)


def guarded(show: Callable[[], None]) -> None:
    """Run a page or a part of the sidebar; an error that core explains becomes its message."""
    try:
        show()
    except NothingOpen:
        pass
    except NeurogalleryError as error:
        show_error(error)


def fragment(run_every: float | None = None) -> Callable[[Callable[..., None]], Callable[..., Any]]:
    """``st.fragment`` whose errors are messages in its place, also when it runs by itself."""

    def decorate(show: Callable[..., None]) -> Callable[..., Any]:
        @functools.wraps(show)
        def run(*arguments: Any, **more: Any) -> None:
            with turns.turn():
                try:
                    show(*arguments, **more)
                except NeurogalleryError as error:
                    show_error(error)

        return st.fragment(run, run_every=run_every)

    return decorate


def guard_callbacks() -> None:
    """Have callbacks of widgets end with a message above the page, which then runs as usual.

    Streamlit calls them before a run, where nothing of a page can catch what they raise: its own
    call is replaced.
    """
    call = WStates.call_callback
    if hasattr(call, "__wrapped__"):
        return

    @functools.wraps(call)
    def run(states: WStates, widget: str) -> None:
        try:
            call(states, widget)
        except NeurogalleryError as error:
            st.session_state[FAILED] = error
            st.rerun()  # the whole page, where else a fragment alone would run

    setattr(WStates, "call_callback", run)  # noqa: B010


def show_failed_callback() -> None:
    """Say above the page what the last callback could not do, until the page runs again."""
    error = st.session_state.get(FAILED)
    if error is not None:
        show_error(error)
        st.session_state.pop(FAILED)  # after it was shown: a run may end before
