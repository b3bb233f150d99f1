"""What is simulated on the page Ground truth, and what should be recovered of it."""

from __future__ import annotations

import streamlit as st

from core import rdm, simulation
from core.datasets import Dataset, Reference
from core.recovery import MEASURES, RecoveryRequest
from pages.shared.frame import widgets
from pages.shared.frame.address_parts import left_out


def only_simulated(ds: Dataset) -> bool:
    if ds.info.is_simulated and "snr" in ds.options:
        return True
    st.info(
        f"{ds.info.title} was recorded from brains, so its noise-free responses are not known. "
        "This page simulates recordings of which they are: choose the recording 'simulated' in "
        "the sidebar.",
        icon=":material/info:",
    )
    return False


def choose_request(ds: Dataset) -> RecoveryRequest:
    """What is simulated: the design in the sidebar, seen through one ROI and one metric."""
    metrics = [name for name in rdm.METRICS if not rdm.METRICS[name].needs_folds]
    rois = list(simulation.ROIS)
    notes = st.container()
    with st.container(horizontal=True):
        chosen = widgets.choose_rois(
            rois, "There is no ROI", default=rois[:1], most=1, notes=notes, width=280
        )
        metric = widgets.choose_metric(metrics, "Metric of the RDM", notes, width=260)
    return RecoveryRequest(Reference.of(ds).options, chosen[0] if chosen else None, metric)


def choose_question() -> tuple[str, float]:
    """What should be recovered, and how well."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        measured = st.segmented_control(
            "What should be recovered",
            list(MEASURES),
            default="rdm",
            required=True,
            key="ground_truth.measure",
            bind="query-params",
        )
        left_out.forget_infinite("ground_truth.target")
        target = st.number_input(
            "Target (0.05 to 0.99)",
            0.05,
            0.99,
            0.8,
            0.05,
            key="ground_truth.target",
            bind="query-params",
            width=160,
        )
    return measured, target
