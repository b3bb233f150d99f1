"""The state of a job as its folder holds it, and whether its process still lives.

Every change of a state is made under the lock of the folder that holds the jobs.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from core.errors import CorruptDataError, NotFoundError
from core.store import read_json, write_json

REQUEST, STATUS, PROGRESS = "request.json", "status.json", "progress.json"
RESULT, LOG, CANCEL, OVERTAKEN = "result.json", "log.txt", "cancel", "overtaken"
# Touched by a page that shows the job.
SEEN = "seen"
ID = re.compile(r"[a-z0-9_]+-[0-9a-f]{16}")

# A cancelled job is asked by its flag, after TERMINATE_S by SIGTERM, after KILL_S by SIGKILL:
# a signal handler of Python does not run while the process is inside a long C call.
TERMINATE_S = 5.0
KILL_S = 10.0
# The start of a process is known to the second only: it is derived from the time of boot.
SAME_START_S = 2.0

_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class State:
    """Content of ``status.json``; times in seconds since 1970.

    Attributes
    ----------
    status : str
        'queued', 'running', 'done', 'failed', 'cancelled' or 'interrupted'.
    created, queued, started, ended : float
        First submission; last entry into the queue; start and end of the last run.
    device : str
        'cpu' or 'cuda:N'.
    pid, pid_created : int, float
        The process, told from a later one of the same number by its start.
    error : str
        What ended the job, for the reader.
    session : str
        Of the browser that started it; '' for the command line and whatever else has none.
    pressed : bool
        Whether a person asked for it, not a page that was opened.
    """

    status: str
    created: float = 0.0
    queued: float = 0.0
    device: str = "cpu"
    pid: int = 0
    pid_created: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    error: str = ""
    session: str = ""
    pressed: bool = True


def read_state(folder: Path) -> State:
    """Read the state as it was last written; a damaged one counts as failed.

    Raises
    ------
    NotFoundError
        If there is no such job.
    """
    if not ID.fullmatch(folder.name) or not folder.is_dir():
        raise NotFoundError(f"There is no job {folder.name!r}", remedy="It may have been removed.")
    try:
        return State(**read_json(folder / STATUS))
    except (CorruptDataError, TypeError) as error:
        return State("failed", error=f"The status of this job cannot be read ({error}).")


def write_state(folder: Path, state: State) -> State:
    write_json(folder / STATUS, asdict(state))
    return state


def claim(folder: Path, state: State, pid: int) -> State:
    """Write that the process now runs the job."""
    created = psutil.Process(pid).create_time()
    return write_state(
        folder,
        replace(state, status="running", pid=pid, pid_created=created, started=time.time()),
    )


def end(folder: Path, state: State, status: str, error: str = "") -> State:
    return write_state(folder, replace(state, status=status, error=error, ended=time.time()))


def settle(folder: Path) -> State:
    """Read the state and bring it up to date: note a dead process, enforce a cancel."""
    state = read_state(folder)
    if state.status != "running":
        return state
    process = find_process(state)
    if process is not None:
        _enforce_cancel(folder, process)
        return state
    if (folder / CANCEL).exists():
        return end(folder, state, "cancelled")
    return end(
        folder,
        state,
        "interrupted",
        "The process of this job ended without a word (killed?). Resume or remove it.",
    )


def find_process(state: State) -> psutil.Process | None:
    """The live process of a running job; None when it is gone or only a zombie."""
    reap()
    try:
        process = psutil.Process(state.pid)
        if abs(process.create_time() - state.pid_created) > SAME_START_S:
            return None
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except psutil.NoSuchProcess:
        return None


def adopt(child: subprocess.Popen[bytes]) -> None:
    """Remember a process started here, for ``reap``."""
    _children[child.pid] = child


def reap() -> None:
    """Collect the ended processes that were started here: they leave no zombies."""
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            _children.pop(pid, None)


def _enforce_cancel(folder: Path, process: psutil.Process) -> None:
    try:
        waited = time.time() - (folder / CANCEL).stat().st_mtime
    except FileNotFoundError:
        return
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        if waited > KILL_S:
            _kill(process)
        elif waited > TERMINATE_S:
            process.terminate()


def _kill(process: psutil.Process) -> None:
    """Kill the process, and its workers where it leads a group of its own."""
    if os.getpgid(process.pid) == process.pid:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
