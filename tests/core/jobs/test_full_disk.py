"""A full disk: what is there can be read, a job says why it stopped, nothing is left behind."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import jobs, store
from core.errors import NeurogalleryError
from core.jobs import process, queue, state
from core.store import files

RAW = ("requested and", "Errno", "Traceback")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path))
    monkeypatch.setattr(queue, "_start", lambda folder, state: False)


@pytest.fixture
def job() -> jobs.Job:
    return jobs.submit("rdm", {}, session="a")


def fill(monkeypatch: pytest.MonkeyPatch, number: int = errno.ENOSPC) -> None:
    """From now on nothing can be written."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_text", refuse)
    monkeypatch.setattr(Path, "write_bytes", refuse)
    monkeypatch.setattr(Path, "touch", refuse)
    monkeypatch.setattr(os, "mkdir", refuse)


def die(job: jobs.Job) -> None:
    """Make it a job whose process is gone."""
    now = state.read_state(job.folder)
    gone = replace(now, status="running", pid=2**31 - 1, pid_ticks=1, boot="another")
    state.write_state(job.folder, gone)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_statuses_are_read_where_nothing_can_be_written(job, monkeypatch, number) -> None:
    waits = jobs.submit("map", {})
    die(job)
    fill(monkeypatch, number)
    assert jobs.statuses() == {waits: "queued", job: "interrupted"}
    assert "ended without a word" in job.error
    assert job.progress.fraction == 0.0
    assert waits.place is not None
    job.look()
    for act in (waits.cancel, job.resume, lambda: jobs.submit("encode", {})):
        with pytest.raises(NeurogalleryError, match="cannot be written") as caught:
            act()
        assert not any(words in str(caught.value) for words in RAW)
    job.remove()
    assert jobs.statuses() == {waits: "queued"}


def test_a_dead_job_on_a_full_disk_says_that(job, monkeypatch) -> None:
    die(job)
    monkeypatch.setattr(state, "has_room", lambda folder: False)
    assert "the disk of the results is full. Free space" in job.error


def test_no_process_is_started_that_could_not_say_how_it_ended(job, monkeypatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(job.folder.parent.parent))
    begun = []
    monkeypatch.setattr(queue.subprocess, "Popen", lambda *_, **__: begun.append(1))
    fill(monkeypatch)
    for _ in range(3):
        queue._last_look.clear()
        assert job.status == "queued"
    assert begun == []


def full_by_number(folder: Path) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "x")


def full_by_numpy(folder: Path) -> None:
    raise OSError("16384 requested and 4096 written")


def full_by_words(folder: Path) -> None:
    raise RuntimeError("I/O error: No space left on device (os error 28)")


def full_at_the_root(folder: Path) -> None:
    try:
        full_by_numpy(folder)
    except OSError as error:
        raise ValueError("something else") from error


def full_quota(folder: Path) -> None:
    raise OSError(errno.EDQUOT, "Disk quota exceeded")


def full_in_the_store(folder: Path) -> None:
    with files.writing(folder):
        full_by_numpy(folder)


@pytest.mark.parametrize(
    "work",
    [full_by_number, full_by_numpy, full_by_words, full_at_the_root, full_quota, full_in_the_store],
)
def test_a_job_that_met_a_full_disk_says_so_in_words(job, work) -> None:
    assert process.run(job.folder, lambda name: lambda request, progress, folder: work(folder)) == 2
    assert job.status == "failed"
    assert "is full (" in job.error
    assert "Free space" in job.error
    assert not any(words in job.error for words in RAW)
    assert not (job.folder / state.ROOM).exists()


@contextmanager
def limited(size: int) -> Iterator[None]:
    """No file of this process grows beyond a size: as on a full disk, but with another number."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_numpys_words_do_not_reach_the_reader(tmp_path: Path) -> None:
    key = "rdm-" + "0" * 32
    with limited(4096), pytest.raises(NeurogalleryError) as caught:
        store.save(key, {"a": np.zeros(10_000)}, {})
    assert "be written: the disk is full (No space left on device). Free" in str(caught.value)
    assert not any(words in str(caught.value) for words in RAW)
    assert list((tmp_path / "store").glob("*")) == []


def test_the_room_of_a_job_lets_it_say_how_it_ended(job, monkeypatch) -> None:
    """The state can only be written once the room is given back."""
    write = Path.write_text

    def written(path: Path, *arguments: object, **more: object) -> object:
        if is_full and (job.folder / state.ROOM).exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, *arguments, **more)

    is_full = False
    monkeypatch.setattr(Path, "write_text", written)

    def work(request: object, progress: object, folder: Path) -> dict[str, object]:
        nonlocal is_full
        is_full = True
        assert (folder / state.ROOM).stat().st_size == process.ROOM_BYTES
        progress(0.5, "goes on though its progress cannot be written")
        store.write_json(folder / "checkpoint", {})
        return {}

    process.run(job.folder, lambda name: work)
    assert job.status == "failed"
    assert "checkpoint cannot be written: the disk is full" in job.error


def leave_part(folder: Path, name: str = "checkpoint.safetensors") -> Path:
    """What a process killed while it wrote leaves."""
    part = folder / f".{name}.4194304-140.part"
    part.write_bytes(b"half")
    return part


def test_parts_of_killed_processes_are_swept(job) -> None:
    mine = job.folder / "rows.part"  # of a checkpoint, which a resumed job goes on from
    mine.touch()
    left = leave_part(job.folder)
    state.end(job.folder, state.read_state(job.folder), "interrupted")
    job.resume()
    assert not left.exists()
    left = leave_part(job.folder)
    process.run(job.folder, lambda name: lambda *_: {} if not left.exists() else 1 / 0)
    assert job.status == "done"
    assert mine.exists()
    (job.folder / "below").mkdir()

    def work(request: object, progress: object, folder: Path) -> dict[str, object]:
        leave_part(folder / "below", "of a worker")
        return {}

    job.remove()
    again = jobs.submit("rdm", {})
    again.folder.joinpath("below").mkdir()
    process.run(again.folder, lambda name: work)
    assert [path.name for path in again.folder.rglob("*.part")] == []


def test_folders_of_killed_submits_and_removals_are_swept(job, tmp_path: Path) -> None:
    for name in (".part-0123", ".removed-0123"):
        (tmp_path / "jobs" / name).mkdir()
        (tmp_path / "jobs" / name / "request.json").touch()
    job.remove()
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == [".lock"]
