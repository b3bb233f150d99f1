"""The heartbeat of a job on an engine, whose process is on another machine perhaps.

Its process touches a file of the folder. Whoever looks counts, by a clock of its own that nobody
sets, how long the file has stayed as it is: clocks of two machines are never compared, and
processes of another machine never asked for.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.jobs import processes

BEAT = "beat"
# Set for a job by what starts it on a worker: its ticket, the process that watches it, seconds.
TICKET, WATCHER, EVERY = "NEUROGALLERY_TICKET", "NEUROGALLERY_WATCHER", "NEUROGALLERY_BEAT_S"
BEAT_S = 2.0
# A silence as long is a death: where nothing else is known (file systems of networks show a
# change late), and where the engine misses the worker.
SILENT_S, MISSED_S = 45.0, 6.0

Mark = tuple[int, int] | None
_seen: dict[tuple[Path, str], tuple[Mark, float]] = {}


@contextmanager
def beating(folder: Path, ticket: str) -> Iterator[None]:
    """Within, this process touches the file of its heartbeat, and ends with its watcher.

    Without a ticket, as on this machine, nothing happens.
    """
    if not ticket:
        yield
        return
    watcher = int(os.environ.get(WATCHER) or os.getppid())
    processes.end_with(watcher)
    begin(folder, ticket)
    with kept_up(folder, float(os.environ.get(EVERY) or BEAT_S), watcher):
        yield


@contextmanager
def kept_up(folder: Path, seconds: float, watcher: int = 0) -> Iterator[None]:
    """Within, a thread touches the file of a heartbeat; it ends the process with its watcher."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(seconds):
            if watcher and os.getppid() != watcher:
                processes.end_group()
            beat(folder)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def begin(folder: Path, ticket: str) -> None:
    """Write whose heartbeat it is. A beat needs no room on the disk then."""
    (folder / BEAT).write_text(ticket, encoding="ascii")


def beat(folder: Path) -> None:
    with suppress(OSError):
        os.utime(folder / BEAT)


def silence(folder: Path, ticket: str) -> float:
    """For how many seconds this process has seen no new beat of a run; 0 at its first look."""
    now, mark = time.monotonic(), last(folder, ticket)
    known, since = _seen.get((folder, ticket), (mark, now))
    since = since if mark == known else now
    _seen[folder, ticket] = mark, since
    return now - since


def forget(folder: Path, ticket: str) -> None:
    """Of a run that is over."""
    _seen.pop((folder, ticket), None)


def last(folder: Path, ticket: str) -> Mark:
    """What tells the last beat of a run from the one before; None where there is none yet."""
    try:
        with open(folder / BEAT, encoding="ascii") as file:  # opened: a stat may be an old one
            status = os.fstat(file.fileno())
            return (status.st_ino, status.st_mtime_ns) if file.read() == ticket else None
    except (OSError, ValueError):
        return None
