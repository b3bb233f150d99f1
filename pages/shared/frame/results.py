"""A result on a page: stored, else a job with its progress, else a button. Pages never wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from core import jobs
from core.errors import DamagedResultError, NotFoundError
from core.jobs import Job, Request
from pages.shared.frame import guard
from pages.shared.frame import jobs as jobs_panel
from pages.shared.frame.guard import show_error
from pages.shared.frame.job_parts.session import own_session
from pages.shared.frame.text import plain

T = TypeVar("T")
LIVE_S = 1.0
# Opening a page starts no work that takes longer.
LONG_S = 2.0
# Ids of jobs that turned out to have read other files than those that were open.
READ_AGAIN = "recordings_read_again"


def get(
    request: Request,
    load: Callable[[str], T | None],
    *,
    on_click: bool | None = None,
    one_at_a_time: bool = False,
    icon: str = ":material/download:",
    live: Callable[[Job], None] | None = None,
    when_changed: Callable[[], None] | None = None,
) -> T | None:
    """The stored result of a request; until it is there, show its job or a button, and None.

    Parameters
    ----------
    request : Request
        The same request is one job, so a reload finds it.
    load : callable
        Gives the result of a key, None where it is not in the store.
    on_click : bool
        Start only when a button is pressed: where it takes longer than ``LONG_S``, or nobody
        knows how long, unless said otherwise.
    one_at_a_time : bool
        Cancel the job that this session had of the same operation before, if it is not done.
    icon : str
        Of the button.
    live : callable, optional
        Draws what the job has so far, below its progress.
    when_changed : callable, optional
        Forgets what else was read, where the job turns out to have read other files than are
        open; the recordings are read again, once.
    """
    job = jobs.find(request.operation, request.to_json())
    try:
        return _shown(request, job, load, on_click, one_at_a_time, icon, live, when_changed)
    except NotFoundError:
        if job is None or job.folder.is_dir():
            raise
        st.rerun()  # somebody else has removed it meanwhile


def is_begun_here(request: Request) -> bool:
    """Whether this session began the job of a request."""
    job = jobs.find(request.operation, request.to_json())
    return job is not None and job.session == own_session()


def recall(load: Any, *arguments: Any) -> Any:
    """Call a cached function; that it gives None is not remembered."""
    result = load(*arguments)
    if result is None:
        load.clear(*arguments)
    return result


def _shown(
    request: Request,
    job: Job | None,
    load: Callable[[str], T | None],
    on_click: bool | None,
    one_at_a_time: bool,
    icon: str,
    live: Callable[[Job], None] | None,
    when_changed: Callable[[], None] | None,
) -> T | None:
    try:
        result = _stored(request, job, load)
        if result is None and job is not None and job.status == "done":
            result = _stored(request, job, load)  # it may have been kept since the first look
            if result is None:
                if _is_of_other_files(request, job):
                    _read_again(request, job, when_changed)
                    return None
                job.make_way()
                job = None
    except DamagedResultError as error:
        show_error(error)  # deleted there, it is computed anew
        return None
    if result is None:
        if on_click is None:
            on_click = request.seconds is None or request.seconds > LONG_S
        job = _work_at(request, job, on_click, one_at_a_time, icon)
        if live is not None and job is not None:
            _follow(request, live)
    elif job is not None:
        jobs_panel.note(job)
    return result


def _stored(request: Request, job: Job | None, load: Callable[[str], T | None]) -> T | None:
    key = request.key() or (job.result.get("key") if job is not None else None)
    return load(key) if key else None


def _is_of_other_files(request: Request, job: Job) -> bool:
    """Whether a job that is done read other files than those that are open here."""
    key, own = job.result.get("key"), request.key()
    return bool(key and own and key != own)


def _read_again(request: Request, job: Job, when_changed: Callable[[], None] | None) -> None:
    """Open the files anew, once; what then still differs is said, and not computed again."""
    from pages.shared.frame import recording  # which shows results itself

    again = st.session_state.setdefault(READ_AGAIN, set())
    if job.id not in again:
        again.add(job.id)
        job.make_way()
        if when_changed is not None:
            when_changed()
        recording.forget()
        st.rerun()
    st.warning(
        f"{plain(request.label)}: the files of this recording were others when it was computed. "
        "Start it again once nothing writes there.",
        icon=":material/warning:",
    )
    st.button("Start again", key=f"again_{job.id}", on_click=job.make_way)


def _work_at(
    request: Request, job: Job | None, on_click: bool, one_at_a_time: bool, icon: str
) -> Job | None:
    """Start the job of a request, or offer to; show how far it is and what can be done."""
    refusal = jobs.refusal(request.operation, request.to_json(), request.seconds)
    if one_at_a_time:
        jobs_panel.overtake_former(request.operation, job)
        if job is not None and job.is_overtaken and not refusal:
            job.resume(own_session(), on_click, request.seconds)
    label = plain(request.label)
    if job is None:
        if on_click or refusal:

            def submit() -> None:
                _submit(request, pressed=True)

            st.button(
                plain(request.offer),
                type="primary",
                icon=icon,
                on_click=submit,
                disabled=bool(refusal),
                help=refusal or None,
            )
            if refusal:  # a phone shows no help of what is off
                st.caption(f":material/lock: {refusal}.")
            return None
        job = _submit(request, pressed=False)
    jobs_panel.note(job)
    status = job.status
    if status == "done":
        st.rerun()
    with st.container(border=True):
        st.markdown(f"**{label}**")
        if status in jobs_panel.ACTIVE:
            jobs_panel.watch(request.operation, request.to_json())
        else:
            jobs_panel.show(job, "Dismiss" if on_click else "", request.seconds)
    return job


def _submit(request: Request, *, pressed: bool) -> Job:
    """The job of a request, of this session; ``pressed`` by a person or begun by a page."""
    own = own_session()
    values, device = request.to_json(), request.device()
    return jobs.submit(request.operation, values, device, own, pressed, request.seconds)


@guard.fragment(run_every=LIVE_S)
def _follow(request: Request, live: Callable[[Job], None]) -> None:
    job = jobs.find(request.operation, request.to_json())
    if job is not None:
        live(job)
