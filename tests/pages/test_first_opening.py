"""A release whose responses are not in the store yet: a button, a job, then the page."""

import numpy as np
import pandas as pd
import pytest

from core.datasets import DATASETS, Dataset, DatasetInfo
from core.datasets.catalogue import Recording, choose_subject
from core.datasets.releases import converted
from core.datasets.releases.options import finished, standard, standard_of
from core.datasets.tables import complete_trials
from tests.pages import app


def load(info, subject, options):
    """Two subjects of 3 sessions, 40 stimuli."""
    subject = choose_subject(("A", "B"), subject)
    path = info.where / f"{subject}.npy"
    rows = np.load(path, mmap_mode="r")
    ids = [f"s{i}" for i in range(40)]
    trials = pd.DataFrame({"id": ids * 3, "session": np.repeat([1, 2, 3], 40)})
    chosen = standard_of(options)
    reading = converted.Reading(
        [path],
        rows.shape,
        complete_trials(trials),
        lambda: (np.array(rows[start : start + 40]) for start in (0, 40, 80)),
        ("A", "B"),
    )
    copy = converted.responses(info.name, 1, subject, reading, chosen)
    ds = Dataset(
        info,
        subject,
        ("A", "B"),
        pd.DataFrame({"id": ids}),
        copy.fingerprint,
        {"V1": np.arange(6)},
        betas=copy.betas,
        trials=reading.trials,
        scanned=copy.scanned,
        options=dict(options),
    )
    return finished(ds, chosen)


@pytest.fixture
def release(tmp_path, monkeypatch):
    for subject in "AB":
        rows = np.random.default_rng(ord(subject)).normal(size=(120, 6))
        np.save(tmp_path / f"{subject}.npy", rows)
    info = DatasetInfo("small", "A small release", options=standard("session"), where=tmp_path)
    monkeypatch.setitem(DATASETS._entries, "small", Recording(info, load))
    monkeypatch.setattr(converted, "AT_ONCE", 0)


def test_a_long_first_opening_is_a_button_and_a_job(release):
    page = app.open_page("responses", recording="small", subject="B")
    assert not page.exception
    assert "the first opening reads" in page.info[0].value
    assert page.selectbox(key="subject").value == "B"
    button = next(each for each in page.button if each.label == "Prepare small")
    page = app.until_done(button.click().run())
    assert not page.exception
    assert not page.info
    assert "z-scored within each session" in app.texts(page)
