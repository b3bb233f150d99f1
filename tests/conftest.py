"""Fixtures of every test: folders of its own, and the real recordings where they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.paths import PROJECT


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep recordings and results of a test below its own ``tmp_path``."""
    monkeypatch.setenv("NEUROGALLERY_DATA", str(tmp_path / "recordings"))
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "results"))


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Folder of the real recordings; the test is skipped where there is none."""
    given = os.environ.get("NEUROGALLERY_REALDATA")
    folder = Path(given) if given else PROJECT.parent / "shared" / "realdata"
    if not folder.is_dir():
        pytest.skip(f"no real recordings in {folder} (set NEUROGALLERY_REALDATA)")
    return folder


@pytest.fixture(scope="session")
def kriegeskorte_root(realdata: Path) -> Path:
    """Folder of the 92-image files."""
    folder = realdata / "kriegeskorte92"
    if not folder.is_dir():
        pytest.skip(f"no kriegeskorte92 in {realdata}")
    return folder
