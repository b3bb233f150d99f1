"""The files of a job: its state, request and progress, all checked where they are read.

Every change of a state is made under the lock of the folder that holds the jobs; reading takes
no lock and never needs to write.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from core.errors import CorruptDataError, NeurogalleryError, NotFoundError
from core.jobs import heartbeat, processes
from core.jobs.processes import Start
from core.store import read_json, write_json, writing
from core.store.files import has_room

REQUEST, STATUS, PROGRESS = "request.json", "status.json", "progress.json"
RESULT, LOG, CANCEL, OVERTAKEN = "result.json", "log.txt", "cancel", "overtaken"
# Touched by a page that shows the job; and kept by one that runs, which gives it back at its end
# so that a full disk takes its last words.
SEEN, ROOM = "seen", "room"
ID = re.compile(r"[a-z0-9_]+-[0-9a-f]{16}")
DEVICE = re.compile(r"cpu|cuda:\d+")

QUEUED, RUNNING, DAMAGED = "queued", "running", "damaged"
# As a state says; one that cannot be read is DAMAGED.
STATUSES = (QUEUED, RUNNING, "done", "failed", "cancelled", "interrupted")
ENDED_SILENTLY = "The process of this job ended without a word (killed?). Resume or remove it."
ENDED_FULL = (
    "The process of this job ended, and the disk of the results is full. Free space, then resume "
    "or remove it."
)
# Of a job on an engine: a job whose worker died is queued again so often.
MOST_LOSSES = 2
WORKER_DIED = (
    "The worker died, {count} times in all (last: {worker}). The job may be sound: see that "
    "workers stay and have memory enough, then resume it."
)
NEVER_BEGUN = (
    "No worker began this job, {count} times in all (last: {worker}). See the log of the worker, "
    "then resume the job."
)
MEND = "Remove this job, or start it again: it goes on from what it has kept."

# A cancelled job is asked by its flag, after TERMINATE_S by SIGTERM, after KILL_S by SIGKILL:
# a signal handler of Python does not run while the process is inside a long C call.
TERMINATE_S = 5.0
KILL_S = 10.0
# Years that a date can have, and numbers that a process can have.
LATEST_S, LARGEST_PID = 1e11, 2**31 - 1

# When this process first saw each cancel, by a clock that nobody sets.
_cancels_seen: dict[tuple[Path, int], float] = {}


@dataclass(frozen=True)
class State:
    """Content of ``status.json``; times in seconds since 1970.

    Attributes
    ----------
    status : str
        'queued', 'running', 'done', 'failed', 'cancelled' or 'interrupted'; 'damaged' where the
        file does not hold a state, whose fields are then those that could be read.
    created, queued, started, ended : float
        First submission; last entry into the queue; start and end of the last run.
    device : str
        'cpu' or 'cuda:N'.
    pid, boot, pid_ticks, pid_created : int, str, int, float
        The process, told from a later one of the same number by its ``Start``.
    error : str
        What ended the job, for the reader.
    session : str
        Of the browser that started it; '' for the command line and whatever else has none.
    pressed : bool
        Whether a person asked for it, not a page that was opened.
    engine, worker, ticket : str
        Of a job that an engine runs: which, where, and the name of this run, of which there is
        one a hand-out. The process is 0 until it begins.
    losses : int
        How often its worker has died.
    """

    status: str
    created: float = 0.0
    queued: float = 0.0
    device: str = "cpu"
    pid: int = 0
    pid_created: float = 0.0
    pid_ticks: int = 0
    boot: str = ""
    started: float = 0.0
    ended: float = 0.0
    error: str = ""
    session: str = ""
    pressed: bool = True
    engine: str = ""
    worker: str = ""
    ticket: str = ""
    losses: int = 0

    @property
    def start(self) -> Start:
        return Start(self.boot, self.pid_ticks, self.pid_created)


@dataclass(frozen=True)
class Report:
    """Content of ``progress.json``: what the process of a job last told.

    Attributes
    ----------
    fraction : float
        0 to 1.
    message : str
    written : float
        ``time.monotonic`` when it was written, which counts from the boot for every process.
    elapsed : float or None
        Seconds since the run began; None in files of former versions.
    seconds_left : float or None
        None while it is unknown.
    """

    fraction: float = 0.0
    message: str = ""
    written: float = 0.0
    elapsed: float | None = None
    seconds_left: float | None = None


def _is_number(least: float, most: float) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        return type(value) in (int, float) and least <= value <= most  # NaN is neither

    return check


def _is_whole(most: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and 0 <= value <= most


def _is_text(value: Any) -> bool:
    """Whether it is text that can be shown: JSON may hold halves of a character."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _or_none(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or check(value)


_IS_TIME = _is_number(0.0, LATEST_S)
RULES: dict[str, Callable[[Any], bool]] = {
    "status": lambda value: value in STATUSES,
    "created": _IS_TIME,
    "queued": _IS_TIME,
    "device": lambda value: isinstance(value, str) and bool(DEVICE.fullmatch(value)),
    "pid": _is_whole(LARGEST_PID),
    "pid_created": _IS_TIME,
    "pid_ticks": _is_whole(2**63),
    "boot": _is_text,
    "started": _IS_TIME,
    "ended": _IS_TIME,
    "error": _is_text,
    "session": _is_text,
    "pressed": lambda value: isinstance(value, bool),
    "engine": _is_text,
    "worker": _is_text,
    "ticket": _is_text,
    "losses": _is_whole(2**31),
}
REPORT_RULES: dict[str, Callable[[Any], bool]] = {
    "fraction": _is_number(0.0, 1.0),
    "message": _is_text,
    "written": _IS_TIME,
    "elapsed": _or_none(_IS_TIME),
    "seconds_left": _or_none(_IS_TIME),
}
# Former versions had no later ones: a file that has the first of them has them all.
ALWAYS_THERE, NEW = ("status",), "boot"
# Fields of a state that the end of a run writes.
OF_THE_END = ("status", "error", "started", "ended")
OF_ENGINES = ("engine", "worker", "ticket", "losses")


def read_state(folder: Path) -> State:
    """Read the state as it was last written.

    What is wrong with one that is damaged is its error; it keeps the fields that are sound.

    Raises
    ------
    NotFoundError
        If there is no such job.
    """
    if not ID.fullmatch(folder.name):
        raise no_job(folder.name)
    try:
        values = read_json(folder / STATUS)
        if values is None and not folder.is_dir():
            raise no_job(folder.name)
        problem = _problem(values)
    except CorruptDataError as error:
        values, problem = {}, error.problem
    if not problem:
        return State(**values)
    sound = _sound(values) if isinstance(values, dict) else {}
    said = NeurogalleryError(f"The state of this job cannot be read: {problem}", remedy=MEND)
    return State(**{**sound, "status": DAMAGED, "error": str(said)})


def read_request(folder: Path) -> tuple[str, dict[str, Any]]:
    """What a job is to run: operation, and the JSON values of the request.

    Raises
    ------
    CorruptDataError
        If the file does not hold it.
    """
    content = read_json(folder / REQUEST)
    if isinstance(content, dict):
        operation, request = content.get("operation"), content.get("request")
        if isinstance(operation, str) and isinstance(request, dict):
            return operation, request
    raise CorruptDataError(f"{REQUEST} does not hold an operation and its request")


def read_result(folder: Path) -> dict[str, Any]:
    """What the operation returned; empty where there is nothing yet.

    Raises
    ------
    CorruptDataError
        If the file does not hold values by name.
    """
    result = read_json(folder / RESULT)
    if result is not None and not isinstance(result, dict):
        raise CorruptDataError(f"{RESULT} does not hold values by name")
    return result or {}


def read_report(folder: Path) -> Report:
    """What the process last told; a damaged file, which the next one replaces, tells just that."""
    try:
        values = read_json(folder / PROGRESS)
    except CorruptDataError as error:
        return Report(message=error.problem)
    if values is None:
        return Report()
    if not isinstance(values, Mapping) or not all(
        name in REPORT_RULES and REPORT_RULES[name](value) for name, value in values.items()
    ):
        return Report(message=f"{PROGRESS} does not hold a progress")
    return Report(**values)


def no_job(name: str) -> NotFoundError:
    return NotFoundError(f"There is no job {name!r}", remedy="It may have been removed.")


def write_state(folder: Path, state: State) -> State:
    write_file(folder / STATUS, asdict(state))
    return state


def write_file(path: Path, values: Any) -> None:
    """Write a file of a job, in the place of whatever has its name."""
    if path.is_dir() and not path.is_symlink():
        with writing(path):
            shutil.rmtree(path)
    write_json(path, values)


def claim(folder: Path, state: State, pid: int) -> State:
    """Write that the process now runs the job."""
    start = processes.start_of(pid) or Start()  # it may have ended already
    running = replace(
        state,
        status=RUNNING,
        error="",
        pid=pid,
        pid_created=start.created,
        pid_ticks=start.ticks,
        boot=start.boot,
        started=time.time(),
    )
    return write_state(folder, running)


def end(folder: Path, state: State, status: str, error: str = "") -> State:
    return write_state(folder, _ended(state, status, error))


def current_state(folder: Path) -> State:
    """The state as it is now, which may not have been written: a dead process has ended."""
    state = read_state(folder)
    if state.status != RUNNING:
        return state
    if state.ticket:
        return after_loss(folder, state) if is_silent(folder, state) else state
    return _after_death(folder, state) if find_process(state) is None else state


def settle(folder: Path) -> State:
    """Bring the state up to date: note a dead process, enforce a cancel.

    Where it cannot be written it is given all the same, and noted by a later look.
    """
    state = read_state(folder)
    if state.status != RUNNING:
        return state
    if state.ticket:  # its watcher enforces a cancel
        if not is_silent(folder, state):
            return state
        state = after_loss(folder, state)
    else:
        process = find_process(state)
        if process is not None:
            enforce_cancel(folder, process)
            return state
        state = _after_death(folder, state)
    with suppress(NeurogalleryError):
        write_state(folder, state)
    return state


def is_silent(folder: Path, state: State) -> bool:
    """Whether a job on an engine has begun and is not heard of any more."""
    return bool(state.pid) and heartbeat.silence(folder, state.ticket) > heartbeat.SILENT_S


def is_in_run(folder: Path, ticket: str) -> bool:
    """Whether a job still is in the run of a ticket, as far as its state can be read.

    Else it has been counted as lost meanwhile, and another run may have its place.
    """
    state = read_state(folder)
    return state.status == DAMAGED or (state.status, state.ticket) == (RUNNING, ticket)


def after_loss(folder: Path, state: State) -> State:
    """The state of a job whose worker is gone: it waits again, or has failed too often."""
    heartbeat.forget(folder, state.ticket)
    if (folder / CANCEL).exists():
        return _ended(state, "cancelled")
    if state.losses < MOST_LOSSES:
        return waiting_again(replace(state, losses=state.losses + 1))
    words = WORKER_DIED if state.pid else NEVER_BEGUN
    count = state.losses + 1
    return _ended(state, "failed", words.format(count=count, worker=state.worker or state.engine))


def waiting_again(state: State, reason: str = "") -> State:
    """The state of a job that was handed out and is to wait again, with its place in the queue."""
    return replace(state, status=QUEUED, pid=0, engine="", worker="", ticket="", error=reason)


def note_end(folder: Path, ticket: str, error: str = "") -> None:
    """Note how a run on this machine ended whose process said no word; the lock is held."""
    state = read_state(folder)
    if state.status == RUNNING and state.ticket == ticket:
        write_state(
            folder, _ended(state, "failed", error) if error else _after_death(folder, state)
        )


def find_process(state: State) -> psutil.Process | None:
    """The live process of a running job; None when it is gone or only a zombie."""
    return processes.find(state.pid, state.start)


def _after_death(folder: Path, state: State) -> State:
    if (folder / CANCEL).exists():
        return _ended(state, "cancelled")
    return _ended(state, "interrupted", ENDED_SILENTLY if has_room(folder) else ENDED_FULL)


def _ended(state: State, status: str, error: str = "") -> State:
    return replace(state, status=status, error=error, ended=time.time())


def _problem(values: Any) -> str:
    """What is wrong with the content of a state; '' where nothing is."""
    if values is None:
        return f"{STATUS} is absent"
    if not isinstance(values, dict):
        return f"{STATUS} does not hold values by name"
    for name in _required(values):
        if name not in values:
            return f"{STATUS} has no {name!r}"
    for name, value in values.items():
        if name not in RULES:
            return f"{STATUS} has a field {name[:40]!r}"
        if not RULES[name](value):
            return f"{name!r} is {repr(value)[:40]} in {STATUS}"
    if values["status"] == RUNNING and not (values.get("pid") or values.get("ticket")):
        return f"{STATUS} has no process"
    return ""


def _required(values: Mapping[str, Any]) -> Iterable[str]:
    if NEW not in values:
        return ALWAYS_THERE
    return RULES if OF_ENGINES[0] in values else RULES.keys() - set(OF_ENGINES)


def _sound(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in RULES and RULES[name](value)}


def enforce_cancel(folder: Path, process: psutil.Process) -> None:
    try:
        cancel = folder, (folder / CANCEL).stat().st_mtime_ns
    except OSError:
        return
    now = time.monotonic()
    waited = now - _cancels_seen.setdefault(cancel, now)
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        if waited > KILL_S:
            processes.kill(process)
        elif waited > TERMINATE_S:
            process.terminate()
