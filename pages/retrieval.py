"""Retrieval: a response that the decoder never saw goes in, images come out; and back."""

from __future__ import annotations

import streamlit as st

from core import decoders
from core.datasets import Dataset
from core.errors import NeurogalleryError
from pages.shared.decoders.choose import choose_decoders
from pages.shared.frame import guard, recording
from pages.shared.frame.damage.shown import show_damaged
from pages.shared.frame.text import plain
from pages.shared.head import head
from pages.shared.retrieval import demonstration, reverse

WHAT = ("images", "responses")
MOST = 2


def page(ds: Dataset) -> None:
    head.show(ds)
    if ds.betas is None:
        st.info(
            f"{plain(ds.info.title)} {plain(ds.lack)}; retrieval needs responses.",
            icon=":material/info:",
        )
        return
    show_damaged(decoders.damaged(), "decoder")
    controls = st.container(key="controls", horizontal=True, vertical_alignment="bottom")
    with controls:
        chosen = st.segmented_control(
            "Retrieve",
            WHAT,
            default=WHAT[0],
            required=True,
            key="retrieval.what",
            bind="query-params",
            help="Images for a response that the decoder never saw, or the responses that a text "
            "or an image calls for.",
        )
        what = chosen or WHAT[0]  # None where the address names none
        runs = choose_decoders(ds, "retrieval.decoder", most=MOST)
    if not runs:
        return
    try:
        if what == WHAT[0]:
            demonstration.show(ds, runs, controls)
        else:
            reverse.show(ds, runs)
    except NeurogalleryError as error:
        guard.show_error(error)


page(recording.require())
