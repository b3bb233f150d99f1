"""The settings of page Zero-shot: what stands for a category, how many candidates."""

from __future__ import annotations

import streamlit as st

from core import encoders
from core.datasets import Dataset
from core.decoders import Run
from core.encoders import PROMPT

KINDS = {"images": "images", "text prompts": "names", "both": "both"}
# 300 as studies on NSD report.
CANDIDATES = (*range(2, 51), 300)


def choose_prototypes(ds: Dataset, run: Run) -> tuple[str, tuple[str, ...]]:
    """What stands for a category, and the prompts, one a line.

    Raises
    ------
    InputError
        If a prompt is empty or has no place for the name.
    """
    info = encoders.get(run.config.encoder).info
    if not info.has_text or not (ds.stimuli["category"] != "").any():
        return "images", (PROMPT,)
    kind = st.selectbox(
        "Category by",
        list(KINDS),
        key="zero_shot.prototypes",
        bind="query-params",
        width=130,
        help="What stands for a category: the mean embedding of its test images, the viewed one "
        "left out; that of prompts with its name; or the mean direction of both.",
    )
    if kind == "images":
        return "images", (PROMPT,)
    with st.popover("Prompts", icon=":material/edit:"):
        text = st.text_area(
            "Prompts, one a line, with {} for the name",
            PROMPT,
            key="zero_shot.prompts",
            bind="query-params",
            max_chars=2000,
            help="The unit embeddings of several prompts are averaged (Radford et al. 2021).",
        )
    return KINDS[kind], encoders.check_prompts(text.strip().split("\n"))


def choose_candidates() -> int:
    """How many candidates the right one is sought among."""
    return st.select_slider(
        "Candidates n",
        CANDIDATES,
        value=2,
        key="zero_shot.n",
        bind="query-params",
        width="stretch",
        help="The right one and n - 1 drawn at random: the exact mean over all draws. Two-way "
        "identification at 2; 1 of 300 as studies on NSD report.",
    )


def tell_text(run: Run, ds: Dataset) -> None:
    """Say why only images can stand for categories, where that is so."""
    info = encoders.get(run.config.encoder).info
    if not info.has_text and (ds.stimuli["category"] != "").any():
        st.caption(f"{info.label} reads no text: only images can stand for categories.")
