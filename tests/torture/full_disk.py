"""A disk that fills: a small file system in memory where mounting is allowed, else a limit.

Jobs and pages meet a disk with no or a few bytes free, beside a job whose process is gone. Nothing
that was saved is lost, every message is the project's own, and once there is space all goes on.
"""

from __future__ import annotations

import functools
import json
import os
import random
import re
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import torch

from core import jobs, operations, paths, store
from core.errors import NeurogalleryError
from core.jobs import queue
from tests.pages.app import leave_waiting, open_page, run_here
from tests.torture import material
from tests.torture.changed_files import WORKS, is_offer
from tests.torture.children import forked, in_child
from tests.torture.kills import check_store
from tests.torture.outcome import Lost, Outcome, judged
from tests.torture.settings import Settings, folders
from tests.torture.shown import check_page

PLUGIN = "tests.torture.quick_jobs"
JOBS, VISITS = 60, 80
DISK_MIB = 12
PAGES = ("rdm", "clusters", "maps", "train", "encoders", "responses", "overview", "data", "jobs")
# Bytes that are free: none, those of a small file, and what some step of the work runs out of.
FREE = (0, 0, 4096, 8192, 20_000, 60_000, 200_000)
GONE = 2**22 - 7
# That the disk was full, in whatever words.
SAID = re.compile(r"\b(disk|space)\b")


def run(settings: Settings) -> Iterator[Outcome]:
    os.environ["NEUROGALLERY_PLUGINS"] = PLUGIN
    torch.set_num_threads(1)
    operations.load_plugins()
    with folders(settings.folder) as place:
        material.write_recording(paths.data_root(), 0, 48, 400)
        with (
            disk(paths.results_root()) as is_real,
            mock.patch.object(queue, "_start", leave_waiting),
        ):
            note = "tmpfs" if is_real else "limit on files: no tmpfs may be mounted"
            for name, tries in (("jobs", under_jobs), ("pages", under_pages)):
                outcome = Outcome(f"full disk: {name}", note=note)
                tries(outcome, settings, place, is_real)
                yield outcome


@contextmanager
def disk(folder: Path) -> Iterator[bool]:
    """A small disk in place of a folder, where it may be mounted; whether it was."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(folder)]
    try:
        is_real = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        is_real = False
    try:
        yield is_real
    finally:
        if is_real:
            subprocess.run(["umount", "-l", str(folder)], check=False)


@contextmanager
def filled(free: int, is_real: bool) -> Iterator[None]:
    """Leave so many bytes on the disk; else no file may grow larger than that."""
    filler = paths.results_root() / "filler"
    if is_real:
        space = shutil.disk_usage(paths.results_root()).free
        # The file system gives whole pages.
        size = max(0, (space - free) // 4096 * 4096)
        with open(filler, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (free, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        if is_real:
            filler.unlink(missing_ok=True)
        else:
            limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)


def _emptied() -> None:
    """Nothing but a result, and a job whose process is gone."""
    for path in paths.results_root().iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    key, arrays, facts = material.example(1)
    store.save(key, arrays, facts)
    folder = jobs.submit("torture_walk", {"seed": 99, "steps": 3}).folder
    state = json.loads((folder / "status.json").read_text())
    state |= {"status": "running", "pid": GONE, "pid_created": 1.0, "started": 1.7e9}
    (folder / "status.json").write_text(json.dumps(state))


def _check_after() -> None:
    """With space again: what was saved is there, the dead job can be resumed, and all is done."""
    key, *_ = material.example(1)
    result = store.load(key)
    if result is None or not material.is_example(result, 1):
        raise Lost("a result that was there is lost")
    check_store()
    for job in jobs.all_jobs():
        job.resume()
        if job.status == "queued":
            forked(functools.partial(run_here, job))
        if job.status != "done":
            raise Lost(f"with space again, {job.id} is {job.status} ({job.error})")


def under_jobs(outcome: Outcome, settings: Settings, place: Path, is_real: bool) -> None:
    rng = settings.rng
    for number in settings.tries(outcome, JOBS, 0.5):
        free, operation, request = rng.choice(FREE), *_request(rng)
        job = functools.partial(_job, operation, request, free, is_real)
        in_child(outcome, f"#{number} {operation}, {free} bytes free", job)


def _request(rng: random.Random) -> tuple[str, dict[str, object]]:
    name = rng.choice(("walk", "rdm", "clusters", "map", "encode", "train"))
    if name == "walk":
        return "torture_walk", {"seed": rng.randrange(10**6), "steps": 5, "size": 5000}
    request = WORKS[name].request(material.open_mine())
    return request.operation, json.loads(json.dumps(request.to_json()))


def _job(operation: str, request: dict[str, object], free: int, is_real: bool) -> None:
    """A job that was submitted in time and then meets the full disk."""
    _emptied()
    job = jobs.submit(operation, request)
    with filled(free, is_real):
        forked(functools.partial(run_here, job))
        for each in jobs.all_jobs():
            _own_words(each)
    _check_after()


def _own_words(job: jobs.Job) -> None:
    """What it says is the project's own; where it ended of the disk, it says so."""
    try:
        status, error, progress = job.status, job.error, job.progress
    except NeurogalleryError as refused:
        raise Lost(f"the state of {job.id} is not given: {refused}") from refused
    for words in (error, progress.message):
        if judged(words, "")[0] == "foreign":
            raise NeurogalleryError(words)
    is_begun = json.loads((job.folder / "status.json").read_text())["pid"] != GONE
    if is_begun and status in ("failed", "interrupted") and not SAID.search(error):
        raise Lost(f"{job.id} is {status} and does not say that the disk was full: {error}")


def under_pages(outcome: Outcome, settings: Settings, place: Path, is_real: bool) -> None:
    rng = settings.rng
    for number in settings.tries(outcome, VISITS):
        page, free = rng.choice(PAGES), rng.choice(FREE)
        visit = functools.partial(_visit, page, free, rng.randrange(1000), is_real)
        in_child(outcome, f"#{number} page {page}, {free} bytes free", visit)


def _visit(page: str, free: int, seed: int, is_real: bool) -> None:
    """A page on a full disk: opened, its work asked for and run."""
    _emptied()
    with filled(free, is_real):
        app = open_page(page, recording=material.NAME, random_seed=str(seed))
        check_page(app)
        for _ in range(3):
            offers = [button for button in app.button if is_offer(button)]
            app = offers[0].click().run() if offers else app.run()
            check_page(app)
            for job in [each for each in jobs.all_jobs() if each.status == "queued"]:
                forked(functools.partial(run_here, job))
    check_page(app.run())
    _check_after()
