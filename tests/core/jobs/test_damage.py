"""A damaged file of a job harms its job alone, and says what is wrong."""

from __future__ import annotations

import json
import os
import random
from dataclasses import asdict
from pathlib import Path

import pytest

from core import jobs, store
from core.errors import CorruptDataError, InputError, NotFoundError
from core.jobs import queue, state
from core.jobs.state import State

SOUND = asdict(State("done", 5.0, 5.0, started=6.0, ended=8.0, session="a"))


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr(queue, "_start", lambda folder, state: False)
    return tmp_path / "results" / "jobs"


@pytest.fixture
def job() -> jobs.Job:
    return jobs.submit("rdm", {"rois": ["V1"]}, session="a")


@pytest.fixture
def other() -> jobs.Job:
    return jobs.submit("rdm", {"rois": ["V2"]})


def put(job: jobs.Job, content: object, name: str = state.STATUS) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    (job.folder / name).write_text(text)


def check_damaged(job: jobs.Job, other: jobs.Job, reason: str) -> None:
    """Every property answers, the other job stays as it is, and the damaged one can go."""
    assert jobs.statuses() == {job: "damaged", other: "queued"}
    assert set(jobs.all_jobs()) == {job, other}
    assert reason in job.error
    assert job.damage == job.error
    assert "\n" not in job.error
    assert "Remove this job" in job.error
    assert job.progress.fraction == 0.0
    assert (job.result, job.place, job.is_overtaken) == ({}, None, False)
    assert job.created >= 0.0
    assert other.place is not None
    job.cancel()  # nothing happens
    job.remove()
    assert jobs.statuses() == {other: "queued"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is not valid JSON"),
        ('{"status": "do', "is not valid JSON"),
        ("\x00\x01", "is not valid JSON"),
        ("[" * 9999, "is not valid JSON"),
        ('{"created": ' + "9" * 5000 + "}", "is not valid JSON"),
        ("[]", "does not hold values by name"),
        ("7", "does not hold values by name"),
        ({}, "has no 'status'"),
        ({"status": "running"}, "has no process"),
    ],
)
def test_what_is_no_state_is_damaged(job, other, content, reason) -> None:
    put(job, content)
    check_damaged(job, other, reason)


@pytest.mark.parametrize("name", SOUND)
def test_a_state_that_lacks_a_field_is_damaged(job, other, name) -> None:
    put(job, {key: value for key, value in SOUND.items() if key != name})
    if name in ("boot", "engine"):  # as those of former versions
        assert job.status == "done"
    else:
        check_damaged(job, other, f"has no '{name}'")


WRONG = {
    "status": ["baking", 1, None, []],
    "device": ["gpu", 0, None, "cuda:"],
    "error": [1, None, "\ud800"],
    "session": [{}, None, "\ud800"],
    "boot": [5, None],
    "pressed": [1, "true", None],
    "engine": [1, None, "\ud800"],
    "worker": [1, None],
    "ticket": [1, None],
    "losses": [-1, "1", None, True],
    "pid": [-1, 2.5, "7", None, True, 2**64],
    "pid_ticks": [-1, 2.5, "7", None, True, 2**70],
}
TIMES = ["5", None, True, [], -1.0, float("inf"), float("-inf"), float("nan"), 1e300, 10**300]
for _time in ("created", "queued", "started", "ended", "pid_created"):
    WRONG[_time] = TIMES


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in WRONG.items() for v in values])
def test_a_field_of_another_type_or_range_is_damaged(job, other, name, value) -> None:
    put(job, {**SOUND, name: value})
    check_damaged(job, other, f"'{name}' is ")


def test_a_name_that_no_state_has_is_damaged(job, other) -> None:
    put(job, {**SOUND, "creatad": 5.0})
    check_damaged(job, other, "has a field 'creatad'")


def test_what_is_sound_of_a_damaged_state_is_kept(job) -> None:
    put(job, {**SOUND, "error": 5, "device": "cuda:1", "created": 7.0})
    assert (job.created, job.device, job.session) == (7.0, "cuda:1", "a")


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
def test_what_is_no_file_is_damaged_and_never_waited_for(job, other, make) -> None:
    (job.folder / state.STATUS).unlink()
    make(job.folder / state.STATUS)
    check_damaged(job, other, "cannot be read")


def test_a_state_without_the_right_to_read_it_is_damaged(job, other, monkeypatch) -> None:
    def refuse(path: Path) -> object:
        if path == job.folder / state.STATUS:
            raise CorruptDataError(f"{path.name} cannot be read ([Errno 13] Permission denied)")
        return store.read_json(path)

    monkeypatch.setattr(state, "read_json", refuse)
    check_damaged(job, other, "Permission denied")


def test_an_absent_state_is_damaged(job, other) -> None:
    (job.folder / state.STATUS).unlink()
    check_damaged(job, other, "status.json is absent")


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, os.mkfifo])
def test_a_damaged_job_is_resumed_with_its_checkpoints(job, make) -> None:
    (job.folder / "checkpoint").write_text("7")
    (job.folder / state.STATUS).unlink()
    make(job.folder / state.STATUS)
    assert job.is_resumable
    job.resume(session="b")
    assert (job.status, job.session, job.damage) == ("queued", "b", "")
    assert (job.folder / "checkpoint").read_text() == "7"


def test_the_same_request_repairs_a_damaged_job(job) -> None:
    put(job, "{")
    put(job, "[]", state.REQUEST)
    assert not job.is_resumable
    assert jobs.submit("rdm", {"rois": ["V1"]}) == job
    assert (job.status, job.request) == ("queued", {"rois": ["V1"]})


def test_a_damaged_job_whose_process_runs_is_not_started_again(job, monkeypatch) -> None:
    class Running:
        pid = os.getpid()

    monkeypatch.setattr(queue, "find_by_folder", lambda folder: Running)
    (job.folder / state.ROOM).touch()
    put(job, "{")
    with pytest.raises(InputError, match="Cancel it first"):
        job.remove()
    assert job.status == "running"
    put(job, "{")
    job.resume()
    assert (job.status, state.read_state(job.folder).pid) == ("running", os.getpid())


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{", "not valid JSON"), ("[]", "operation"), ('{"operation": "rdm"}', "operation")],
)
def test_a_damaged_request_is_said_of_a_job_that_has_ended(job, content, reason) -> None:
    put(job, content, state.REQUEST)
    assert (job.request, job.damage) == ({}, "")  # it waits: it will fail and say so
    state.end(job.folder, state.read_state(job.folder), "failed", "of something")
    assert reason in job.damage
    assert not job.is_resumable


@pytest.mark.parametrize("content", ["{", "[1]", '"text"'])
def test_a_damaged_result_is_no_result(job, content) -> None:
    state.end(job.folder, state.read_state(job.folder), "done")
    put(job, content, state.RESULT)
    assert job.result == {}
    assert "result.json" in job.damage


@pytest.mark.parametrize(
    "content",
    ["{", "[]", {"fraction": 2.0}, {"fraction": None}, {"message": 5}, {"seconds_left": "1"},
     {"written": float("nan")}, {"elapsed": -1.0}, {"more": 1}],
)  # fmt: skip
def test_a_damaged_progress_says_so_until_the_next_one(job, content) -> None:
    state.claim(job.folder, state.read_state(job.folder), os.getpid())
    put(job, content, state.PROGRESS)
    progress = job.progress
    assert (job.status, progress.fraction, progress.seconds_left) == ("running", 0.0, None)
    assert "progress.json" in progress.message


def test_states_of_former_versions_are_read(job) -> None:
    for former in (
        {"status": "done"},
        {"status": "failed", "created": 5.0, "device": "cpu", "pid": 7, "pid_created": 4.5},
        {"status": "queued", "created": 5, "queued": 5, "session": "a", "pressed": False},
    ):
        put(job, former)
        now = state.read_state(job.folder)
        assert asdict(now).items() >= former.items()


def mutated(text: bytes, rng: random.Random) -> bytes:
    """A byte changed, a piece cut out, twice, or from elsewhere."""
    content, place = bytearray(text), rng.randrange(len(text))
    match rng.randrange(4):
        case 0:
            content[place] = rng.randrange(256)
        case 1:
            del content[place : place + rng.randrange(1, 40)]
        case 2:
            content[place:place] = content[place : place + rng.randrange(1, 40)]
        case 3:
            content[place : place + 3] = rng.choice(
                [b"null", b"NaN", b"-1", b"1e999", b"{}", b'"\\ud800"', b"true", b"[[["]
            )
    return bytes(content)


@pytest.mark.parametrize("name", [state.STATUS, state.REQUEST, state.PROGRESS, state.RESULT])
def test_mutations_of_a_file_never_raise(job, other, name) -> None:
    store.write_json(job.folder / state.RESULT, {"key": "rdm-" + "0" * 32})
    report = {"fraction": 0.5, "message": "x", "written": 5.0, "elapsed": 5.0, "seconds_left": 5.0}
    store.write_json(job.folder / state.PROGRESS, report)
    state.end(job.folder, state.read_state(job.folder), "done")
    sound, rng = (job.folder / name).read_bytes(), random.Random(18)
    for _ in range(150):
        (job.folder / name).write_bytes(mutated(sound, rng))
        assert jobs.statuses()[other] == "queued"
        job.damage, job.request, job.result, job.error, job.created  # noqa: B018
        progress = job.progress
        assert 0.0 <= progress.fraction <= 1.0
        progress.message.encode()
        assert job.session.encode() is not None


def test_a_job_that_is_gone_is_left_out(job, other, monkeypatch) -> None:
    folders = queue._folders(job.folder.parent)
    job.remove()
    monkeypatch.setattr(queue, "_folders", lambda root: folders)  # as listed just before
    assert jobs.statuses() == {other: "queued"}
    assert jobs.all_jobs() == [other]
    assert other.place is not None
    job.remove()  # the other person was first
    job.overtake()
    for act in (job.cancel, job.resume):
        with pytest.raises(NotFoundError, match="It may have been removed"):
            act()


def test_a_half_removed_folder_is_gone_for_readers(job, other, monkeypatch) -> None:
    deleted = []
    monkeypatch.setattr(queue.shutil, "rmtree", lambda path, **_: deleted.append(path))
    job.remove()  # as it is before its files are deleted
    assert [path.name.startswith(".removed-") for path in deleted] == [True]
    assert jobs.statuses() == {other: "queued"}
    monkeypatch.undo()
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(job.folder.parent.parent))
    assert (job.folder.parent / deleted[0].name).is_dir()
    other.remove()
    assert not list(job.folder.parent.glob(".removed-*"))


def test_a_folder_of_jobs_that_is_no_folder_is_said(root: Path) -> None:
    root.parent.mkdir(parents=True)
    root.touch()
    with pytest.raises(Exception, match="cannot be read") as caught:
        jobs.statuses()
    assert "\n" not in str(caught.value)
