"""Which RDMs are in view, of which stimuli, and how they are computed and shown."""

from __future__ import annotations

import streamlit as st

from core import rdm
from core.datasets import Dataset
from core.figures.heatmap import COLOUR_SCALES
from core.rdm.crossnobis import NOISE_NORMALISATIONS
from pages.shared.frame import selection, widgets
from pages.shared.rdm.matrices import Source, View

MOST_SIDE_BY_SIDE = 4
# Addresses keep the ids of before.
COMBINED = {"joined": "concatenated", "side by side": "side by side"}
FEWEST = 3


def choose_sources(ds: Dataset) -> list[Source]:
    """ROIs concatenated to one RDM or side by side, and RDMs that come with the recording."""
    sources: list[Source] = []
    if ds.betas is not None:
        rois = choose_some("ROIs", list(ds.rois), 1, "roi", placeholder="every unit")
        apart = len(rois) > 1 and combine() == "side by side"
        groups = [(roi,) for roi in rois] if apart else [tuple(rois)]
        sources = [Source(" + ".join(group) or "every unit", rois=group) for group in groups]
    if ds.rdms:
        default = 0 if sources else 1
        names = choose_some("RDMs of the recording", list(ds.rdms), default, "published")
        sources += [Source(name, published=name) for name in names]
    return sources


def choose_some(
    label: str, options: list[str], default: int, key: str, placeholder: str = "none"
) -> list[str]:
    """Choose among options; the first ones where nothing that was chosen is left of them."""
    widgets.warn_unknown(key, options, f"There is no {label[:3]}")
    chosen = st.session_state.get(key)
    if chosen and not set(chosen) & set(options):
        st.session_state[key] = options[:default]
    return st.multiselect(
        label,
        options,
        default=options[:default],
        key=key,
        bind="query-params",
        placeholder=placeholder,
    )


def combine() -> str:
    return st.segmented_control(
        "Several ROIs",
        list(COMBINED),
        default="joined",
        required=True,
        format_func=COMBINED.__getitem__,
        key="combine",
        bind="query-params",
    )


def choose_view(ds: Dataset) -> View:
    metric, noise = "correlation", "none"
    if ds.betas is not None:
        metric = st.selectbox(
            "Metric",
            list(rdm.METRICS),
            key="metric",
            bind="query-params",
            help="\n".join(
                f"- **{m.id}**: {m.label}, {m.range_text}. {m.note}" for m in rdm.METRICS.values()
            ),
        )
        if rdm.METRICS[metric].needs_folds:
            noise = st.selectbox(
                "Noise normalisation",
                NOISE_NORMALISATIONS,
                key="noise",
                bind="query-params",
                help="none; each unit by its noise; or all units by their noise covariance "
                "(Ledoit-Wolf shrinkage)",
            )
    order = st.selectbox(
        "Order",
        list(rdm.ORDERS),
        key="order",
        bind="query-params",
        help="\n".join(f"- **{order.id}**: {order.label}" for order in rdm.ORDERS.values()),
    )
    colours = st.selectbox("Colours", COLOUR_SCALES, key="colours", bind="query-params")
    scale = st.selectbox(
        "Colour by",
        ["value", "percentile"],
        key="scale",
        bind="query-params",
        help="percentile spreads the colours evenly over the ranks of the pairs",
    )
    return View(metric, noise, order, colours, scale == "percentile")


def settings(ds: Dataset) -> tuple[list[Source], View]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sources = choose_sources(ds)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = choose_view(ds)
    if len(sources) > MOST_SIDE_BY_SIDE:
        st.caption(f"The first {MOST_SIDE_BY_SIDE} of {len(sources)} RDMs are shown.")
    return sources[:MOST_SIDE_BY_SIDE], view


def in_view(ds: Dataset) -> Dataset:
    """The recording, or what of it is selected where the reader asks for that."""
    ids = selection.current(ds).ids
    only = st.toggle(
        f"Only the {len(ids):,} selected stimuli" if ids else "Only selected stimuli",
        key="only_selected",
        disabled=len(ids) < FEWEST,
        persist_state="session",
        help=f"Select at least {FEWEST} stimuli on Overview or from a block",
    )
    return _subset(ds.fingerprint, ids, ds) if only and len(ids) >= FEWEST else ds


@st.cache_resource(max_entries=8, show_spinner=False)
def _subset(fingerprint: str, ids: tuple[str, ...], _ds: Dataset) -> Dataset:
    return _ds.subset(ids)
