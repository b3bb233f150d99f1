"""From brain responses to the embedding of the image: train a decoder and watch it."""

from __future__ import annotations

import streamlit as st

from core import decoders, jobs
from core.datasets import Dataset
from core.decoders import HEADS, Config, Run
from core.errors import NeurogalleryError
from core.figures import training as figures
from core.jobs import Job
from pages.shared.decoders import run as decoder_runs
from pages.shared.decoders import settings as decoder_settings
from pages.shared.frame import jobs as jobs_panel
from pages.shared.frame import presets, recording

LIVE_S = 1.0


def device(config: Config) -> str:
    """What the job occupies; asked only when it is submitted, for it imports torch."""
    from core import encoders

    return "cpu" if config.is_closed_form else encoders.job_device(True)


def trained(config: Config) -> Run | None:
    """The decoder of the settings; until it is there, a button, then its curves as they grow."""
    request = {"config": config.to_json(), "dataset": config.dataset, "head": config.head}
    job = jobs.find("train", request)
    if job is not None and job.status == "done" and not is_kept(job.result["key"]):
        job.remove()
        job = None
    label = f"Train {HEADS[config.head].label}"
    done = jobs_panel.run_here(
        "train",
        request,
        label,
        on_click=True,
        icon=":material/model_training:",
        device=lambda: device(config),
    )
    if done is not None:
        return decoder_runs.loaded(done.result["key"])
    if job is not None:
        watch(job)
    return None


def is_kept(key: str) -> bool:
    """Whether a decoder is still in the store."""
    if decoder_runs.loaded(key) is None:
        decoder_runs.loaded.clear()
    return decoder_runs.loaded(key) is not None


@st.fragment(run_every=LIVE_S)
def watch(job: Job) -> None:
    """Loss and identification of a training under way, or of one that was cancelled."""
    curve = decoders.live_curve(job.folder)
    if not curve:
        return
    with st.container(key="halves"):
        left, right = st.columns(2, gap="large")
    left.plotly_chart(figures.losses(curve), key="live_losses", alt="Loss over epochs so far")
    chart = figures.identification(curve)
    right.plotly_chart(chart, key="live_two_way", alt="Two-way identification so far")


def page(ds: Dataset) -> None:
    recording.title(ds, "Train")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Which image was seen? Train a decoder from responses to its embedding.")
        presets.offer(ds, "train")
    if ds.betas is None:
        st.info(
            f"{ds.info.title} comes as RDMs only; a decoder needs responses.",
            icon=":material/info:",
        )
        return
    if not decoder_settings.targets(ds):
        st.info(
            f"{ds.info.title} has no images and brings no embedding to decode to: place one "
            "as embeddings/NAME.npy beside its responses, a row a stimulus.",
            icon=":material/info:",
        )
        return
    try:
        config = decoder_settings.choose(ds)
    except NeurogalleryError as error:
        recording.show_error(error)
    else:
        run = trained(config)
        if run is not None:
            decoder_runs.show(ds, run)
    decoder_runs.listed(ds)


page(recording.require())
