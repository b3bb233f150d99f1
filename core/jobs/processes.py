"""The process of a job: told from a later one of the same number, found, ended.

A start in seconds since 1970 moves when somebody sets the clock, so Linux's own count of clock
ticks since the boot is compared, and the id of the boot. Elsewhere it is the time that the system
noted at the start and that a later step of the clock leaves as it is.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

PROC, BOOT_ID = Path("/proc"), Path("/proc/sys/kernel/random/boot_id")
# proc(5): the 22nd field of a process, of which the 2nd is a name in brackets.
TICKS_FIELD = 22
# Of a start in seconds since 1970, which psutil derives from the time of boot.
SAME_START_S = 2.0
# prctl(2)
PR_SET_PDEATHSIG = 1

_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Start:
    """When a process started.

    Attributes
    ----------
    boot : str
        Id of the boot; '' where the system has none.
    ticks : int
        Clock ticks since the boot.
    created : float
        Seconds since 1970, by the clock of then.
    """

    boot: str = ""
    ticks: int = 0
    created: float = 0.0

    def is_now(self, now: Start) -> bool:
        """Whether the process is still this one; as of former versions by the clock alone."""
        if self.boot:
            return (self.boot, self.ticks) == (now.boot, now.ticks)
        return abs(self.created - now.created) <= SAME_START_S


@cache
def boot_id() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def start_of(pid: int) -> Start | None:
    """When the process of a number started; None where there is none, or only a zombie."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        created = process.create_time()
    except psutil.NoSuchProcess:
        return None
    ticks = _ticks(pid)
    return Start(boot_id() if ticks else "", ticks, created)


def find(pid: int, start: Start) -> psutil.Process | None:
    """The live process of a number that started then; None when it is gone or only a zombie."""
    reap()
    now = start_of(pid)
    if now is None or not start.is_now(now):
        return None
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid)
    return None


def find_by_folder(folder: Path) -> psutil.Process | None:
    """The process that runs the job of a folder, by what it was started with.

    For a job whose state no longer says which one it is; a look at every process.
    """
    reap()
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if words[-2:] == ["job", str(folder)] and process.info["status"] != psutil.STATUS_ZOMBIE:
            return process
    return None


def adopt(child: subprocess.Popen[bytes]) -> None:
    """Remember a process started here, for ``reap``."""
    _children[child.pid] = child


def reap() -> None:
    """Collect the ended processes that were started here: they leave no zombies."""
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            _children.pop(pid, None)


def kill(process: psutil.Process) -> None:
    """Kill the process, and its workers where it leads a group of its own."""
    if os.getpgid(process.pid) == process.pid:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def end_with(parent: int) -> None:
    """Let the system end this process when its parent ends, where it can (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended before
        end_group()


def end_group() -> None:
    """End this process with its workers, at once."""
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _ticks(pid: int) -> int:
    """Clock ticks from the boot to the start of a process; 0 where the system does not say."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        return int(text.rpartition(")")[2].split()[TICKS_FIELD - 3])
    except (OSError, ValueError, IndexError):
        return 0
