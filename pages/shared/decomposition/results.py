"""Components in view: from the store, else by a job."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from core import components
from core.components import ComponentsRequest, ComponentsResult
from core.datasets import Dataset
from pages.shared.frame import results


@st.cache_resource(max_entries=16, show_spinner=False)
def _result(key: str) -> ComponentsResult | None:
    return components.load(key)


def in_view(request: ComponentsRequest) -> ComponentsResult | None:
    """The components of a request; until they are there, their job or a button with its time."""
    return results.get(request, partial(results.recall, _result), icon=":material/play_arrow:")


@st.cache_data(max_entries=8, show_spinner=False)
def similar(fingerprint: str, encoder: str, texts: tuple[str, ...], _ds: Dataset) -> np.ndarray:
    """Similarity of every image with every text."""
    return components.similarity(_ds, encoder, texts)


@st.cache_data(max_entries=64, show_spinner=False)
def with_texts(
    key: str,
    number: int,
    texts: tuple[str, ...],
    _score: np.ndarray,
    _similar: np.ndarray,
    _ds: Dataset,
) -> pd.DataFrame:
    """Correlation of a component with every text."""
    return components.correlate_texts(_score, _similar, texts, components.category_of(_ds))
