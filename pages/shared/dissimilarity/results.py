"""Tables and fits in view: from the store, else by a job that is started by a button."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from core import dissimilarity
from core.dissimilarity import DissimilarityRequest, PairFit
from pages.shared.frame import results

Rows = list[dict[str, Any]]


@st.cache_resource(max_entries=16, show_spinner=False)
def _rows(key: str) -> Rows | None:
    return dissimilarity.load(key)


@st.cache_resource(max_entries=8, show_spinner=False)
def fit(key: str) -> PairFit | None:
    """A fit from the store, None where it is gone."""
    return dissimilarity.load_fit(key)


def rows_in_view(request: DissimilarityRequest) -> Rows | None:
    """The rows of a request; until they are there, its job or a button with its time."""
    return results.get(
        request, partial(results.recall, _rows), on_click=True, icon=":material/play_arrow:"
    )
