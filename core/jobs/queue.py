"""Submitting, finding, cancelling and resuming jobs; ``order`` says which goes first."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core import paths, store
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError
from core.jobs import cluster, heartbeat
from core.jobs.earlier_runs import expected_seconds
from core.jobs.order import ActiveJob, first_to_start, in_order
from core.jobs.processes import adopt, find_by_folder, reap
from core.jobs.state import (
    CANCEL,
    DAMAGED,
    DEVICE,
    ID,
    LOG,
    OVERTAKEN,
    PROGRESS,
    QUEUED,
    REQUEST,
    ROOM,
    RUNNING,
    SEEN,
    State,
    claim,
    current_state,
    end,
    find_process,
    is_silent,
    no_job,
    read_report,
    read_request,
    read_result,
    read_state,
    settle,
    write_file,
    write_state,
)
from core.store import read_only

RESUMABLE = ("failed", "cancelled", "interrupted", DAMAGED)
ASK_AGAIN = "Remove this job; its page can start it again."
# Folders on their way: of a job that is being created, and of one that was removed.
CREATED, REMOVED = ".part-", ".removed-"
# Many sessions may poll many waiting jobs: one look at the queue in this time is enough.
LOOK_EVERY_S = 0.5
# A look is noted once in this time.
SEEN_EVERY_S = 5.0
# Of the scheduler: on a full machine the pages, which somebody waits for, come first.
NICENESS = 10

# Of the libraries behind numpy and torch; what is set outside counts.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

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
        """JSON values; empty where they cannot be read, see ``damage``."""
        try:
            return read_request(self.folder)[1]
        except CorruptDataError:
            return {}

    @property
    def status(self) -> str:
        """'queued', 'running', 'done', 'failed', 'cancelled', 'interrupted' or 'damaged'."""
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
        waiting = in_order(_active_jobs(self.folder.parent, current_state), time.time())
        own = next((each for each in waiting if each.folder == self.folder), None)
        if own is None:
            return None
        beside = [each for each in waiting if each.state.device == own.state.device]
        return QueuePlace(beside.index(own) + 1, len(beside), own.state.queued)

    @property
    def error(self) -> str:
        """Why it failed or was interrupted, or cannot begin; empty otherwise."""
        return self._look().error

    @property
    def host(self) -> str:
        """The engine and the worker of the last run; '' for a process of this machine."""
        state = read_state(self.folder)
        return f"{state.engine}, {state.worker}" if state.engine else ""

    @property
    def progress(self) -> JobProgress:
        state = self._look()
        report = read_report(self.folder)
        if state.status != RUNNING:
            elapsed = state.ended - state.started if state.started else 0.0
            return JobProgress(report.fraction, report.message, max(0.0, elapsed))
        # Another machine counts from another boot.
        since = 0.0 if state.ticket else max(0.0, time.monotonic() - report.written)
        elapsed = time.time() - state.started if report.elapsed is None else report.elapsed + since
        left = None if report.seconds_left is None else max(0.0, report.seconds_left - since)
        return JobProgress(report.fraction, report.message, max(0.0, elapsed), left)

    @property
    def result(self) -> dict[str, Any]:
        """What the operation returned; empty unless the job is done, and where it is damaged."""
        try:
            return read_result(self.folder) if self._look().status == "done" else {}
        except CorruptDataError:
            return {}

    @property
    def damage(self) -> str:
        """Which file of a job that has ended is damaged, and how; '' where all are sound."""
        state = self._look()
        if state.status == DAMAGED:
            return state.error
        try:
            if state.status not in (QUEUED, RUNNING):
                read_request(self.folder)
            if state.status == "done":
                read_result(self.folder)
        except CorruptDataError as error:
            return str(NeurogalleryError(error.problem, remedy=ASK_AGAIN))
        return ""

    @property
    def is_resumable(self) -> bool:
        """Whether ``resume`` has what it needs to run it again."""
        try:
            return self._look().status in RESUMABLE and bool(read_request(self.folder))
        except CorruptDataError:
            return False

    @property
    def is_cancelling(self) -> bool:
        """Whether it was asked to stop."""
        return (self.folder / CANCEL).exists()

    def cancel(self, session: str = "") -> None:
        """Ask the job to stop; one that waits is cancelled at once, an ended one stays as it is.

        Parameters
        ----------
        session : str
            Who asks for it; '' outside a browser.

        Raises
        ------
        NotFoundError
            If it was removed.
        NeurogalleryError
            If its folder cannot be written, or another session's is not cancelled (``read_only``).
        """
        read_only.check(read_only.why_not_cancelled(session == self.session))
        self._cancel()

    def overtake(self) -> None:
        """Cancel the job because something else is wanted first, not because it is unwanted."""
        with suppress(NotFoundError):
            self._cancel(OVERTAKEN)

    def _cancel(self, flag: str = "") -> None:
        with store.locked(self.folder.parent):
            state = settle(self.folder)
            with store.writing(self.folder):
                if flag:
                    (self.folder / flag).touch()
                if state.status == RUNNING and not (self.folder / CANCEL).exists():
                    (self.folder / CANCEL).touch()
            # No process has begun, and none will: it would have to be written under this lock.
            if state.status == QUEUED or (state.status == RUNNING and not state.pid):
                end(self.folder, state, "cancelled")

    @property
    def is_overtaken(self) -> bool:
        """Whether it was cancelled for something else, and may go on when asked for again."""
        return self.status == "cancelled" and (self.folder / OVERTAKEN).exists()

    def look(self) -> None:
        """Note that somebody looks at the job: until a while after that it does not stand back."""
        seen = self.folder / SEEN
        with suppress(OSError):  # it may have been removed, or the disk be full
            # Its time lies in the future where the clock was set back.
            if not seen.exists() or abs(time.time() - seen.stat().st_mtime) > SEEN_EVERY_S:
                seen.touch()

    def resume(self, session: str = "", pressed: bool = True, seconds: float | None = None) -> None:
        """Queue a job again that failed, was cancelled or interrupted, or is damaged.

        It keeps its checkpoints; ``session``, ``pressed`` and ``seconds`` as in ``submit``.

        Raises
        ------
        NotFoundError
            If it was removed.
        NeurogalleryError
            If its folder cannot be written, or it would take too long (``read_only``).
        """
        with store.locked(self.folder.parent):
            state = _mended(self.folder)
            if state.status in RESUMABLE:
                read_only.check(self.refusal(seconds))
                _queue_again(self.folder, replace(state, session=session, pressed=pressed))
                _start_waiting(self.folder.parent)

    def refusal(self, seconds: float | None = None) -> str:
        """Why it is not started again; see ``refusal``."""
        return refusal(self.operation, self.request, seconds)

    def remove(self) -> None:
        """Delete the folder of the job, which is gone for every reader at once.

        Raises
        ------
        InputError
            If the job is running.
        NeurogalleryError
            If the folder cannot be taken away, or nothing is deleted here (``read_only``).
        """
        read_only.check(read_only.why_kept())
        self.make_way()

    def make_way(self) -> None:
        """Remove the job, whose result is of no use any more, for one of the same request.

        Unlike ``remove`` nobody's wish, and nothing is lost: a server that is read-only does it.
        """
        root = self.folder.parent
        with store.locked(root):
            if self.folder.is_dir():
                if _mended(self.folder).status == RUNNING:
                    raise InputError(
                        f"The job {self.id} is running", "an ended job", "Cancel it first"
                    )
                with store.writing(self.folder):
                    self.folder.rename(self.folder.with_name(f"{REMOVED}{uuid.uuid4().hex}"))
            leftovers = _leftovers(root)
        _delete(leftovers)

    def _look(self) -> State:
        return self._follow(read_state(self.folder))

    def _follow(self, state: State) -> State:
        """The state of now, after what has to follow: see ``settle``, ``start_waiting``.

        What follows may be impossible, as on a full disk; the state is given all the same.
        """
        root = self.folder.parent
        if state.status not in (QUEUED, RUNNING):
            return state
        try:
            if state.status == RUNNING and self._needs_settling(state):
                with store.locked(root):
                    state = settle(self.folder)
                    if state.status != RUNNING:
                        _start_waiting(root)
            elif (state.status == QUEUED or state.ticket) and _is_time_to_look(root):
                start_waiting(root)
                state = read_state(self.folder)
        except NotFoundError:
            raise
        except NeurogalleryError:
            return current_state(self.folder)
        return state

    def _needs_settling(self, state: State) -> bool:
        if state.ticket:
            return is_silent(self.folder, state)
        return self.is_cancelling or find_process(state) is None


def submit(
    operation: str,
    request: dict[str, Any],
    device: str = "cpu",
    session: str = "",
    pressed: bool = True,
    seconds: float | None = None,
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
    seconds : float, optional
        How long it is expected to take; None takes what earlier jobs took.

    Returns
    -------
    Job
        The one that exists where it waits, runs or is done; one that failed, was
        cancelled or interrupted is queued again and keeps its checkpoints.

    Raises
    ------
    InputError
        If the request is not JSON, the device unknown, or ``NEUROGALLERY_CLUSTER`` names no
        engine that is here.
    NeurogalleryError
        If the folder of the jobs cannot be written, or ``refusal`` gives a reason.
    """
    if not DEVICE.fullmatch(device):
        raise InputError(f"The device is {device!r}", "'cpu' or 'cuda:N', N the number of a GPU")
    if not cluster.runs_here(operation):
        cluster.current()  # one that is not here is refused before there is a job
    request = _as_json(request)
    root = _root()
    job = _job_of(operation, request)
    content = {"operation": operation, "request": request}
    asked_by: dict[str, Any] = {"session": session, "pressed": pressed}
    with store.locked(root):
        if not job.folder.is_dir():
            read_only.check(refusal(operation, request, seconds))
            _create(job.folder, content, State(QUEUED, 0.0, 0.0, device, **asked_by))
        elif (state := _mended(job.folder)).status in RESUMABLE:
            read_only.check(refusal(operation, request, seconds))
            write_file(job.folder / REQUEST, content)  # a damaged one is repaired
            _queue_again(job.folder, replace(state, device=device, **asked_by))
        elif state.status == QUEUED and pressed and not state.pressed:
            write_state(job.folder, replace(state, pressed=True))
        _start_waiting(root)
    return job


def find(operation: str, request: dict[str, Any]) -> Job | None:
    """The job of a request; None where it was never submitted, or was removed."""
    job = _job_of(operation, _as_json(request))
    return job if job.folder.is_dir() else None


def refusal(operation: str, request: dict[str, Any], seconds: float | None = None) -> str:
    """Why a server in read-only mode does not start a job of a request; '' where it does.

    Parameters
    ----------
    operation, request, seconds
        As in ``submit``. Where it ran before and did not end, it takes longer than it ran.
    """
    if not read_only.is_on():
        return ""
    if seconds is None:
        seconds = expected_seconds(_root().parent, operation, request)
    folder = _job_of(operation, _as_json(request)).folder
    before = read_state(folder) if folder.is_dir() else None
    ran = before.ended - before.started if before is not None and before.started else 0.0
    return read_only.why_not_started(operation, max(ran, seconds or 0.0) or None)


def get(job_id: str) -> Job:
    """Find a job by its id.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    if not ID.fullmatch(job_id) or not (_root() / job_id).is_dir():
        raise no_job(job_id)
    return Job(_root() / job_id)


def all_jobs() -> list[Job]:
    """Every job, newest first."""
    created = {folder: state.created for folder, state in _states(_root(), read_state).items()}
    return [Job(folder) for folder in sorted(created, key=lambda f: created[f], reverse=True)]


def statuses() -> dict[Job, str]:
    """Every job with its status, newest first; one that is removed meanwhile is left out."""
    looks = {}
    for folder, state in _states(_root(), read_state).items():
        with suppress(NotFoundError):
            looks[Job(folder)] = Job(folder)._follow(state)
    newest = sorted(looks, key=lambda job: looks[job].created, reverse=True)
    return {job: looks[job].status for job in newest}


def start_waiting(root: Path | None = None, hands_out: bool = True) -> None:
    """Start the jobs whose turn it is while there are free slots on their device.

    Not ``hands_out``: those of a cluster are left to a process that lives longer than this one.
    """
    root = root or _root()
    with store.locked(root):
        _start_waiting(root, hands_out)


def _job_of(operation: str, request: dict[str, Any]) -> Job:
    store.check_operation(operation)
    return Job(_root() / f"{operation}-{store.fingerprint(operation, request)[:16]}")


def _root() -> Path:
    return paths.results_root() / "jobs"


def _folders(root: Path) -> list[Path]:
    """The folders of the jobs.

    Raises
    ------
    NeurogalleryError
        If the folder that holds them cannot be read.
    """
    try:
        return [path for path in root.iterdir() if ID.fullmatch(path.name) and path.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        reason = error.strerror or str(error)
        raise NeurogalleryError(
            f"The folder of the jobs {root} cannot be read ({reason})",
            remedy="Check that it is a folder and may be read.",
        ) from None


def _states(root: Path, read: Callable[[Path], State]) -> dict[Path, State]:
    """The state of every job; one that is removed meanwhile is left out."""
    states = {}
    for folder in _folders(root):
        with suppress(NotFoundError):
            states[folder] = read(folder)
    return states


def _leftovers(root: Path) -> list[Path]:
    """Folders of jobs that are removed, or whose creation was killed; the lock is held."""
    return [path for start in (CREATED, REMOVED) for path in root.glob(f"{start}*")]


def _delete(leftovers: list[Path]) -> None:
    """Delete folders; what cannot be deleted now, a later removal tries again."""
    for path in leftovers:
        if path.is_symlink():
            path.unlink(missing_ok=True)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _mended(folder: Path) -> State:
    """The settled state, that of a damaged one whose process runs written anew."""
    state = settle(folder)
    is_at_work = state.status == DAMAGED and os.path.exists(folder / ROOM)
    process = find_by_folder(folder) if is_at_work else None
    return state if process is None else claim(folder, state, process.pid)


def _as_json(request: dict[str, Any]) -> dict[str, Any]:
    """The request as the job will read it, so that its id does not depend on e.g. tuples."""
    try:
        plain: dict[str, Any] = json.loads(json.dumps(request))
    except (TypeError, ValueError) as error:
        raise InputError(f"The request cannot be written as JSON ({error})") from None
    return plain


def _create(folder: Path, content: dict[str, Any], state: State) -> None:
    part = folder.with_name(f"{CREATED}{uuid.uuid4().hex}")
    now = time.time()
    try:
        with store.writing(folder):
            part.mkdir()
            store.write_json(part / REQUEST, content)
            write_state(part, replace(state, created=now, queued=now))
            part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _queue_again(folder: Path, state: State) -> None:
    with store.writing(folder):
        for name in (CANCEL, OVERTAKEN, PROGRESS, heartbeat.BEAT):
            (folder / name).unlink(missing_ok=True)
    store.sweep_parts(folder)
    now = time.time()
    again = State(QUEUED, created=state.created or now, queued=now, device=state.device)
    write_state(folder, replace(again, session=state.session, pressed=state.pressed))


def _is_time_to_look(root: Path) -> bool:
    now = time.monotonic()
    if now - _last_look.get(root, -LOOK_EVERY_S) < LOOK_EVERY_S:
        return False
    _last_look[root] = now
    return True


def _active_jobs(root: Path, read: Callable[[Path], State]) -> list[ActiveJob]:
    reap()
    return [
        ActiveJob.of_folder(folder, state)
        for folder, state in _states(root, read).items()
        if state.status in (QUEUED, RUNNING)
    ]


def _start_waiting(root: Path, hands_out: bool = True) -> None:
    listed = _active_jobs(root, settle)
    if cluster.is_set() and hands_out:
        cluster.wake(root, lambda folder: _active_jobs(folder, read_state))
    listed = [each for each in listed if not each.state.ticket and _runs_here(each.folder)]
    slots = {each.state.device: _slots(each.state.device) for each in listed}
    while (chosen := first_to_start(listed, slots, time.time())) is not None:
        listed.remove(chosen)
        if _start(chosen.folder, chosen.state):
            listed.append(replace(chosen, state=replace(chosen.state, status=RUNNING)))


def _runs_here(folder: Path) -> bool:
    return cluster.runs_here(folder.name.rsplit("-", 1)[0])


def _slots(device: str) -> int:
    if device != "cpu":
        return 1
    text = os.environ.get("NEUROGALLERY_CPU_JOBS") or "2"
    if not text.isdecimal() or int(text) < 1:
        raise InputError(f"NEUROGALLERY_CPU_JOBS is {text!r}", "a whole number from 1")
    return int(text)


def _threads() -> dict[str, str]:
    """A job's share of the processors: threads beyond it wait for one another, at full load."""
    share = max(1, (os.cpu_count() or 1) // _slots("cpu"))
    return dict.fromkeys(THREADS, str(share))


def _stand_back(process: int) -> None:
    if hasattr(os, "setpriority"):  # not on Windows
        own = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, process, max(own, NICENESS))


def _start(folder: Path, state: State) -> bool:
    """Start the process of a job; the lock is held, so it waits for its state to be written."""
    # The process runs in another folder, where relative paths would mean something else.
    environment = {
        **_threads(),
        **os.environ,
        "NEUROGALLERY_RESULTS": str(folder.parent.parent),
        "NEUROGALLERY_DATA": str(paths.data_root()),
    }
    write_state(folder, state)  # no process is started that could not say how it ended
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
    adopt(child)
    try:
        claim(folder, state, child.pid)
    except NeurogalleryError:  # it waits for the lock, which is held
        child.kill()
        raise
    _stand_back(child.pid)
    return True
