"""On a worker: start the process of a job, watch it, and end it when it is to stop.

The process leads a group of its own and ends with its watcher. What a job says, it says in its
folder; the watcher adds the word of a process that ended without a last one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from core import paths, store
from core.errors import NeurogalleryError, NotFoundError
from core.jobs import heartbeat, processes
from core.jobs.cluster import versions
from core.jobs.cluster.engine import CLUSTER, Spec
from core.jobs.state import LOG, RUNNING, enforce_cancel, is_in_run, note_end, read_state

LOOK_EVERY_S, MOST_MISSES = 0.1, 2
# In the folder of the jobs, so that a worker can tell whether it sees that folder.
MARK = ".seen-by-workers"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def serve(name: str, values: Mapping[str, Any], content: bytes) -> bytes:
    """Call a function of a worker by its name; what it gives is JSON or the bytes of a file.

    An error of ours comes back as its one line, 'problem'.
    """
    from core.jobs.cluster import returning

    functions: dict[str, Callable[..., dict[str, Any]]] = {
        "about": about,
        "host": host,
        "host_returned": returning.host_returned,
    }
    try:
        if name in functions:
            return json.dumps(functions[name](**values)).encode()
        return returning.FUNCTIONS[name](content=content, **values)
    except NeurogalleryError as error:
        return json.dumps({"problem": str(error)}).encode()


def about(root: str, mark: str) -> dict[str, Any]:
    """Versions of this worker, and whether it sees the folder of the jobs."""
    try:
        sees = (_here(Path(root)) / MARK).read_text("ascii") == mark
    except (OSError, ValueError):
        sees = False
    return {**versions.facts(), "sees": sees}


def host(spec: Spec) -> dict[str, Any]:
    """Run a job whose folder this worker sees, until its process has ended.

    A run that has ended, or that another one has taken the place of, is left as it is.

    Returns
    -------
    dict
        ``problem``, why it was not begun; '' where it was.
    """
    folder = _here(Path(spec["root"])) / spec["job"]
    if not folder.is_dir():
        raise NotFoundError(
            f"The worker {spec['worker']} does not see the folder {folder}",
            "a results folder that server and workers share",
            "Share it, or set NEUROGALLERY_CLUSTER_RESULTS=returned.",
        )
    check_code(spec)
    run_job(folder, spec)
    return {"problem": ""}


def host_or_fail(spec: Spec) -> None:
    """As ``host``, where nobody asks for what it gives: the job says why it was not begun."""
    try:
        host(spec)
    except NeurogalleryError as error:
        folder = _here(Path(spec["root"])) / spec["job"]
        if not folder.is_dir():
            raise
        with store.locked(folder.parent):
            note_end(folder, spec["ticket"], str(error))


def check_code(spec: Spec) -> None:
    """Raise NeurogalleryError unless this worker has the code of the server."""
    own = versions.code_on_disk()
    if own != spec["code"]:
        raise NeurogalleryError(
            f"The worker {spec['worker']} has Neurogallery {own}, this server {spec['code']}",
            remedy="Bring the same version to both.",
        )


def run_job(folder: Path, spec: Spec) -> None:
    """Start the process of a job, and watch it to its end.

    What an engine runs a second time has begun already, and is left as it is.
    """
    state = read_state(folder)
    if (state.status, state.ticket, state.pid) != (RUNNING, spec["ticket"], 0):
        return
    _end_former(folder)
    with open(folder / LOG, "ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "core", "job", str(folder)],
            cwd=paths.PROJECT,
            env=_environment(folder, spec),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _watch(child, folder, spec)
    finally:
        with suppress(ProcessLookupError, PermissionError):  # with what it has started
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    _note_end(folder, spec["ticket"])


def _watch(child: subprocess.Popen[bytes], folder: Path, spec: Spec) -> None:
    """Enforce a cancel, and end a run that is over for everybody else.

    Its heartbeat is kept up from here too: a long C call may hold the threads of the job.
    """
    process, next_beat, misses = psutil.Process(child.pid), 0.0, 0
    while child.poll() is None:
        enforce_cancel(folder, process)
        if time.monotonic() >= next_beat:
            next_beat = time.monotonic() + spec["beat_s"]
            # A process that has said its last word needs a moment to end.
            misses = 0 if _is_current(folder, spec["ticket"]) else misses + 1
            if misses > MOST_MISSES:
                return
            if not misses:
                heartbeat.beat(folder)
        time.sleep(LOOK_EVERY_S)


def _is_current(folder: Path, ticket: str) -> bool:
    try:
        return is_in_run(folder, ticket)
    except NotFoundError:
        return False


def _note_end(folder: Path, ticket: str) -> None:
    with suppress(NotFoundError), store.locked(folder.parent):
        state = read_state(folder)
        never = state.status == RUNNING and not state.pid
        line = _last_line(folder / LOG)
        said = f"The process of this job could not begin ({line})." if never else ""
        note_end(folder, ticket, said)


def _end_former(folder: Path) -> None:
    """End the process of a former run on this machine that is still at work."""
    former = processes.find_by_folder(folder)
    if former is not None:
        with suppress(psutil.Error, ProcessLookupError):
            processes.kill(former)
            former.wait(heartbeat.MISSED_S)


def _environment(folder: Path, spec: Spec) -> dict[str, str]:
    share = str(max(1, _processors() // spec["threads"]))
    own = {name: value for name, value in os.environ.items() if name != heartbeat.TICKET}
    return {
        **dict.fromkeys(THREADS, share),
        **spec["environment"],
        **own,
        "NEUROGALLERY_RESULTS": str(folder.parent.parent),
        CLUSTER: "",
        heartbeat.TICKET: spec["ticket"],
        heartbeat.WATCHER: str(os.getpid()),
        heartbeat.EVERY: str(spec["beat_s"]),
    }


def _processors() -> int:
    """Those that this process may use, of a node that several jobs share."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _here(root: Path) -> Path:
    """The folder of the jobs as this worker sees it: where its own results are, if it says so."""
    own = os.environ.get("NEUROGALLERY_RESULTS")
    return paths.results_root() / root.name if own else root


def _last_line(log: Path) -> str:
    with suppress(OSError):
        lines = log.read_text("utf-8", errors="replace").split("\n")
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "no word")
    return "no word"
