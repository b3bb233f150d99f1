"""Twenty equal submits at once, by threads and by processes: one job, which runs once."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from core import jobs
from core.errors import NeurogalleryError
from tests.torture.children import waited
from tests.torture.outcome import Lost, Outcome
from tests.torture.settings import Settings, folders

AT_ONCE, ROUNDS = 20, 8
PLUGIN = "tests.torture.quick_jobs"
PATIENCE_S = 60.0


def run(settings: Settings) -> Iterator[Outcome]:
    os.environ["NEUROGALLERY_PLUGINS"] = PLUGIN
    for kind, submit in (("processes", by_processes), ("threads", by_threads)):
        outcome = Outcome(f"{AT_ONCE} equal submits, {kind}")
        with folders(settings.folder / kind) as place:
            for number in range(settings.count(ROUNDS)):
                request = {"file": str(place / f"{kind}{number}.txt"), "seed": settings.seed}
                for verdict in submit(request):
                    outcome.count(*verdict)
                with outcome.trying(f"round {number}", 2 * PATIENCE_S):
                    _check(request, Path(request["file"]))
        outcome.note = f"{settings.count(ROUNDS)} rounds"
        yield outcome


def by_processes(request: dict[str, object]) -> list[tuple[str, str]]:
    start = time.monotonic() + 0.3
    children = [_child(request, start) for _ in range(AT_ONCE)]
    statuses = [waited(child, PATIENCE_S) for child in children]
    return [("survived", "") if s == 0 else ("exceptions", f"wait status {s}") for s in statuses]


def _child(request: dict[str, object], start: float) -> int:
    child = os.fork()
    if child == 0:
        try:
            time.sleep(max(0.0, start - time.monotonic()))
            jobs.submit("torture_traced", request)
        except BaseException:
            os._exit(3)
        os._exit(0)
    return child


def by_threads(request: dict[str, object]) -> list[tuple[str, str]]:
    barrier, verdicts = threading.Barrier(AT_ONCE), []

    def submit() -> None:
        barrier.wait()
        try:
            jobs.submit("torture_traced", request)
        except (NeurogalleryError, Exception) as error:
            verdicts.append(("exceptions", f"{type(error).__name__}: {error}"))
        else:
            verdicts.append(("survived", ""))

    threads = [threading.Thread(target=submit) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    missing = AT_ONCE - len(verdicts)
    return [*verdicts, *[("lost", "a thread hangs")] * missing]


def _check(request: dict[str, object], file: Path) -> None:
    """The one job of the request is done, and ran once."""
    job = jobs.find("torture_traced", request)
    if job is None:
        raise Lost("there is no job")
    end = time.monotonic() + PATIENCE_S
    while job.status in ("queued", "running") and time.monotonic() < end:
        time.sleep(0.05)
    if job.status != "done":
        raise Lost(f"the job is {job.status} ({job.error})")
    times = file.read_text().count("ran")
    if times != 1:
        raise Lost(f"the job ran {times} times")
    others = [each for each in jobs.all_jobs() if each.request == job.request and each != job]
    if others:
        raise Lost(f"there are {len(others)} jobs more")
