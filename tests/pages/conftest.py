"""Fixtures of the page tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from core import paths


@pytest.fixture
def data_root() -> Path:
    """The data root of this test, made."""
    root = paths.data_root()
    root.mkdir(parents=True)
    return root


@pytest.fixture(autouse=True)
def empty_caches() -> Iterator[None]:
    """Recordings of one name differ between tests."""
    yield
    st.cache_resource.clear()
