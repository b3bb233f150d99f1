"""Every job: what it does, how far it is, and cancel, resume, remove."""

import json
from datetime import datetime
from typing import Any

import streamlit as st

from core import datasets, jobs
from core.jobs import Job
from pages.shared.frame import jobs as jobs_panel
from pages.shared.frame import navigation
from pages.shared.frame.text import plain

HIDDEN = ("fingerprint", "options", "stimuli", "config")
LABELS = {
    "rdm": "RDM",
    "fetch": "Download",
    "ground_truth": "Ground truth",
    "encode": "Embeddings",
    "map": "Map",
    "clusters": "Clusters",
    "consistency": "Consistency of clusters",
    "train": "Decoder",
    "evaluate": "Scores of a decoder",
}
TIMES = {"queued": "waiting", "running": "running for"}
DEFAULTS = ("none", "original")


def described(job: Job) -> str:
    """The request in words: what differs from the defaults."""
    shown = {name: value for name, value in job.request.items() if name not in HIDDEN and value}
    shown |= shown.pop("parameters", {})
    words = {
        name: " + ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in shown.items()
    }
    words |= {name: str(value) for name, value in changed_options(job.request).items()}
    return ", ".join(f"{name} {value}" for name, value in words.items() if value not in DEFAULTS)


def changed_options(request: dict[str, Any]) -> dict[str, Any]:
    """Options of the recording that differ from their defaults."""
    name = str(request.get("dataset", "simulated"))
    infos = {info.name: info for info in datasets.available()}
    declared = infos[name].options if name in infos else ()
    given = request.get("options", {})
    defaults = {option.name: json.loads(json.dumps(option.default)) for option in declared}
    return {key: value for key, value in given.items() if defaults.get(key, value) != value}


@st.fragment(run_every=jobs_panel.POLL_SECONDS)
def table() -> None:
    asked = st.query_params.get("job")
    found = sorted(jobs.all_jobs(), key=lambda job: job.id != asked)
    if not found:
        st.info(
            "No job yet. Whatever takes longer than about a second, such as the RDM of "
            "thousands of stimuli or a download, runs as a job and appears here.",
            icon=":material/info:",
        )
    for job in found:
        with st.container(border=True):
            label = LABELS.get(job.operation, job.operation)
            st.markdown(f"**{label}** — {plain(described(job))}")
            submitted = datetime.fromtimestamp(job.created).strftime("%Y-%m-%d %H:%M")
            verb = TIMES.get(job.status, "took")
            st.caption(f"{submitted} · {verb} {job.progress.elapsed_s:.0f} s · {job.id}")
            jobs_panel.show(job)


navigation.require_app()
st.title("Jobs")
st.caption("Jobs go on when a page is closed or the server restarts.")
table()
