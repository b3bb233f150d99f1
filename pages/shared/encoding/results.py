"""Fitted encoding models in view: from the store, else by a job that a button starts."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from core import encoding
from core.encoding import EncodingFit, EncodingRequest, InformationRequest, information
from pages.shared.frame import results


@st.cache_resource(max_entries=8, show_spinner=False)
def _fits(key: str) -> list[EncodingFit] | None:
    return encoding.load(key)


@st.cache_data(max_entries=16, show_spinner=False)
def _table(key: str) -> pd.DataFrame | None:
    return information.load(key)


def fits_in_view(request: EncodingRequest) -> list[EncodingFit] | None:
    """The models of a request; until they are there, their job or a button with its time."""
    return results.get(request, partial(results.recall, _fits), icon=":material/play_arrow:")


def decoding_in_view(request: InformationRequest) -> pd.DataFrame | None:
    """Decoding by region; until it is there, its job or a button with its time."""
    return results.get(
        request, partial(results.recall, _table), on_click=True, icon=":material/play_arrow:"
    )
