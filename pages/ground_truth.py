"""How many repeats would I need? What a design recovers of a known truth."""

import streamlit as st

from core import decoders
from core.datasets import Dataset
from pages.shared.frame import recording
from pages.shared.frame.text import plain
from pages.shared.ground_truth.curves import recovered
from pages.shared.ground_truth.model import model, planted
from pages.shared.ground_truth.settings import only_simulated
from pages.shared.head import head


def page(ds: Dataset) -> None:
    head.show(ds)
    if not only_simulated(ds):
        return
    recovered(ds)
    planted(ds)
    model(ds)
    pixels = decoders.what_pixels_reach()
    if pixels:
        st.info(
            f"Zero-shot decoding of this experiment: {plain(pixels)}", icon=":material/grid_on:"
        )


page(recording.require())
