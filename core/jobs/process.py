"""Inside the process of a job: run its operation and say how it ended."""

from __future__ import annotations

import math
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType
from typing import Any

from core import store
from core.errors import Cancelled, InputError, NeurogalleryError
from core.jobs import heartbeat
from core.jobs.earlier_runs import recall, remember
from core.jobs.queue import start_waiting
from core.jobs.state import (
    CANCEL,
    PROGRESS,
    QUEUED,
    RESULT,
    ROOM,
    RUNNING,
    Report,
    State,
    claim,
    end,
    is_in_run,
    read_request,
    read_state,
    settle,
    write_file,
)
from core.jobs.time_left import Pace
from core.memory import explain_shortage, is_shortage
from core.progress import Progress
from core.store import read_only
from core.store.files import FREE_SPACE, full_disk, is_disk_full
from core.store.stamps import noting

WRITE_EVERY_S = 0.2
EXIT_STATUS = {"done": 0, "interrupted": 130}
ROOM_BYTES = 64 * 1024

# Of the job that this process runs.
_sessions: list[str] = []

Function = Callable[[dict[str, Any], Progress, Path], dict[str, Any]]


class Terminated(BaseException):
    """SIGTERM arrived; no 'except Exception' of an operation swallows it."""


def run(folder: Path, resolve: Callable[[str], Function]) -> int:
    """Run the job of a folder in this process.

    Parameters
    ----------
    folder : Path
        Folder of a job that waits.
    resolve : callable
        Gives the function of an operation. It is called with the JSON values of the
        request, a progress callback (fraction 0..1, message) and the folder, and returns
        JSON values; the callback raises ``Cancelled`` once the job is to stop.

    Returns
    -------
    int
        Exit status: 0 when the job is done, 130 when it was interrupted, else 2.

    Raises
    ------
    NotFoundError, InputError
        If there is no such job, or it does not wait to be run.
    """
    folder, ticket = folder.resolve(), os.environ.pop(heartbeat.TICKET, "")
    os.environ["NEUROGALLERY_RESULTS"] = str(folder.parent.parent)  # beside its own jobs
    read_state(folder)  # before the lock, which would create the folders above
    with store.locked(folder.parent):
        state = _take(folder, ticket)
    signal.signal(signal.SIGTERM, _terminate)
    report = Reporter(folder)
    _sessions.append(state.session)
    try:
        with heartbeat.beating(folder, ticket):
            status, error = _attempt(folder, resolve, report)
    finally:
        _sessions.pop()
    signal.signal(signal.SIGTERM, _ignore)
    _log(error)
    # After a step of the clock its start is told by the clock of now.
    state = replace(state, started=time.time() - report.elapsed)
    with store.locked(folder.parent):
        if not ticket or is_in_run(folder, ticket):
            _end(folder, state, status, error)
        if status == "done":
            report.remember()
    if not ticket:  # on a worker nothing else starts
        with suppress(NeurogalleryError):  # whoever looks next starts them
            start_waiting(folder.parent, hands_out=False)
    return EXIT_STATUS.get(status, 2)


def _end(folder: Path, state: State, status: str, error: str) -> None:
    (folder / ROOM).unlink(missing_ok=True)
    store.sweep_parts(folder)
    end(folder, state, status, error)


def _log(error: str) -> None:
    """Write to the log, which stands on the same disk."""
    with suppress(OSError):
        if error:
            print(error, file=sys.stderr, flush=True)


def session_at_work() -> str:
    """The session whose job this process runs; '' on the command line and elsewhere."""
    return _sessions[-1] if _sessions else ""


class Reporter:
    """The progress callback of one run; writes at most a few times a second."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._began = time.monotonic()
        self._written = 0.0
        self._fraction, self._message = 0.0, ""
        self._work: tuple[str, dict[str, Any]] = "", {}
        self._limit = math.inf
        self._pace = Pace()

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    def begin(self, operation: str, request: dict[str, Any]) -> None:
        """Say how long earlier runs of the same operation took."""
        self._work = operation, request
        self._limit = read_only.limit_s()
        self._pace = Pace(recall(self._folder.parent.parent, operation, request))
        self.write()

    def __call__(self, fraction: float, message: str = "") -> None:
        self.check_cancelled()
        now = time.monotonic()
        self._fraction, self._message = min(1.0, max(0.0, float(fraction))), message
        self._pace.tell(fraction, now - self._began)
        if now - self._written >= WRITE_EVERY_S:
            self.write()

    def check_cancelled(self) -> None:
        """Raise Cancelled once the job is to stop, or takes longer than it may."""
        if (self._folder / CANCEL).exists() or self.elapsed > self._limit:
            raise Cancelled

    def how_ended(self) -> tuple[str, str]:
        """Status and error of a job that has stopped where it was to."""
        if self.elapsed > self._limit and not (self._folder / CANCEL).exists():
            return "failed", read_only.why_ended()
        return "cancelled", ""

    def write(self) -> None:
        """Write it; the work goes on where that fails."""
        self._written = time.monotonic()
        elapsed = self._written - self._began
        left = self._pace.seconds_left(elapsed)
        report = Report(self._fraction, self._message, self._written, elapsed, left)
        with suppress(NeurogalleryError):
            store.write_json(self._folder / PROGRESS, asdict(report))

    def finish(self) -> None:
        self._fraction = 1.0
        self._pace.tell(1.0, time.monotonic() - self._began)
        self.write()

    def remember(self) -> None:
        """Keep how long this run took, for those that come; the lock of the jobs is held."""
        remember(self._folder.parent.parent, *self._work, self._pace.course())


def _take(folder: Path, ticket: str) -> State:
    """Make this process the one that runs the job, unless another does."""
    state = settle(folder)
    if ticket:  # a run that was handed out begins once, whatever an engine does again
        is_own = (state.status, state.ticket, state.pid) == (RUNNING, ticket, 0)
    else:
        is_own = state.status == QUEUED or (state.status == RUNNING and state.pid == os.getpid())
    if not is_own:
        raise InputError(
            f"The job {folder.name} is {state.status}", "a job that waits", "Resume it first."
        )
    state = claim(folder, state, os.getpid())
    store.sweep_parts(folder)
    with suppress(OSError):
        (folder / ROOM).write_bytes(os.urandom(ROOM_BYTES))  # which no disk makes smaller
    return state


def _attempt(folder: Path, resolve: Callable[[str], Function], report: Reporter) -> tuple[str, str]:
    """Run the operation. Gives the status of the job and its error."""
    try:
        report.check_cancelled()
        operation, request = read_request(folder)
        report.begin(operation, request)
        with noting():
            result = resolve(operation)(request, report, folder)
        write_file(folder / RESULT, result)
        report.finish()
    except Cancelled:
        return report.how_ended()
    except (Terminated, KeyboardInterrupt):
        if (folder / CANCEL).exists():
            return "cancelled", ""
        return "interrupted", "The process of this job was told to stop. Resume or remove it."
    except NeurogalleryError as error:
        return "failed", str(error)
    except Exception as error:
        if is_shortage(error):
            return "failed", explain_shortage(error)
        _log(traceback.format_exc())
        if is_disk_full(error):
            return "failed", explain_full_disk(error)
        return "failed", f"{type(error).__name__}: {error}"
    return "done", ""


def explain_full_disk(error: BaseException) -> str:
    """One line for work that could not write on."""
    problem = f"This job stopped because {full_disk(error)}"
    return str(NeurogalleryError(problem, remedy=f"{FREE_SPACE} Then resume it."))


def _terminate(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, _ignore)
    raise Terminated


def _ignore(number: int, frame: FrameType | None) -> None:
    """A second signal must not break off the writing of the state.

    A function, because a job started from here would inherit SIG_IGN.
    """
