"""Jobs on a page: named in the address, followed, cancelled, resumed, counted."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from core import jobs
from core.errors import NotFoundError
from core.jobs import Job
from core.words import counted
from pages.shared.frame.text import plain

POLL_SECONDS = 0.7
IN_MINUTES = 120
ACTIVE = ("queued", "running")
IN_VIEW = "job_in_view"
WAITING = {"queued": "Waits for other jobs", "running": "Starting"}
ICONS = {
    "queued": ":material/hourglass_empty:",
    "running": ":material/progress_activity:",
    "done": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
    "interrupted": ":material/bolt:",
}


def note(job: Job) -> None:
    """Name the job in view in the address, so that a reload or the page Jobs finds it."""
    st.session_state[f"last_{job.operation}"] = st.session_state[IN_VIEW] = job.id
    st.query_params["job"] = job.id


def overtake_former(operation: str, current: Job | None) -> None:
    """Cancel the job that this session had of an operation before, unless it is the current."""
    former = st.session_state.get(f"last_{operation}")
    if former is None or (current is not None and current.id == former):
        return
    with suppress(NotFoundError):  # it was removed
        job = jobs.get(former)
        if job.status in ACTIVE:
            job.overtake()


def begin() -> None:
    """Note that the page shows no job yet."""
    st.session_state[IN_VIEW] = ""


def forget_former() -> None:
    """Take the job of former settings out of the address, where the page has shown none."""
    if st.session_state.pop(IN_VIEW, None) == "":
        st.query_params.pop("job", None)


def summary() -> None:
    """How many jobs run or wait, for the sidebar; followed while there are any."""
    active = any(job.status in ACTIVE for job in jobs.all_jobs())
    st.fragment(_count, run_every=2.0 if active else None)()


def _count() -> None:
    active = sum(job.status in ACTIVE for job in jobs.all_jobs())
    if active:
        st.caption(f":material/progress_activity: {counted(active, 'job')} at work, see page Jobs")


@st.fragment(run_every=POLL_SECONDS)
def watch(operation: str, request: dict[str, Any]) -> None:
    """Follow a job; the page runs again when it stops. ``request`` are its JSON values."""
    job = jobs.find(operation, request)
    if job is None or job.status not in ACTIVE:
        st.rerun()
    show(job, "")


def show(job: Job, removal: str = "Remove") -> None:
    """Status, progress, time left, and what can be done about it.

    A page that would submit a removed job again at once gives no name for its removal.
    """
    status = job.status
    st.markdown(f"{ICONS[status]} {status}")
    if status in ACTIVE:
        _under_way(job, status)
        return
    if job.error:
        st.error(plain(job.error))
    with st.container(horizontal=True):
        if status != "done":
            again = "Try again" if status == "failed" else "Resume"
            st.button(again, key=f"resume_{job.id}", on_click=job.resume)
        if removal:
            st.button(removal, key=f"remove_{job.id}", on_click=job.remove)


def _left(seconds: float | None) -> str:
    """Such as ' · about 8 min left'."""
    if not seconds:
        return ""
    if seconds < IN_MINUTES:
        return f" · about {seconds:.0f} s left"
    return f" · about {seconds / 60:,.0f} min left"


def _under_way(job: Job, status: str) -> None:
    progress = job.progress
    text = f"{progress.message or WAITING[status]}{_left(progress.seconds_left)}"
    st.progress(min(1.0, progress.fraction), text=text)
    stops = job.is_cancelling
    st.button(
        "Cancelling …" if stops else "Cancel",
        key=f"cancel_{job.id}",
        on_click=job.cancel,
        disabled=stops,
    )
