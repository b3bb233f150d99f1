"""The jobs as one line of the sidebar: how many, and how far the most advanced one is."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from core import jobs, operations
from core.errors import NeurogalleryError, NotFoundError
from core.jobs import Job
from core.words import counted, lasting
from pages.shared.frame import guard
from pages.shared.frame.job_parts.session import keep_session
from pages.shared.frame.job_parts.words import left
from pages.shared.frame.jobs import ACTIVE
from pages.shared.frame.text import plain

FOLLOWED_S = 2.0


def summary() -> None:
    """The jobs that run or wait, followed while there are any."""
    keep_session()
    is_any = any(status in ACTIVE for status in jobs.statuses().values())
    (_followed if is_any else _once)()


def _line() -> None:
    statuses = jobs.statuses()
    running = {}
    for job, status in statuses.items():
        with suppress(NotFoundError):  # it has ended and was removed
            if status == "running":
                running[job] = job.progress
    waiting = list(statuses.values()).count("queued")
    if not running:
        if waiting:
            st.caption(f":material/hourglass_empty: {counted(waiting, 'job')} waiting")
        return
    # Of those that are as far, the one that began first.
    first = max(reversed(running), key=lambda job: running[job].fraction)
    progress = running[first]
    count = len(running) + waiting
    words = f"{plain(_label(first))}{left(progress)}"
    if count > 1:
        words = counted(count, "job")
        if progress.seconds_left is not None:
            words += f" · first done in {lasting(progress.seconds_left)}"
    st.progress(min(1.0, progress.fraction), text=words)


def _label(job: Job) -> str:
    try:
        return operations.get(job.operation).label
    except NeurogalleryError:
        return job.operation


_followed, _once = guard.fragment(run_every=FOLLOWED_S)(_line), guard.fragment()(_line)
