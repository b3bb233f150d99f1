"""A Dask scheduler and workers as processes of their own, for tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from core import jobs, paths
from core.jobs import state

PATIENCE_S = 60.0

PLUGIN = '''
import os, time
from core import store
from core.operations import OPERATIONS

for name in ("steps", "stubborn", "double", "leave"):
    OPERATIONS.register(f"test_{name}", f"cluster_plugin:{name}")

def steps(request, progress, folder):
    """Counts to 'steps', keeps a checkpoint after each; at 'hold' waits for the file 'go'."""
    checkpoint = folder / "checkpoint"
    first = int(checkpoint.read_text()) if checkpoint.exists() else 0
    with open(folder / "began", "a") as file:
        file.write(f"{os.getpid()}\\n")
    for step in range(first, request["steps"]):
        progress(step / request["steps"], f"step {step}")
        while step == request.get("hold") and not (folder / "go").exists():
            progress(step / request["steps"], f"step {step}")
            time.sleep(0.01)
        checkpoint.write_text(str(step + 1))
    return {"first": first, "steps": request["steps"]}

def stubborn(request, progress, folder):
    """Never looks at the flag."""
    (folder / "ready").write_text(str(os.getpid()))
    time.sleep(600)

def double(request, progress, folder):
    """Doubles what a result holds, and stores it as another one."""
    values = store.load(request["of"]).arrays["values"]
    key = store.key("doubled", request["of"], {})
    store.save(key, {"values": 2 * values}, {"of": request["of"]})
    return {"key": key}

def leave(request, progress, folder):
    """Ends without a word."""
    os._exit(9)
'''


def wait_until(condition: Callable[[], object], what: object = "") -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited too long {what}"
        time.sleep(0.02)


def wait_for(job: jobs.Job, status: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while (now := job.status) != status:
        log = job.folder / state.LOG
        words = log.read_text() if log.exists() else ""
        assert time.monotonic() < end, (now, job.error, words, state.read_state(job.folder))
        time.sleep(0.02)


class DaskCluster:
    """A scheduler, and workers by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "cluster_plugin.py").write_text(PLUGIN)
        (folder / "soon.py").write_text("from core.jobs import state\nstate.TERMINATE_S = 0.4\n")
        self.start_scheduler()

    def start_scheduler(self) -> None:
        words = ["scheduler", "--host", "127.0.0.1", "--port", str(self.port)]
        # It needs Dask alone.
        self.scheduler = self._start(words, "scheduler", {"PYTHONPATH": ""}, "/")

    def start_worker(
        self, name: str, *words: str, cwd: str = str(paths.PROJECT), **environment: str
    ) -> None:
        more = ["--preload", str(self.folder / "soon.py")] if cwd == str(paths.PROJECT) else []
        words = ("worker", self.address, "--name", name, "--no-nanny", "--nthreads", "1", *words)
        self.workers[name] = self._start([*words, *more], name, environment, cwd)

    def kill(self, name: str) -> None:
        process = self.workers.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        for process in (*self.workers.values(), self.scheduler):
            process.send_signal(signal.SIGKILL)
            process.wait()

    def _start(
        self,
        words: list[str],
        name: str,
        environment: dict[str, str],
        cwd: str = str(paths.PROJECT),
    ) -> subprocess.Popen[bytes]:
        kind, *more = words
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *more, "--no-dashboard"]
        kept = {k: v for k, v in os.environ.items() if not k.startswith("NEUROGALLERY_")}
        own = {
            **kept,
            "PYTHONPATH": f"{paths.PROJECT}{os.pathsep}{self.folder}",
            "DASK_TEMPORARY_DIRECTORY": str(self.folder),
            "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
            **environment,
        }
        with open(self.folder / f"{name}.log", "ab") as log:
            return subprocess.Popen(command, cwd=cwd, env=own, stdout=log, stderr=log)


def processes_of(folder: Path) -> list[int]:
    """Processes that run jobs of a folder."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any(str(folder) in word for word in process.info["cmdline"] or [])
    ]
