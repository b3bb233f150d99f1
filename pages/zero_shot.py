"""Which category was seen, told by a decoder that may never have trained on it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core import decoders, zero_shot
from core.datasets import Dataset
from core.decoders import Run
from core.errors import NeurogalleryError
from core.zero_shot import ZeroShot, ZeroShotRequest
from pages.shared.decoders import audit
from pages.shared.decoders.choose import choose_decoders
from pages.shared.decoders.run import tell_units
from pages.shared.frame import guard, recording, results
from pages.shared.frame.damage.shown import show_damaged
from pages.shared.frame.text import plain
from pages.shared.head import head
from pages.shared.zero_shot.confusions import show_confusion, show_images
from pages.shared.zero_shot.results import (
    choose_protocol,
    draw_curve,
    show_published,
    show_scores,
    tell,
)
from pages.shared.zero_shot.settings import choose_candidates, choose_prototypes, tell_text


def page(ds: Dataset) -> None:
    head.show(ds)
    if ds.betas is None:
        st.info(
            f"{plain(ds.info.title)} {plain(ds.lack)}; a decoder needs responses.",
            icon=":material/info:",
        )
    else:
        try:
            classify(ds)
        except NeurogalleryError as error:
            guard.show_error(error)
    show_published()


def classify(ds: Dataset) -> None:
    """Choose a decoder and the candidates; answer, curve, confusions and scores."""
    show_damaged(decoders.damaged(), "decoder")
    controls = st.container(horizontal=True, vertical_alignment="bottom")
    with controls:
        runs = choose_decoders(ds, "zero_shot.decoder")
        if not runs:
            return
        kind, prompts = choose_prototypes(ds, runs[0])
    tell_text(runs[0], ds)
    analysis = protocol = None
    try:
        analysis = results.get(
            ZeroShotRequest.of(runs[0], kind, prompts),
            partial(results.recall, stored),
            one_at_a_time=True,
        )
    except NeurogalleryError as error:  # damaged; the scores are another result
        guard.show_error(error)
    if analysis is not None:
        with controls:
            protocol = choose_protocol(analysis)
        show(ds, runs[0], analysis, protocol)
    show_scores(runs[0], kind, prompts, protocol)
    tell_units(ds, runs[0])


def show(ds: Dataset, run: Run, analysis: ZeroShot, protocol: str) -> None:
    """The answer, accuracy against n beside the confusions, and the images of a cell."""
    answer = st.container()
    for note in analysis.notes:
        st.warning(plain(note), icon=":material/warning:")
    with st.container(key="answers"):
        left, right = st.columns(2)
    with left:
        n = choose_candidates()
        draw_curve(analysis, protocol, n)
        audit.badge(run.audit)
    with right:
        cell = show_confusion(analysis, protocol)
    if cell is not None:
        show_images(ds, analysis, protocol, cell)
    with answer:
        tell(analysis, protocol, n)


@st.cache_resource(max_entries=16, show_spinner=False)
def stored(key: str) -> ZeroShot | None:
    """An analysis from the store, None where there is none."""
    return zero_shot.load(key)


page(recording.require())
