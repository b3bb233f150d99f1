"""Fixtures of every test: folders of its own, and the real recordings where they are."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from core.paths import PROJECT

# Before numpy and torch are imported: workers and jobs share the processors, and a pool of
# threads whose members wait for one another takes many times as long on a busy machine.
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")
# Workers take files in this order: the long ones first, so that all end together.
LONG_FIRST = ("browser", "pages", "real", "core", "gpu", "rules", "benchmarks")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders of tests in the order in which workers take them."""
    folder = Path(__file__).parent
    items.sort(key=lambda item: LONG_FIRST.index(item.path.relative_to(folder).parts[0]))


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep recordings and results of a test below its own ``tmp_path``; end its jobs with it."""
    monkeypatch.setenv("NEUROGALLERY_DATA", str(tmp_path / "recordings"))
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "results"))
    yield
    end_jobs(tmp_path / "results" / "jobs")


def end_jobs(folder: Path) -> None:
    """End the processes of the jobs of a folder: nobody waits for them any more.

    A page starts jobs when it is opened; each would go on for minutes beside later tests.
    """
    if not folder.is_dir():
        return
    ended = folder.rename(folder.with_name("jobs-ended"))  # none that waits is started then
    for status in ended.glob("*/status.json"):
        with suppress(OSError, ValueError, TypeError, LookupError, psutil.NoSuchProcess):
            state = json.loads(status.read_text("utf-8"))
            if state["status"] == "running" and state["pid"] != os.getpid():
                psutil.Process(state["pid"]).kill()


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
