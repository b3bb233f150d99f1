"""Submitting, finding, cancelling and resuming jobs; ``order`` says which goes first."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core import paths, store
from core.errors import InputError, NotFoundError
from core.jobs.order import ActiveJob, first_to_start, in_order
from core.jobs.state import (
    CANCEL,
    ID,
    LOG,
    OVERTAKEN,
    PROGRESS,
    REQUEST,
    RESULT,
    SEEN,
    State,
    adopt,
    claim,
    end,
    find_process,
    read_state,
    reap,
    settle,
    write_state,
)

RESUMABLE = ("failed", "cancelled", "interrupted")
# Many sessions may poll many waiting jobs: one look at the queue in this time is enough.
LOOK_EVERY_S = 0.5
# A look is noted once in this time.
SEEN_EVERY_S = 5.0
# Of the scheduler: on a full machine the pages, which somebody waits for, come first.
NICENESS = 10

_last_look: dict[Path, float] = {}


@dataclass(frozen=True)
class JobProgress:
    """How far a job is.

    Attributes
    ----------
    fraction : float
        0 to 1.
    message : str
    elapsed_s : float
        Since the last start; 0 while it waits.
    seconds_left : float or None
        None while it is unknown.
    """

    fraction: float = 0.0
    message: str = ""
    elapsed_s: float = 0.0
    seconds_left: float | None = None


@dataclass(frozen=True)
class QueuePlace:
    """Where a waiting job stands: its number from 1, of how many, in the queue since when."""

    number: int
    count: int
    since: float


@dataclass(frozen=True)
class Job:
    """A job, known by its folder; every property reads what the folder says now."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def operation(self) -> str:
        return self.id.rsplit("-", 1)[0]

    @property
    def request(self) -> dict[str, Any]:
        return _read_dict(self.folder / REQUEST).get("request", {})

    @property
    def status(self) -> str:
        """'queued', 'running', 'done', 'failed', 'cancelled' or 'interrupted'."""
        return self._look().status

    @property
    def created(self) -> float:
        """When it was first submitted, in seconds since 1970."""
        return read_state(self.folder).created

    @property
    def queued(self) -> float:
        """When it last entered the queue, in seconds since 1970."""
        return read_state(self.folder).queued

    @property
    def device(self) -> str:
        return read_state(self.folder).device

    @property
    def session(self) -> str:
        """The session that started it; '' for the command line."""
        return read_state(self.folder).session

    @property
    def place(self) -> QueuePlace | None:
        """Where it stands in the queue of its device; None where it does not wait."""
        root = self.folder.parent
        with store.locked(root):
            listed = _active_jobs(root)
        waiting = in_order(listed, time.time())
        own = next((each for each in waiting if each.folder == self.folder), None)
        if own is None:
            return None
        beside = [each for each in waiting if each.state.device == own.state.device]
        return QueuePlace(beside.index(own) + 1, len(beside), own.state.queued)

    @property
    def error(self) -> str:
        """Why it failed or was interrupted; empty otherwise."""
        return self._look().error

    @property
    def progress(self) -> JobProgress:
        state = self._look()
        report = _read_dict(self.folder / PROGRESS)
        now = time.time() if state.status == "running" else state.ended
        left = report.get("seconds_left") if state.status == "running" else None
        return JobProgress(
            fraction=report.get("fraction", 0.0),
            message=report.get("message", ""),
            elapsed_s=max(0.0, now - state.started) if state.started else 0.0,
            seconds_left=None if left is None else max(0.0, left - (now - report["written"])),
        )

    @property
    def result(self) -> dict[str, Any]:
        """What the operation returned; empty unless the job is done."""
        return _read_dict(self.folder / RESULT) if self._look().status == "done" else {}

    @property
    def is_cancelling(self) -> bool:
        """Whether it was asked to stop."""
        return (self.folder / CANCEL).exists()

    def cancel(self) -> None:
        """Ask the job to stop; one that waits is cancelled at once, an ended one stays as it is."""
        with store.locked(self.folder.parent):
            state = settle(self.folder)
            if state.status == "queued":
                end(self.folder, state, "cancelled")
            elif state.status == "running" and not (self.folder / CANCEL).exists():
                (self.folder / CANCEL).touch()

    def overtake(self) -> None:
        """Cancel the job because something else is wanted first, not because it is unwanted."""
        if self.folder.is_dir():
            (self.folder / OVERTAKEN).touch()
            self.cancel()

    @property
    def is_overtaken(self) -> bool:
        """Whether it was cancelled for something else, and may go on when asked for again."""
        return self.status == "cancelled" and (self.folder / OVERTAKEN).exists()

    def look(self) -> None:
        """Note that somebody looks at the job: until a while after that it does not stand back."""
        seen = self.folder / SEEN
        with suppress(FileNotFoundError):  # it may have been removed
            if not seen.exists() or time.time() - seen.stat().st_mtime > SEEN_EVERY_S:
                seen.touch()

    def resume(self, session: str = "", pressed: bool = True) -> None:
        """Queue a failed, cancelled or interrupted job again; it keeps its checkpoints.

        ``session`` and ``pressed`` as in ``submit``.
        """
        with store.locked(self.folder.parent):
            state = settle(self.folder)
            if state.status in RESUMABLE:
                _queue_again(self.folder, replace(state, session=session, pressed=pressed))
                _start_waiting(self.folder.parent)

    def remove(self) -> None:
        """Delete the folder of the job.

        Raises
        ------
        InputError
            If the job is running.
        """
        aside = self.folder.with_name(f".removed-{uuid.uuid4().hex}")
        with store.locked(self.folder.parent):
            if not self.folder.is_dir():
                return
            if settle(self.folder).status == "running":
                raise InputError(f"The job {self.id} is running", "an ended job", "Cancel it first")
            self.folder.rename(aside)
        shutil.rmtree(aside)

    def _look(self) -> State:
        """State of the job, after what has to follow from it: see ``settle``, ``start_waiting``."""
        state = read_state(self.folder)
        root = self.folder.parent
        if state.status == "running" and self._needs_settling(state):
            with store.locked(root):
                state = settle(self.folder)
                if state.status != "running":
                    _start_waiting(root)
        elif state.status == "queued" and _is_time_to_look(root):
            with store.locked(root):
                _start_waiting(root)
            state = read_state(self.folder)
        return state

    def _needs_settling(self, state: State) -> bool:
        return (self.folder / CANCEL).exists() or find_process(state) is None


def submit(
    operation: str,
    request: dict[str, Any],
    device: str = "cpu",
    session: str = "",
    pressed: bool = True,
) -> Job:
    """Queue a request as a job; the same request twice is one job.

    Parameters
    ----------
    operation : str
        Name in ``core.operations.OPERATIONS``.
    request : dict
        JSON values.
    device : str
        'cpu' or 'cuda:N': one job at a time for each GPU, ``NEUROGALLERY_CPU_JOBS``
        (default 2) on the CPU.
    session : str
        Whose job it is; '' outside a browser.
    pressed : bool
        Whether a person asked for it, not a page that was opened: it goes first.

    Returns
    -------
    Job
        The one that exists where it waits, runs or is done; one that failed, was
        cancelled or interrupted is queued again and keeps its checkpoints.

    Raises
    ------
    InputError
        If the request is not JSON or the device unknown.
    """
    if not re.fullmatch(r"cpu|cuda:\d+", device):
        raise InputError(f"The device is {device!r}", "'cpu' or 'cuda:N', N the number of a GPU")
    request = _as_json(request)
    root = _root()
    job = _job_of(operation, request)
    content = {"operation": operation, "request": request}
    asked_by: dict[str, Any] = {"session": session, "pressed": pressed}
    with store.locked(root):
        if not job.folder.exists():
            _create(job.folder, content, State("queued", 0.0, 0.0, device, **asked_by))
        elif (state := settle(job.folder)).status in RESUMABLE:
            store.write_json(job.folder / REQUEST, content)  # a damaged one is repaired
            _queue_again(job.folder, replace(state, device=device, **asked_by))
        elif state.status == "queued" and pressed and not state.pressed:
            write_state(job.folder, replace(state, pressed=True))
        _start_waiting(root)
    return job


def find(operation: str, request: dict[str, Any]) -> Job | None:
    """The job of a request; None where it was never submitted, or was removed."""
    job = _job_of(operation, _as_json(request))
    return job if job.folder.is_dir() else None


def get(job_id: str) -> Job:
    """Find a job by its id.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    if not ID.fullmatch(job_id) or not (_root() / job_id).is_dir():
        raise NotFoundError(f"There is no job {job_id!r}", remedy="It may have been removed.")
    return Job(_root() / job_id)


def all_jobs() -> list[Job]:
    """Every job, newest first."""
    root = _root()
    with store.locked(root):
        created = {folder: read_state(folder).created for folder in _folders(root)}
    return [Job(folder) for folder in sorted(created, key=lambda f: created[f], reverse=True)]


def start_waiting(root: Path | None = None) -> None:
    """Start the jobs whose turn it is while there are free slots on their device."""
    root = root or _root()
    with store.locked(root):
        _start_waiting(root)


def _job_of(operation: str, request: dict[str, Any]) -> Job:
    store.check_operation(operation)
    return Job(_root() / f"{operation}-{store.fingerprint(operation, request)[:16]}")


def _root() -> Path:
    return paths.results_root() / "jobs"


def _folders(root: Path) -> list[Path]:
    return [path for path in root.iterdir() if ID.fullmatch(path.name) and path.is_dir()]


def _read_dict(path: Path) -> dict[str, Any]:
    return store.read_json(path) or {}


def _as_json(request: dict[str, Any]) -> dict[str, Any]:
    """The request as the job will read it, so that its id does not depend on e.g. tuples."""
    try:
        plain: dict[str, Any] = json.loads(json.dumps(request))
    except (TypeError, ValueError) as error:
        raise InputError(f"The request cannot be written as JSON ({error})") from None
    return plain


def _create(folder: Path, content: dict[str, Any], state: State) -> None:
    part = folder.with_name(f".part-{uuid.uuid4().hex}")
    now = time.time()
    try:
        part.mkdir()
        store.write_json(part / REQUEST, content)
        write_state(part, replace(state, created=now, queued=now))
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _queue_again(folder: Path, state: State) -> None:
    for name in (CANCEL, OVERTAKEN, PROGRESS):
        (folder / name).unlink(missing_ok=True)
    now = time.time()
    again = State("queued", created=state.created or now, queued=now, device=state.device)
    write_state(folder, replace(again, session=state.session, pressed=state.pressed))


def _is_time_to_look(root: Path) -> bool:
    now = time.monotonic()
    if now - _last_look.get(root, -LOOK_EVERY_S) < LOOK_EVERY_S:
        return False
    _last_look[root] = now
    return True


def _active_jobs(root: Path) -> list[ActiveJob]:
    reap()
    states = {folder: settle(folder) for folder in _folders(root)}
    active = {f: state for f, state in states.items() if state.status in ("queued", "running")}
    return [ActiveJob.of_folder(folder, state) for folder, state in active.items()]


def _start_waiting(root: Path) -> None:
    listed = _active_jobs(root)
    slots = {each.state.device: _slots(each.state.device) for each in listed}
    while (chosen := first_to_start(listed, slots, time.time())) is not None:
        listed.remove(chosen)
        if _start(chosen.folder, chosen.state):
            listed.append(replace(chosen, state=replace(chosen.state, status="running")))


def _slots(device: str) -> int:
    if device != "cpu":
        return 1
    text = os.environ.get("NEUROGALLERY_CPU_JOBS") or "2"
    if not text.isdecimal() or int(text) < 1:
        raise InputError(f"NEUROGALLERY_CPU_JOBS is {text!r}", "a whole number from 1")
    return int(text)


def _stand_back(process: int) -> None:
    if hasattr(os, "setpriority"):  # not on Windows
        own = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, process, max(own, NICENESS))


def _start(folder: Path, state: State) -> bool:
    """Start the process of a job; the lock is held, so it waits for its state to be written."""
    # The process runs in another folder, where relative paths would mean something else.
    environment = {
        **os.environ,
        "NEUROGALLERY_RESULTS": str(folder.parent.parent),
        "NEUROGALLERY_DATA": str(paths.data_root()),
    }
    try:
        with open(folder / LOG, "ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "core", "job", str(folder)],
                cwd=paths.PROJECT,
                env=environment,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
    except OSError as error:
        end(folder, state, "failed", f"The process of this job could not be started ({error}).")
        return False
    _stand_back(child.pid)
    claim(folder, state, child.pid)
    adopt(child)
    return True
