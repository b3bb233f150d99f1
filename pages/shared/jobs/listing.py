"""The jobs of page Jobs: what each does, whose it is, how far it is, and where its result is."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core import jobs, operations
from core.errors import NeurogalleryError, NotFoundError
from core.jobs import Job
from core.operations import Operation
from core.store import read_only
from core.words import lasting
from pages.shared.frame import guard
from pages.shared.frame import jobs as jobs_panel
from pages.shared.frame.job_parts.session import NOT_OWN, is_own
from pages.shared.frame.text import counted, plain
from pages.shared.jobs import opening

TIMES = {"running": "for", "done": "in"}
FINISHED = "done"
ASKED = "jobs_asked_of_others"


@guard.fragment(run_every=jobs_panel.POLL_SECONDS)
def table() -> None:
    """Every job, the one in the address first; then those at work, then the newest."""
    in_address = st.query_params.get("job")
    statuses = jobs.statuses()
    if not statuses:
        st.info(
            "No job yet. Whatever takes longer than about a second, such as the RDM of "
            "thousands of stimuli or a download, runs as a job and appears here.",
            icon=":material/info:",
        )
        return
    _remove_finished([job for job, status in statuses.items() if status == FINISHED])
    order = {
        job: (job.id != in_address, statuses[job] not in jobs_panel.ACTIVE) for job in statuses
    }
    for job in sorted(statuses, key=lambda job: order[job]):
        place = st.empty()
        try:
            with place.container(border=True):
                _show(job, statuses[job])
        except NotFoundError:  # it was removed meanwhile
            place.empty()


def _show(job: Job, status: str) -> None:
    if status not in jobs_panel.ACTIVE and job.damage:
        status = jobs_panel.DAMAGED
    if status in jobs_panel.ACTIVE and is_own(job.session):
        job.look()
    label, words = plain(operation_of(job).label), plain(described(job))
    separated = f" — {words}" if words else ""
    st.markdown(f"{jobs_panel.ICONS[status]} **{label}**{separated}")
    st.caption(" · ".join([*_facts(job, status), job.id]))
    if status != FINISHED:
        jobs_panel.controls(job, status)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        opening.link(job)
        jobs_panel.controls(job, status)


def _facts(job: Job, status: str) -> list[str]:
    """How it stands and how long it took, when it was submitted, and whose it is."""
    is_timed = status not in ("queued", jobs_panel.DAMAGED)
    elapsed = job.progress.elapsed_s if is_timed else 0.0
    duration = f" {TIMES.get(status, 'after')} {lasting(elapsed)}" if elapsed else ""
    created = job.created  # 0 where that cannot be read
    submitted = [datetime.fromtimestamp(created).strftime("%Y-%m-%d %H:%M")] if created else []
    whose = "of this session" if is_own(job.session) else "of another session"
    where = [f"on {job.host}"] if job.host else []
    return [f"{status}{duration}", *where, *submitted, whose]


def operation_of(job: Job) -> Operation:
    """What a job runs; by its name alone where the plug-in of it is not here any more."""
    try:
        return operations.get(job.operation)
    except NeurogalleryError:
        return Operation("", job.operation)


def described(job: Job) -> str:
    """The request in words: what differs from the defaults."""
    try:
        values = operation_of(job).describe(job.request)
    except (TypeError, ValueError, LookupError, AttributeError):  # of another version, or damaged
        return "its request cannot be read"
    words = {
        name: " + ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in values.items()
    }
    return ", ".join(f"{name} {value}" for name, value in words.items())


def _remove_finished(finished: list[Job]) -> None:
    """Takes jobs that are done off the list; those of other sessions once that is confirmed."""
    if not finished:
        return
    kept = read_only.why_kept()
    others = [job for job in finished if not is_own(job.session)]
    own = [job for job in finished if job not in others]
    if not st.session_state.get(ASKED):
        st.button(
            f"Remove finished ({len(finished)})",
            key="jobs.remove_finished",
            icon=":material/delete_sweep:",
            help=kept or "Their results stay.",
            disabled=bool(kept),
            on_click=_ask if others else _remove,
            args=() if others else (own,),
        )
        return
    count = counted(len(others), "finished job")
    st.warning(f"{NOT_OWN}: {count}.", icon=":material/group:")
    with st.container(horizontal=True):
        st.button("Remove all the same", key="jobs.remove_all", on_click=_remove, args=(finished,))
        if own:
            label = f"Only those of this session ({len(own)})"
            st.button(label, key="jobs.remove_own", on_click=_remove, args=(own,))
        st.button("Leave them", key="jobs.leave", on_click=_remove, args=([],))


def _ask() -> None:
    st.session_state[ASKED] = True


def _remove(chosen: list[Job]) -> None:
    """Remove jobs; a callback."""
    st.session_state.pop(ASKED, None)
    kept = []
    for job in chosen:
        try:
            job.remove()
        except NeurogalleryError as error:  # somebody has resumed it
            kept.append(error)
    if kept:
        raise kept[0]
