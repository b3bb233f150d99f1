"""Every job: what it does, how far it is, and cancel, resume, remove."""

from datetime import datetime

import streamlit as st

from core import jobs, operations
from core.errors import NeurogalleryError
from core.jobs import Job
from core.operations import Operation
from pages.shared.frame import jobs as jobs_panel
from pages.shared.frame import navigation
from pages.shared.frame.text import plain
from pages.shared.head import head

TIMES = {"queued": "waiting", "running": "running for"}


def operation_of(job: Job) -> Operation:
    """What a job runs; by its name alone where the plug-in of it is not here any more."""
    try:
        return operations.get(job.operation)
    except NeurogalleryError:
        return Operation("", job.operation)


def described(job: Job) -> str:
    """The request in words: what differs from the defaults."""
    values = operation_of(job).describe(job.request)
    words = {
        name: " + ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in values.items()
    }
    return ", ".join(f"{name} {value}" for name, value in words.items())


@st.fragment(run_every=jobs_panel.POLL_SECONDS)
def table() -> None:
    in_address = st.query_params.get("job")
    listed = sorted(jobs.all_jobs(), key=lambda job: job.id != in_address)
    if not listed:
        st.info(
            "No job yet. Whatever takes longer than about a second, such as the RDM of "
            "thousands of stimuli or a download, runs as a job and appears here.",
            icon=":material/info:",
        )
    for job in listed:
        with st.container(border=True):
            st.markdown(f"**{plain(operation_of(job).label)}** — {plain(described(job))}")
            submitted = datetime.fromtimestamp(job.created).strftime("%Y-%m-%d %H:%M")
            verb = TIMES.get(job.status, "took")
            st.caption(f"{submitted} · {verb} {job.progress.elapsed_s:.0f} s · {job.id}")
            jobs_panel.show(job)


navigation.require_app()
head.show()
table()
