"""A job on a page: named in the address, followed, cancelled, resumed, removed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import streamlit as st

from core import jobs
from core.errors import NotFoundError
from core.jobs import Job
from core.store import read_only
from pages.shared.frame import guard
from pages.shared.frame.job_parts.session import NOT_OWN, is_own, own_session
from pages.shared.frame.job_parts.words import STARTING, left, waiting
from pages.shared.frame.text import plain

POLL_SECONDS = 0.7
ACTIVE, DAMAGED = ("queued", "running"), "damaged"
IN_VIEW = "job_in_view"
# Of a job whose cancel or removal is to be confirmed.
ASKED = "asked_of_job"
ICONS = {
    "queued": ":material/hourglass_empty:",
    "running": ":material/progress_activity:",
    "done": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
    "interrupted": ":material/bolt:",
    DAMAGED: ":material/broken_image:",
}


def note(job: Job) -> None:
    """Name the job in view in the address, so that a reload or the page Jobs finds it."""
    st.session_state[f"last_{job.operation}"] = st.session_state[IN_VIEW] = job.id
    st.query_params["job"] = job.id


def overtake_former(operation: str, current: Job | None) -> None:
    """Cancel the job that this session had of an operation before, unless it is the current.

    One that another session started goes on: this one has only looked at it.
    """
    former = st.session_state.get(f"last_{operation}")
    if former is None or (current is not None and current.id == former):
        return
    with suppress(NotFoundError):  # it was removed
        job = jobs.get(former)
        if job.status in ACTIVE and is_own(job.session):
            job.overtake()


def begin() -> None:
    """Note that the page shows no job yet."""
    st.session_state[IN_VIEW] = ""


def forget_former() -> None:
    """Take the job of former settings out of the address, where the page has shown none."""
    if st.session_state.pop(IN_VIEW, None) == "":
        st.query_params.pop("job", None)


@guard.fragment(run_every=POLL_SECONDS)
def watch(operation: str, request: dict[str, Any]) -> None:
    """Follow a job; the page runs again when it stops. ``request`` are its JSON values."""
    job = jobs.find(operation, request)
    if job is None or job.status not in ACTIVE:
        st.rerun()
    job.look()
    show(job, "")


def show(job: Job, removal: str = "Remove", seconds: float | None = None) -> None:
    """Status, progress, time left, and what can be done about it.

    A page that would submit a removed job again at once gives no name for its removal;
    ``seconds`` is how long its request takes, where that says so.
    """
    status = job.status
    st.markdown(f"{ICONS[status]} {status}")
    # What is damaged can be removed wherever it shows.
    controls(job, status, "Remove" if status == DAMAGED else removal, seconds)


def controls(job: Job, status: str, removal: str = "Remove", seconds: float | None = None) -> None:
    """Progress and time left, or why it failed; and what can be done about it."""
    if status in ACTIVE:
        _under_way(job, status)
        return
    reason = job.damage if status == DAMAGED else job.error
    if reason:
        st.error(plain(reason))
    with st.container(horizontal=True):
        if job.is_resumable:
            again = "Try again" if status == "failed" else "Resume"
            refusal = job.refusal(seconds)
            st.button(
                again,
                key=f"resume_{job.id}",
                on_click=partial(job.resume, own_session(), seconds=seconds),
                disabled=bool(refusal),
                help=refusal or None,
            )
        if removal:
            _button(job, removal, "remove")


def _under_way(job: Job, status: str) -> None:
    progress = job.progress
    words = waiting(job) if status == "queued" else plain(progress.message or STARTING)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width="stretch"):
            st.progress(min(1.0, progress.fraction), text=f"{words}{left(progress)}")
        if job.is_cancelling:
            st.button("Cancelling …", key=f"cancel_{job.id}", disabled=True)
        else:
            _button(job, "Cancel", "cancel")


def _button(job: Job, label: str, action: str) -> None:
    """Cancels or removes a job; one of another session once that is confirmed."""
    act: Callable[[], None] = job.remove
    is_mine, refusal = is_own(job.session), read_only.why_kept()
    if action == "cancel":
        act = partial(job.cancel, own_session())
        refusal = read_only.why_not_cancelled(is_mine)
    question = f"{ASKED}_{action}_{job.id}"
    if refusal:
        st.button(label, key=f"{action}_{job.id}", disabled=True, help=refusal)
        return
    if is_mine:
        st.button(label, key=f"{action}_{job.id}", on_click=act)
        return
    if not st.session_state.get(question):
        st.button(label, key=f"{action}_{job.id}", on_click=_ask, args=(question, True))
        return
    with st.container():
        st.warning(f"{NOT_OWN}.", icon=":material/group:")
        with st.container(horizontal=True):

            def confirm() -> None:
                _ask(question, False)
                act()

            st.button(f"{label} it all the same", key=f"confirm_{question}", on_click=confirm)
            st.button("Leave it", key=f"leave_{question}", on_click=_ask, args=(question, False))


def _ask(question: str, is_asked: bool) -> None:
    if is_asked:
        st.session_state[question] = True
    else:
        st.session_state.pop(question, None)
