"""The unit that is pointed at: what it is, and the images of its highest and lowest responses."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.datasets import Dataset
from pages.shared.frame import images
from pages.shared.frame.navigation import path_to
from pages.shared.frame.text import plain

UNIT = "cortex.unit"
SHOWN, SIDE = 5, 64


def choose(ds: Dataset, values: np.ndarray) -> int | None:
    """The unit in view: that of the highest value until another is chosen."""
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        st.info("No unit has a value.", icon=":material/info:")
        return None
    usual = int(known[values[known].argmax()])
    unit = int(
        st.number_input(
            "Unit",
            0,
            ds.n_units - 1,
            usual,
            key=UNIT,
            bind="query-params",
            width=160,
            help="Its column in the recording; a click on the cortex chooses one.",
        )
    )
    return unit


def show(ds: Dataset, unit: int, value: float, label: str) -> None:
    """ROIs, value, and five images at both ends."""
    held = [name for name, units in ds.rois.items() if unit in units]
    words = f"**Unit {unit}** ({plain(' + '.join(held) or 'in no ROI')})"
    if ds.surface is not None and ds.surface.vertex[unit] >= 0:
        side = ("left", "right")[int(ds.surface.hemisphere[unit])]
        words += f", {side} vertex {ds.surface.vertex[unit]:,} of fsaverage"
    number = f"{value:.2f}" if np.isfinite(value) else "no value"
    st.markdown(f"{words}: {plain(label)} {number}.")
    if unit not in ds.units():
        st.caption("This unit is left out: it has too few usable values.")
        return
    _show_images(ds, unit)
    address = path_to(f"encoding?encoding.unit={unit}")
    st.caption(f"[What predicts it: page Encoding]({address})")


def _show_images(ds: Dataset, unit: int) -> None:
    responses = ds.responses_of(np.array([unit]))[:, 0].astype(np.float64)
    known = np.flatnonzero(np.isfinite(responses))
    spread = responses[known].std()
    z = (responses - responses[known].mean()) / (spread if spread > 0 else 1.0)
    images.grouped(ds, images.ends(z, SHOWN, "response {:.1f} z"), "cortex_unit_images", SIDE)
