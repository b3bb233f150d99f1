"""Fixtures of the page tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import app_test

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


class _AfterTheFirstRun(PagesManager):
    """AppTest begins every run as a server would its first; go on as it does from then on."""

    def __init__(self, *arguments: object, **more: object) -> None:
        super().__init__(*arguments, **more)  # type: ignore[arg-type]
        PagesManager.uses_pages_directory = False


@pytest.fixture(autouse=True)
def running_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_test, "PagesManager", _AfterTheFirstRun)
