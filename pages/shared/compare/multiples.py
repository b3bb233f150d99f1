"""Every RDM as a small image in one colour scale."""

from __future__ import annotations

import html
from functools import partial

import numpy as np
import streamlit as st

from core.datasets import Dataset
from core.figures import heatmap
from core.figures.comparison import multiples
from core.rsa.results import RsaResult
from core.words import counted
from pages.shared.compare import results
from pages.shared.compare.settings import Look
from pages.shared.export import figures

SIDE, MOST, TITLE = 160, 24, "RDMs of brain and models"


def show(key: str, sub: Dataset, result: RsaResult, look: Look, rows: np.ndarray) -> None:
    """Parts of the brain first, then models, each with its name."""
    names = result.names[:MOST]
    brain = {part.brain.name_shown for part in result.parts}
    tiles = "".join(_figure(key, result, name, look, rows, name in brain) for name in names)
    st.html(
        '<div style="display:grid;gap:10px;'
        f'grid-template-columns:repeat(auto-fill,minmax(104px,1fr))">{tiles}</div>{_bar(look)}'
    )
    vectors = {name: result.vector(name) for name in names}
    beside = results.strips_of(sub, rows)
    figures.add(
        "multiples",
        TITLE,
        partial(multiples.drawing, TITLE, vectors, rows, look.colours, beside),
    )
    count = len(result.names)
    more = f" The first {MOST} of {count} are shown." if count > MOST else ""
    st.caption(
        f"RDMs of {counted(len(rows), 'stimulus', 'stimuli')}, ordered by {look.order}; of the "
        "brain the mean of its subjects. Colours are percentiles of the pairs of each RDM: one "
        f"scale for all.{more}"
    )


def _figure(
    key: str, result: RsaResult, name: str, look: Look, rows: np.ndarray, is_brain: bool
) -> str:
    uri = results.small(key, name, look, SIDE, result.vector(name), rows)
    text = html.escape(name)
    weight = "600" if is_brain else "400"
    kind = "of the brain" if is_brain else "of a model"
    return (
        '<figure style="margin:0;min-width:0">'
        f'<img src="{uri}" alt="RDM {kind}: {text}" style="width:100%;aspect-ratio:1;'
        'image-rendering:pixelated;border-radius:3px;display:block">'
        f'<figcaption title="{text}" style="font-size:.8rem;line-height:1.25;margin-top:4px;'
        f"font-weight:{weight};overflow:hidden;display:-webkit-box;-webkit-line-clamp:2;"
        f'-webkit-box-orient:vertical">{text}</figcaption></figure>'
    )


def _bar(look: Look) -> str:
    """The colour scale, from similar to dissimilar."""
    steps = ",".join(heatmap.hex_colours(look.colours))
    return (
        '<div style="display:flex;align-items:center;gap:8px;font-size:.8rem;margin-top:10px">'
        "<span>0 similar</span>"
        f'<span style="flex:1;max-width:220px;height:8px;border-radius:4px;'
        f'background:linear-gradient(to right,{steps})"></span>'
        "<span>100 dissimilar (percentile)</span></div>"
    )
