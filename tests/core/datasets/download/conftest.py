"""No test waits before a broken download is tried again."""

from __future__ import annotations

import pytest

from core.datasets.download import fetch


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(fetch, "PAUSES_S", ())
