"""Tries in processes of their own: a signal that ends one counts as lost, and the rest go on."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.torture.outcome import LIMIT_S, Lost, Outcome

GRACE_S = 5.0


def in_child(
    outcome: Outcome, what: str, work: Callable[[], None], limit_s: float = LIMIT_S
) -> None:
    """Count ``work``, done in a forked process, as one try."""
    with tempfile.TemporaryDirectory(prefix="neurogallery-torture-") as folder:
        answer = Path(folder) / "outcome.json"
        child = os.fork()
        if child == 0:
            _work(what, work, limit_s, answer)
        status = waited(child, limit_s + GRACE_S)
        if status is None:
            outcome.count("lost", f"{what}: no answer within {limit_s:.0f} s")
        elif os.WIFSIGNALED(status):
            name = signal.Signals(os.WTERMSIG(status)).name
            outcome.count("lost", f"{what}: the process died of {name}")
        else:
            outcome.add(Outcome(**json.loads(answer.read_text("utf-8"))))


def _work(what: str, work: Callable[[], None], limit_s: float, answer: Path) -> None:
    """The life of a child; it never comes back."""
    try:
        own = Outcome("")
        with own.trying(what, limit_s):
            work()
        answer.write_text(json.dumps(own.to_json()), "utf-8")
        sys.stdout.flush()
    finally:
        os._exit(0 if answer.exists() else 3)


def waited(child: int, limit_s: float) -> int | None:
    """Wait status of a child; None where it had to be killed after its time."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def forked(work: Callable[[], Any], limit_s: float = LIMIT_S) -> int:
    """Do work in a process that may die of it; its wait status."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    status = waited(child, limit_s)
    if status is None:
        raise Lost(f"no answer within {limit_s:.0f} s")
    return status
