"""Which encoders are in view, with which settings, and of which images."""

from __future__ import annotations

import streamlit as st

from core import paths
from core.datasets import Dataset
from core.encoders import EncoderInfo
from pages.shared.encoders import embeddings
from pages.shared.encoders.embeddings import Space
from pages.shared.frame import widgets
from pages.shared.frame.text import plain

MOST_SIDE_BY_SIDE = 3
PREFERRED = ("clip-small", "clip-vit-b32", "pixels")


def choose_spaces(ds: Dataset) -> list[Space]:
    """Up to three encoders with their settings."""
    infos = embeddings.listed(ds)
    widgets.warn_unknown("encoders.encoder", infos, "There is no encoder")
    first = next(name for name in (*PREFERRED, *infos) if name in infos and infos[name].is_here)
    chosen = st.multiselect(
        "Encoders",
        list(infos),
        default=[first],
        key="encoders.encoder",
        bind="query-params",
        max_selections=MOST_SIDE_BY_SIDE,
        placeholder="Choose one, or up to three side by side",
        width=320,
    )
    with st.popover("Settings and sources", icon=":material/tune:"):
        spaces = [choose_settings(infos[name]) for name in chosen]
        st.caption(
            "More: place the folder of a CLIP or a vision model of transformers below "
            f"`{paths.data_root() / 'models'}`, and it is listed."
        )
    return spaces


def choose_settings(info: EncoderInfo) -> Space:
    """An encoder in words, with widgets of its parameters."""
    st.markdown(f"**{plain(info.label)}** ({plain(info.id)})  \n{plain(info.description)}")
    sources = {"Source": info.citation, "Licence": info.licence}
    known = [f"{name}: {text}" for name, text in sources.items() if text]
    if known:
        st.caption(plain("  ".join(known)))
    prefix = f"encoders.{info.id}."
    for parameter in info.parameters:
        widgets.warn_of_option(parameter, prefix + parameter.name)
    return Space(info, {p.name: widgets.option_widget(p, prefix) for p in info.parameters})


def choose_images(ds: Dataset) -> str:
    """The gallery, where the recording has one, or the stimuli."""
    if len(ds.gallery) == 0:
        return "stimuli"
    return st.segmented_control(
        "Images of",
        ["gallery", "stimuli"],
        default="gallery",
        required=True,
        key="encoders.which",
        bind="query-params",
    )
