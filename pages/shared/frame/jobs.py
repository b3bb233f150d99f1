"""Long work on a page: start, watch, cancel, find again. Pages never wait for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core import jobs
from core.datasets import Dataset
from core.jobs import Job
from pages.shared.frame.text import plain

POLL_SECONDS = 0.7
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


def run_here(
    operation: str,
    request: dict[str, Any],
    label: str,
    on_click: bool = False,
    one_at_a_time: bool = False,
    icon: str = ":material/download:",
    device: Callable[[], str] = lambda: "cpu",
) -> Job | None:
    """Give the finished job of a request; until then show its progress and return None.

    Parameters
    ----------
    operation, request
        As in ``jobs.submit``; the same request is one job, so a reload finds it.
    label : str
        What the work is, for the reader.
    on_click : bool
        Start only when a button is pressed.
    one_at_a_time : bool
        Cancel what this session asked of the same operation before, if it is not done.
    icon : str
        Of the button.
    device : callable
        Gives the device that the job occupies, asked when it is submitted.
    """
    job = jobs.find(operation, request)
    if one_at_a_time:
        _cancel_predecessor(operation, job)
        if job is not None and job.is_overtaken:
            job.resume()
    if job is None:
        if on_click:

            def submit() -> None:
                jobs.submit(operation, request, device())

            st.button(label, type="primary", icon=icon, on_click=submit)
            return None
        job = jobs.submit(operation, request, device())
    st.session_state[f"last_{operation}"] = st.session_state[IN_VIEW] = job.id
    st.query_params["job"] = job.id
    status = job.status
    if status == "done":
        return job
    with st.container(border=True):
        st.markdown(f"**{label}**")
        if status in ACTIVE:
            _watch(operation, request)
        else:
            show(job, "Dismiss" if on_click else "")
    return None


def begin() -> None:
    """Note that the page shows no job yet."""
    st.session_state[IN_VIEW] = ""


def forget_former() -> None:
    """Take the job of former settings out of the address, where the page has shown none."""
    if st.session_state.pop(IN_VIEW, None) == "":
        st.query_params.pop("job", None)


def _cancel_predecessor(operation: str, wanted: Job | None) -> None:
    last = st.session_state.get(f"last_{operation}")
    for job in jobs.all_jobs():
        if job.id == last and job.status in ACTIVE and (wanted is None or job.id != wanted.id):
            job.overtake()


def options_of(ds: Dataset) -> dict[str, Any]:
    """Options of a recording as JSON values of a request."""
    return {name: list(v) if isinstance(v, tuple) else v for name, v in ds.options.items()}


def summary() -> None:
    """How many jobs run or wait, for the sidebar; followed while there are any."""
    active = any(job.status in ACTIVE for job in jobs.all_jobs())
    st.fragment(_count, run_every=2.0 if active else None)()


def _count() -> None:
    active = sum(job.status in ACTIVE for job in jobs.all_jobs())
    if active:
        jobs_at_work = "1 job" if active == 1 else f"{active} jobs"
        st.caption(f":material/progress_activity: {jobs_at_work} at work, see page Jobs")


@st.fragment(run_every=POLL_SECONDS)
def _watch(operation: str, request: dict[str, Any]) -> None:
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


def _under_way(job: Job, status: str) -> None:
    progress = job.progress
    left = f" · about {progress.seconds_left:.0f} s left" if progress.seconds_left else ""
    text = f"{progress.message or WAITING[status]}{left}"
    st.progress(min(1.0, progress.fraction), text=text)
    asked = job.is_cancelling
    st.button(
        "Cancelling …" if asked else "Cancel",
        key=f"cancel_{job.id}",
        on_click=job.cancel,
        disabled=asked,
    )
