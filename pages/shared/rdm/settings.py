"""Which RDMs are in view, of which stimuli, and how they are computed and shown."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import rdm
from core.datasets import Dataset
from core.figures.heatmap import COLOUR_SCALES
from core.rdm.crossnobis import NOISE_NORMALISATIONS
from pages.shared.frame import selection, widgets
from pages.shared.rdm.matrices import Source, View

MOST_SIDE_BY_SIDE = 4
COMBINED = ("concatenated", "side by side")
FEWEST = 3
# What is shown first: objects stand out in it as squares.
USUAL, ORDER = "LOC", "category"


def choose_sources(ds: Dataset, notes: DeltaGenerator) -> list[Source]:
    """ROIs concatenated to one RDM or side by side, and RDMs that come with the recording."""
    sources: list[Source] = []
    if ds.betas is not None:
        rois = list(ds.rois)
        usual = [USUAL] if USUAL in rois else rois[:1]
        rois = widgets.choose_rois(rois, "There is no ROI", default=usual, notes=notes)
        apart = len(rois) > 1 and combine() == "side by side"
        groups = [(roi,) for roi in rois] if apart else [tuple(rois)]
        sources = [Source(" + ".join(group) or "every unit", rois=group) for group in groups]
    if ds.rdms:
        default = 0 if sources else 1
        names = choose_published(list(ds.rdms), default)
        sources += [Source(name, published=name) for name in names]
    return sources


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


def choose_view(ds: Dataset, notes: DeltaGenerator, several: bool = False) -> View:
    """How RDMs are computed and shown; ``several`` are side by side."""
    metric, noise = "correlation", "none"
    if ds.betas is not None:
        metric = widgets.choose_metric(
            list(rdm.METRICS),
            notes=notes,
            help="\n".join(
                f"- **{m.id}**: {m.label}, {m.range_text}. {m.note}" for m in rdm.METRICS.values()
            ),
        )
        if rdm.METRICS[metric].needs_folds:
            noise = st.selectbox(
                "Noise normalisation",
                NOISE_NORMALISATIONS,
                key="rdm.noise",
                bind="query-params",
                help="none; each unit by its noise; or all units by their noise covariance "
                "(Ledoit-Wolf shrinkage). Noise is what repeats within a fold differ by, or "
                "the folds outside a pair of folds: four folds are enough.",
            )
    order = st.selectbox(
        "Order",
        list(rdm.ORDERS),
        index=list(rdm.ORDERS).index(ORDER),
        key="rdm.order",
        bind="query-params",
        help="\n".join(f"- **{order.id}**: {order.label}" for order in rdm.ORDERS.values()),
    )
    colours = st.selectbox("Colours", COLOUR_SCALES, key="rdm.colours", bind="query-params")
    scale = st.selectbox(
        "Colour by",
        ["value", "percentile"],
        key="rdm.scale",
        bind="query-params",
        help="percentile spreads the colours evenly over the ranks of the pairs",
    )
    return View(metric, noise, order, colours, scale == "percentile", _one_scale(several))


def _one_scale(several: bool) -> bool:
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


def choose(ds: Dataset) -> tuple[list[Source], View, Dataset]:
    """The RDMs in view, how they are computed and shown, and of which stimuli."""
    notes = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sources = choose_sources(ds, notes)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = choose_view(ds, notes, several=len(sources) > 1)
        shown = in_view(ds)
    if len(sources) > MOST_SIDE_BY_SIDE:
        st.caption(f"The first {MOST_SIDE_BY_SIDE} of {len(sources)} RDMs are shown.")
    return sources[:MOST_SIDE_BY_SIDE], view, shown


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
