"""Recordings are opened once for all sessions, the first subject by whatever name."""

from core import datasets
from pages.shared.frame import recording

OPTIONS = (("stimuli", 80), ("subjects", 2), ("repeats", 1))


def test_the_first_subject_is_opened_once(monkeypatch):
    opened = []
    load = datasets.load_with
    monkeypatch.setattr(datasets, "load_with", lambda *of: opened.append(of[1]) or load(*of))
    first = recording.load("simulated", None, OPTIONS)
    assert recording.load("simulated", first.subject, OPTIONS) is first
    assert recording.load("simulated", "S2", OPTIONS).subject == "S2"
    assert recording.load("simulated", None, OPTIONS) is first
    assert opened == [None, "S2"]
    recording.forget()
    assert recording.load("simulated", first.subject, OPTIONS) is not first
