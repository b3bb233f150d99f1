"""Streamlit collects garbage after every run, which visits whatever imported modules hold."""

from __future__ import annotations

import gc
import sys

import streamlit as st

GROWN = 100


def set_modules_aside() -> None:
    """Keep what modules hold out of later collections, again when many more were imported."""
    _set_aside(len(sys.modules) // GROWN)


@st.cache_resource(max_entries=1, show_spinner=False)
def _set_aside(hundreds: int) -> None:
    gc.collect()
    gc.freeze()
