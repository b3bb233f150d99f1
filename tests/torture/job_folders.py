"""Damaged folders of jobs: one row each, the others as they were, and the page shows them.

A queued job is not started here, and none runs: the states that need a process name one that is
gone.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from core import jobs, paths
from core.errors import NeurogalleryError
from core.jobs import queue
from tests.pages.app import leave_waiting, open_page
from tests.torture import mutations
from tests.torture.outcome import Lost, Outcome
from tests.torture.settings import Settings, folders
from tests.torture.shown import check_page

MUTATIONS, ON_PAGES = 2000, 200
PAGE_S = 30.0
STATES = ("queued", "done", "failed", "cancelled", "interrupted", "running")
GONE = 2**22 - 7  # of a process that never was
FIELDS = ("status", "created", "device", "session", "error", "result", "request", "is_cancelling")
BEGUN = 1_700_000_000.0


def run(settings: Settings) -> Iterator[Outcome]:
    with mock.patch.object(queue, "_start", leave_waiting):
        with folders(settings.folder / "read") as place:
            yield reading(settings, place)
        with folders(settings.folder / "pages") as place:
            yield showing(settings, place)


def write_jobs() -> dict[str, Path]:
    """A job of each state, with all that its folder may hold."""
    written = {}
    for number, status in enumerate(STATES):
        request = {"dataset": "simulated", "metric": "correlation", "number": number}
        folder = jobs.submit("rdm", request).folder
        state = json.loads((folder / "status.json").read_text())
        state |= {"status": status, "created": BEGUN + number, "queued": BEGUN + number}
        if status != "queued":
            state |= {"started": BEGUN + 60, "ended": BEGUN + 90}
        if status == "running":
            state |= {"pid": GONE, "pid_created": 1.0, "ended": 0.0}
        (folder / "status.json").write_text(json.dumps(state, indent=1))
        progress = {"fraction": 0.5, "message": "Half", "written": BEGUN, "seconds_left": 3.0}
        (folder / "progress.json").write_text(json.dumps(progress, indent=1))
        (folder / "log.txt").write_text("A line\n")
        if status == "done":
            (folder / "result.json").write_text(json.dumps({"key": "rdm-" + "0" * 32}, indent=1))
        written[status] = folder
    return written


def reading(settings: Settings, place: Path) -> Outcome:
    """Every property of every job; those of the others stay, and the damaged one can be removed."""
    outcome, rng = Outcome("reader: job folders"), settings.rng
    folder_of = write_jobs()
    root = paths.results_root() / "jobs"
    kept = Path(shutil.copytree(root, place / "kept"))
    whole = {folder.name: _read(jobs.get(folder.name)) for folder in folder_of.values()}
    for number in settings.tries(outcome, MUTATIONS, 0.6):
        mutations.restored(root, kept)
        what, damaged = _damage(rng, root)
        with outcome.trying(f"#{number} {what}", mutations.limit_of(what)):
            errors = _check_others(whole, damaged)
            jobs.start_waiting()
            _remove(damaged)
            if errors:
                raise errors[0]
    return outcome


def _check_others(whole: dict[str, Any], damaged: str) -> list[NeurogalleryError]:
    """Read every job; errors of the damaged one."""
    errors, listed = [], {}
    for job in jobs.all_jobs():
        try:
            listed[job.id] = _read(job)
        except NeurogalleryError as error:
            if job.id != damaged:
                raise Lost(f"another job cannot be read: {error}") from error
            errors.append(error)
    for name in whole:
        if name != damaged and listed.get(name) != whole[name]:
            raise Lost("another job reads as something else")
    return errors


def _damage(rng: random.Random, root: Path) -> tuple[str, str]:
    files = [path for path in mutations.files_of(root) if path.suffix == ".json"]
    path = rng.choice([*files, *(each for each in files if each.name == "status.json")])
    inside = [each for each in mutations.files_of(path.parent) if each.suffix == ".json"]
    status = json.loads((path.parent / "status.json").read_text())["status"]
    what = mutations.of_file(rng, path, inside)
    return f"{status} {what}", path.parent.name


def _read(job: jobs.Job) -> dict[str, Any]:
    read = {name: getattr(job, name) for name in FIELDS}
    progress, place = job.progress, job.place
    return {**read, "fraction": progress.fraction, "place": None if place is None else place.number}


def _remove(name: str) -> None:
    if not (paths.results_root() / "jobs" / name).is_dir():
        return
    job = jobs.get(name)
    job.cancel()
    job.resume()
    job.cancel()
    job.remove()
    if job.folder.exists():
        raise Lost("it cannot be removed")


def showing(settings: Settings, place: Path) -> Outcome:
    """Pages beside damaged jobs: Jobs, and one that shows the line of the sidebar."""
    outcome = Outcome("reader: job folders on pages")
    rng = settings.rng
    write_jobs()
    root = paths.results_root() / "jobs"
    kept = Path(shutil.copytree(root, place / "kept"))
    for number in settings.tries(outcome, ON_PAGES):
        mutations.restored(root, kept)
        what, _ = _damage(rng, root)
        page = "jobs" if number % 4 else "overview"
        with outcome.trying(f"#{number} {page} {what}", PAGE_S):
            check_page(open_page(page))
    return outcome
