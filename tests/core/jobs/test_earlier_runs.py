"""What is kept of earlier runs: few, small, whatever the file holds, and by likeness."""

from __future__ import annotations

import json

import pytest

from core import jobs, store
from core.errors import NeurogalleryError
from core.jobs import earlier_runs, process, queue
from core.jobs.earlier_runs import (
    FILE,
    MOST_OPERATIONS,
    MOST_RUNS,
    expected_seconds,
    fields_of,
    likeness,
    recall,
    remember,
)
from core.jobs.time_left import Course


@pytest.fixture(autouse=True)
def nothing_usual(monkeypatch):
    monkeypatch.setattr(earlier_runs, "_usual", dict)


def course(total, points=3):
    return Course(
        tuple(n / (points - 1) for n in range(points)),
        tuple(total * n / (points - 1) for n in range(points)),
    )


def totals(root, request, operation="train"):
    return [run.course.total for run in recall(root, operation, request)]


def test_a_run_is_remembered_with_its_request(tmp_path):
    remember(tmp_path, "train", {"head": "ridge", "seed": 0}, course(40.0))
    (run,) = recall(tmp_path, "train", {"head": "ridge", "seed": 1})
    assert (run.course.total, run.course.reached(0.5)) == (40.0, 20.0)
    assert run.likeness == 0.5
    assert recall(tmp_path, "clusters", {}) == []
    assert expected_seconds(tmp_path, "train", {"head": "ridge"}) == 40.0
    assert expected_seconds(tmp_path, "clusters", {}) is None


def test_the_most_alike_is_expected(tmp_path):
    for head, seconds in (("ridge", 5.0), ("mlp", 50.0)):
        remember(tmp_path, "train", {"head": head, "dataset": "nsd"}, course(seconds))
    assert expected_seconds(tmp_path, "train", {"head": "mlp", "dataset": "god"}) == 50.0


def test_the_same_request_is_kept_once_unless_it_went_otherwise(tmp_path):
    for seconds in (40.0, 44.0, 4.0, 41.0):
        remember(tmp_path, "train", {"seed": 0}, course(seconds))
    assert totals(tmp_path, {"seed": 0}) == [41.0, 4.0]


def test_what_is_kept_is_bounded(tmp_path):
    for seed in range(30):
        long = {"ids": [f"image {n}" for n in range(5000)], "seed": seed, "stimuli": ["a"] * 9999}
        remember(tmp_path, "train", long, course(40.0 + seed, points=2000))
    assert totals(tmp_path, {})[:3] == [69.0, 68.0, 67.0]
    assert len(totals(tmp_path, {})) == MOST_RUNS
    for number in range(100):
        remember(tmp_path, f"operation_{number}", {}, course(2.0))
    assert len(json.loads((tmp_path / FILE).read_text())) == MOST_OPERATIONS
    assert (tmp_path / FILE).stat().st_size < 60_000


def test_what_was_over_at_once_is_not_kept(tmp_path):
    remember(tmp_path, "train", {}, course(0.5))
    remember(tmp_path, "train", {}, Course((1.0,), (9.0,)))
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"train": 3}',
        '{"train": [3, {}, {"fractions": [], "seconds": [], "request": {}}]}',
        '{"train": [{"request": {}, "fractions": [0], "seconds": ["a"]}]}',
    ],
)
def test_a_damaged_file_is_none(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    assert recall(tmp_path, "train", {}) == []
    remember(tmp_path, "train", {}, course(40.0))
    assert totals(tmp_path, {}) == [40.0]


def test_a_file_that_cannot_be_written_fails_no_job(tmp_path, monkeypatch):
    def full(path, value):
        raise NeurogalleryError("The disk is full")

    monkeypatch.setattr(store, "write_json", full)
    remember(tmp_path, "train", {}, course(40.0))
    assert recall(tmp_path, "train", {}) == []


def test_fields_are_few_and_short():
    request = {
        "config": {"head": "mlp", "rois": ["V1"]},
        "fingerprint": "a" * 64,
        "text": "b" * 999,
    }
    fields = fields_of(request)
    assert fields == {"config.head": "mlp", "config.rois": "['V1']", "text": "b" * 80}
    assert likeness(fields, {**fields, "config.head": "ridge"}) == pytest.approx(2 / 3)
    assert likeness({}, {}) == 1.0


def test_those_that_come_along_are_whole(monkeypatch):
    monkeypatch.undo()
    kept = store.read_json(earlier_runs.USUAL)
    assert {"train", "clusters", "ground_truth", "compare", "encode", "evaluate"} <= set(kept)
    for operation, runs in kept.items():
        expected = 0 if operation in earlier_runs.EVEN else len(runs)
        assert len(recall(earlier_runs.USUAL.parent / "none", operation, {})) == expected


def test_a_job_that_is_done_is_the_measure_of_the_next(tmp_path, monkeypatch):
    clock = [1000.0]
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path))
    monkeypatch.setattr(queue, "_start", lambda folder, state: False)
    monkeypatch.setattr(process.time, "monotonic", lambda: clock[0])
    said = []

    def work(request, progress, folder):
        for fraction in (0.0, 0.1, 0.1, 0.1, 0.9):  # a tenth takes nearly all of the time
            progress(fraction, "working")
            said.append(store.read_json(folder / "progress.json")["seconds_left"])
            clock[0] += 10.0
        return {}

    for seed in (0, 1):
        said.clear()
        job = jobs.submit("count", {"seed": seed}, session="a")
        assert jobs.run(job.folder, lambda name: work) == 0
    assert (tmp_path / FILE).exists()
    assert said == pytest.approx([50, 40, 30, 20, 10], rel=0.4)
