"""Squares of subjects by kinds of files, against folders that were written for it."""

from __future__ import annotations

import numpy as np

from core import datasets
from core.datasets.shelf.abilities import abilities
from core.datasets.shelf.presence import ALL, on_disk, released
from tests.core.datasets.layouts import algonauts2023, bold5000, mosaic, nsd
from tests.core.datasets.shared import load, paint, write


def _levels(state):
    return {(square.subject, square.kind): square.level for square in state.squares}


def test_a_release_by_subject_and_kind(tmp_path):
    recording = datasets.DATASETS["algonauts2023"]
    root = tmp_path / "algonauts2023"
    algonauts2023.write(root)
    whole = released(recording, root)
    assert whole.bytes == sum(p.stat().st_size for p in root.rglob("*") if p.is_file())
    assert set(_levels(whole).values()) <= {"present", "optional"}
    subject = whole.subjects[0]
    lists = next(k for k in whole.kinds if whole.square(subject, k).expected > 1)
    gone = next(e for e in recording.expected(root, subject) if e.what == lists)
    for path in root.glob(gone.path):
        path.unlink()
    part = released(recording, root).square(subject, lists)
    assert part.level == "partly"
    assert part.words == f"{subject}, {lists}: present in part ({part.present} of {part.expected})"
    assert released(recording, tmp_path / "none").square("subj01", "responses").level == "missing"


def test_a_padded_number_is_the_same_subject(tmp_path):
    bold5000.write(tmp_path)
    state = released(datasets.DATASETS["bold5000"], tmp_path)
    assert "CSI01" not in state.subjects
    assert state.square("CSI1", "1.0: order of presentation").level == "present"
    assert state.subjects[-1] == ALL
    assert state.square("CSI1", "images of COCO").level == "none"


def test_sessions_are_one_kind_and_subjects_of_several_studies_stay_apart(tmp_path):
    nsd.write(tmp_path / "nsd")
    state = released(datasets.DATASETS["nsd"], tmp_path / "nsd")
    assert state.square("subj01", "betas").expected > 1
    assert not [kind for kind in state.kinds if "session" in kind]
    mosaic.write(tmp_path / "mosaic")
    state = released(datasets.DATASETS["mosaic"], tmp_path / "mosaic")
    assert set(state.subjects) == {"sub-02_BOLD5000", "sub-01_NSD", ALL}
    assert state.square("sub-01_NSD", "betas").level == "present"


def test_an_own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA", str(tmp_path))
    root = write(tmp_path / "mine")
    paint(root / "images" / "a.png")
    np.save(root / "responses" / "S2.npy", np.ones((4, 10)))
    info = next(i for i in datasets.available() if i.name == "folder:mine")
    levels = _levels(on_disk(info))
    assert levels["S1", "ROIs"] == levels["S2", "responses"] == levels[ALL, "images"] == "present"
    assert levels["S2", "ROIs"] == levels[ALL, "gallery"] == "optional"
    assert on_disk(info).table().loc["S2", "ROIs"] == "not there; it opens without"


def test_the_pages_follow_what_a_recording_has(tmp_path):
    root = write(tmp_path)
    able = {each.page: each for each in abilities(load(root))}
    assert able["responses"].is_possible
    assert "no noise ceiling" in able["responses"].note
    assert not able["encoders"].is_possible
    assert able["train"].note == "neither images nor embeddings"
    np.save(root / "embeddings" / "e.npy", np.eye(4))
    assert {each.page for each in abilities(load(root)) if not each.is_possible} == {"ground_truth"}
    (root / "responses" / "S1.npy").unlink()
    possible = {each.page for each in abilities(load(root)) if each.is_possible}
    assert possible == {"overview", "selection", "maps", "encoders"}
    np.save(root / "rdms" / "m.npy", 1 - np.eye(4))
    assert "rdm" in {each.page for each in abilities(load(root)) if each.is_possible}
