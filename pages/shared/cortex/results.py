"""Values on the cortex in view: computed at once where that takes a moment, else by a job."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from core import cortex
from core.cortex import CortexRequest
from pages.shared.frame import results

# What takes longer is a job.
MOMENT_S = 1.0


@st.cache_data(max_entries=64, show_spinner=False)
def _now(key: str, _request: CortexRequest) -> np.ndarray:
    return _request.values()


@st.cache_resource(max_entries=32, show_spinner=False)
def _stored(key: str) -> np.ndarray | None:
    return cortex.load(key)


def values_in_view(request: CortexRequest) -> np.ndarray | None:
    """A value for every unit; None while its job runs."""
    if request.seconds <= MOMENT_S:
        return _now(request.key(), request)
    return results.get(request, partial(results.recall, _stored), icon=":material/play_arrow:")
