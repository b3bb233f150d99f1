"""From brain responses to the embedding of the viewed image: train a decoder and watch it."""

from __future__ import annotations

import streamlit as st

import pages.shared.decoders.presets  # noqa: F401  (registers the presets of the page)
from core.datasets import Dataset
from core.decoders import Config
from core.errors import NeurogalleryError
from pages.shared.decoders import settings
from pages.shared.decoders.run import list_decoders, show, trained
from pages.shared.frame import guard, recording
from pages.shared.frame.text import plain
from pages.shared.head import head


def say_missing(ds: Dataset, config: Config) -> None:
    """What the decoder goes without, of each of its subjects."""
    for subject in config.subjects or (ds.subject,):
        own = recording.other_subject(ds, subject)
        missing = recording.incomplete(own.fingerprint, config.rois, own)
        if missing:
            st.caption(f":material/info: {plain(subject)}: {plain(missing)}")


def page(ds: Dataset) -> None:
    head.show(ds)
    if ds.betas is None:
        st.info(
            f"{plain(ds.info.title)} {plain(ds.lack)}; a decoder needs responses.",
            icon=":material/info:",
        )
        return
    if not settings.targets(ds):
        st.info(
            f"{ds.info.title} has no images and no precomputed embedding to decode to: place one "
            "as embeddings/NAME.npy beside its responses, a row a stimulus.",
            icon=":material/info:",
        )
        return
    try:
        config = settings.choose(ds)
    except NeurogalleryError as error:
        guard.show_error(error)
    else:
        say_missing(ds, config)
        run = trained(config)
        if run is not None:
            show(ds, run)
    list_decoders(ds)


page(recording.require())
