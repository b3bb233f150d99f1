"""Retrieval: a response that the decoder never saw goes in, images come out; and back."""

from __future__ import annotations

import streamlit as st
from pages.shared.decoders.choose import choose_decoders

from core.datasets import Dataset
from core.decoders import Run
from core.errors import NeurogalleryError
from pages.shared.frame import guard, recording
from pages.shared.retrieval import answers, demonstration, reverse

DIRECTIONS = ("response → images", "text or image → responses")
MOST = 2


def page(ds: Dataset) -> None:
    recording.title(ds, "Retrieval")
    if ds.betas is None:
        st.info(
            f"{ds.info.title} comes as RDMs only; retrieval needs responses.",
            icon=":material/info:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        direction = st.segmented_control(
            "From",
            DIRECTIONS,
            default=DIRECTIONS[0],
            required=True,
            key="retrieval.direction",
            bind="query-params",
        )
        runs = choose_decoders(ds, "retrieval.decoder", most=MOST)
    if not runs:
        return
    try:
        if direction == DIRECTIONS[0]:
            demonstration.show(ds, runs)
        else:
            _reverse(ds, runs)
    except NeurogalleryError as error:
        guard.show_error(error)


def _reverse(ds: Dataset, runs: list[Run]) -> None:
    reverse.show(ds, answers.decoded_of(ds, runs[0]))


page(recording.require())
