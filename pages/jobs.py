"""Every job: what it does, how far it is, and cancel, resume, remove."""

import streamlit as st

from core import jobs
from pages.shared import jobs_panel, navigation


@st.fragment(run_every=jobs_panel.POLL_SECONDS)
def table() -> None:
    found = jobs.all_jobs()
    if not found:
        st.info(
            "No job yet. Whatever takes longer than about a second, such as the RDM of "
            "thousands of stimuli or a download, runs as a job and appears here.",
            icon=":material/info:",
        )
    for job in found:
        with st.container(border=True):
            request = ", ".join(f"{name} {value}" for name, value in job.request.items() if value)
            st.markdown(f"**{job.operation}** — {request}")
            st.caption(job.id)
            jobs_panel.show(job)


navigation.require_app()
st.title("Jobs")
st.caption("Jobs go on when a page is closed or the server restarts.")
table()
