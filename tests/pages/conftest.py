"""Fixtures of the page tests."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import app_test

from core import paths, simulation, store
from core.clusters import Choice
from core.clusters import job as clustering
from core.jobs import queue
from core.progress import Progress
from core.simulation import Files, Model, experiment
from tests.pages.app import leave_waiting

SUBJECTS: dict[str, Model] = {}
CHOICES: dict[str, Choice] = {}
# Of the gap statistic and the stability; a page says the same of many.
FEW = {"references": 2, "resamples": 2}


@pytest.fixture
def data_root() -> Path:
    """The data root of this test, made."""
    root = paths.data_root()
    root.mkdir(parents=True)
    return root


@pytest.fixture(autouse=True)
def jobs_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs run in this process, without the imports of another; see ``until_done``."""
    if request.node.get_closest_marker("processes") is None:
        monkeypatch.setattr(queue, "_start", leave_waiting)


@pytest.fixture(autouse=True, scope="module")
def computed_once() -> Iterator[None]:
    """What the same arguments give in every test: simulated subjects, and their clusters."""
    build, choose = experiment.subject_model, clustering.choose_k

    def built(files: Files, subject: str, **settings: Any) -> Model:
        described = repr((files.digest, subject, sorted(settings.items())))
        if described not in SUBJECTS:
            SUBJECTS[described] = build(files, subject, **settings)
        return SUBJECTS[described]

    def chosen(responses: np.ndarray, progress: Progress, **settings: Any) -> Choice:
        settings["resampling"] = replace(settings["resampling"], **FEW)
        described = store.fingerprint(responses, repr(sorted(settings.items())))
        if described not in CHOICES:
            CHOICES[described] = choose(responses, progress=progress, **settings)
        return CHOICES[described]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiment, "subject_model", built)
        patch.setattr(simulation, "subject_model", built)
        patch.setattr(clustering, "choose_k", chosen)
        yield


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
