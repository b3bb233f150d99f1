"""Which RDMs are in view, of which stimuli, and how they are computed and shown."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import rdm
from core.datasets import Dataset
from core.figures.heatmap import COLOUR_SCALES
from core.rdm.crossnobis import NOISE_NORMALISATIONS
from pages.shared.frame import selection, widgets
from pages.shared.frame.text import in_words
from pages.shared.rdm.matrices import Source, View

MOST_SIDE_BY_SIDE = 4
COMBINED = ("concatenated", "side by side")
SCALES = ("value", "percentile")
NO_NOISE = NOISE_NORMALISATIONS[0]
FEWEST = 3
WIDTH = 150
# What is shown first: objects stand out in it as squares.
USUAL, ORDER = "LOC", "category"


def choose(ds: Dataset) -> tuple[list[Source], View, Dataset]:
    """The RDMs in view, how they are computed and shown, and of which stimuli."""
    notes = st.container()
    with st.container(key="controls", horizontal=True, vertical_alignment="bottom"):
        rois = choose_rois(ds, notes) if ds.betas is not None else None
        names = choose_published(list(ds.rdms), 0 if rois is not None else 1) if ds.rdms else []
        metric = choose_metric(notes) if ds.betas is not None else "correlation"
        order = choose_order()
        with st.popover("Settings", icon=":material/tune:"):
            combined = combine() if len(rois or ()) > 1 else COMBINED[0]
            noise = choose_noise() if rdm.METRICS[metric].needs_folds else NO_NOISE
            sources = sources_of(rois, names, combined)
            one_scale = choose_one_scale(len(sources) > 1)
            view = View(metric, noise, order, *choose_colours(), one_scale)
            shown = in_view(ds)
    if differing := _differing(view, combined, None if shown is ds else shown.n_stimuli):
        st.caption(differing)
    if len(sources) > MOST_SIDE_BY_SIDE:
        st.caption(f"The first {MOST_SIDE_BY_SIDE} of {len(sources)} RDMs are shown.")
    return sources[:MOST_SIDE_BY_SIDE], view, shown


def sources_of(rois: list[str] | None, published: list[str], combined: str) -> list[Source]:
    """ROIs concatenated to one RDM or side by side, and RDMs that come with the recording."""
    sources: list[Source] = []
    if rois is not None:
        apart = len(rois) > 1 and combined == COMBINED[1]
        groups = [(roi,) for roi in rois] if apart else [tuple(rois)]
        sources = [Source(" + ".join(group) or "every unit", rois=group) for group in groups]
    return sources + [Source(name, published=name) for name in published]


def _differing(view: View, combined: str, stimuli: int | None) -> str:
    """What of the folded settings differs from the default, in a sentence."""
    values: dict[str, Any] = {
        "several ROIs": combined,
        "noise normalisation": view.noise,
        "colours": view.colours,
        "colour by": SCALES[view.by_percentile],
        "one colour scale": "yes" if view.one_scale else "no",
        "selected stimuli": stimuli,
    }
    usual = (COMBINED[0], NO_NOISE, COLOUR_SCALES[0], SCALES[0], "yes", None)
    return in_words(values, dict(zip(values, usual, strict=True)))


def choose_rois(ds: Dataset, notes: DeltaGenerator) -> list[str]:
    rois = list(ds.rois)
    usual = [USUAL] if USUAL in rois else rois[:1]
    return widgets.choose_rois(rois, "There is no ROI", default=usual, notes=notes)


def choose_published(names: list[str], default: int) -> list[str]:
    """Choose among RDMs; the first ones where nothing that was chosen is left of them."""
    key = "rdm.published"
    widgets.warn_unknown(key, names, "There is no RDM")
    chosen = st.session_state.get(key)
    if chosen and not set(chosen) & set(names):
        st.session_state[key] = names[:default]
    return st.multiselect(
        "RDMs of the recording",
        names,
        default=names[:default],
        key=key,
        bind="query-params",
        placeholder="none",
    )


def combine() -> str:
    return st.segmented_control(
        "Several ROIs",
        COMBINED,
        default=COMBINED[0],
        required=True,
        key="rdm.combine",
        bind="query-params",
    )


def choose_metric(notes: DeltaGenerator) -> str:
    return widgets.choose_metric(
        list(rdm.METRICS),
        notes=notes,
        width=WIDTH,
        help="\n".join(
            f"- **{m.id}**: {m.label}, {m.range_text}. {m.note}" for m in rdm.METRICS.values()
        ),
    )


def choose_order() -> str:
    return st.selectbox(
        "Order",
        list(rdm.ORDERS),
        index=list(rdm.ORDERS).index(ORDER),
        key="rdm.order",
        bind="query-params",
        width=WIDTH,
        help="\n".join(f"- **{order.id}**: {order.label}" for order in rdm.ORDERS.values()),
    )


def choose_noise() -> str:
    return st.selectbox(
        "Noise normalisation",
        NOISE_NORMALISATIONS,
        key="rdm.noise",
        bind="query-params",
        help="none; each unit by its noise; or all units by their noise covariance "
        "(Ledoit-Wolf shrinkage). Noise is what repeats within a fold differ by, or "
        "the folds outside a pair of folds: four folds are enough.",
    )


def choose_colours() -> tuple[str, bool]:
    """A colour scale, and whether colours stand for percentiles."""
    colours = st.selectbox("Colours", COLOUR_SCALES, key="rdm.colours", bind="query-params")
    scale = st.selectbox(
        "Colour by",
        SCALES,
        key="rdm.scale",
        bind="query-params",
        help="percentile spreads the colours evenly over the ranks of the pairs",
    )
    return colours, scale == SCALES[1]


def choose_one_scale(several: bool) -> bool:
    if not several:
        return True
    return st.toggle(
        "One colour scale",
        value=True,
        key="rdm.one_scale",
        bind="query-params",
        help="The same colour is the same value in every matrix of one measure. Off: each matrix "
        "uses all colours.",
    )


def in_view(ds: Dataset) -> Dataset:
    """The recording, or what of it is selected where the reader asks for that."""
    ids = selection.ids_of(ds)
    only = st.toggle(
        f"Only the {len(ids):,} selected stimuli" if ids else "Only selected stimuli",
        key="rdm.only_selected",
        disabled=len(ids) < FEWEST,
        persist_state="session",
        help=f"Select at least {FEWEST} stimuli on Overview or from a block",
    )
    return _subset(ds.fingerprint, ids, ds) if only and len(ids) >= FEWEST else ds


@st.cache_resource(max_entries=8, show_spinner=False)
def _subset(fingerprint: str, ids: tuple[str, ...], _ds: Dataset) -> Dataset:
    return _ds.subset(ids)
