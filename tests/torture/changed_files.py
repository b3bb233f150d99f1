"""Files of a recording that change while it is open: under a job, and under a page.

Each try runs in a process of its own, since a memory map that is read past the end of its file
ends the process. A result may only stand under the key of the content that it was made from, and
a page may not ask for the same work again and again.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch

from core import datasets, decoders, jobs, paths, store
from core.clusters import ClustersRequest
from core.clusters import job as clusters_job
from core.clusters.choice import choose_k
from core.datasets import Reference
from core.decoders.job import run_training
from core.encoders import EncodeRequest
from core.encoders import job as encode_job
from core.jobs import Request, queue
from core.maps import MapRequest
from core.maps import job as maps_job
from core.rdm import job as rdm_job
from core.store import stamps
from tests.pages.app import leave_waiting, open_page, run_here
from tests.torture import material
from tests.torture.children import in_child
from tests.torture.outcome import Lost, Outcome
from tests.torture.settings import Settings, folders
from tests.torture.shown import check_page

UNDER_JOBS, UNDER_PAGES = 200, 80
STIMULI, UNITS = 48, 1000
# A page that is told of a change asks for its work once more, perhaps twice.
MOST_ROUNDS = 6
FILES = (
    "responses/s1.npy",
    "embeddings/truth.npy",
    "rdms/model.npy",
    "rois/s1.json",
    "images/sub/p00.png",
    "images/sub/p30.png",
)
CHANGES = ("saved again", "replaced", "older", "shorter and older", "cut", "folder", "gone")
PAGES = ("clusters", "clusters", "rdm", "maps", "responses", "overview", "encoders")


def run(settings: Settings) -> Iterator[Outcome]:
    torch.set_num_threads(1)
    with folders(settings.folder) as place:
        kept = place / "kept"
        shutil.copytree(_written(0), kept / "own")
        shutil.copytree(_written(1), kept / "other")
        yield under_jobs(settings, place, kept)
        with (
            mock.patch.object(queue, "_start", leave_waiting),
            mock.patch.object(clusters_job, "choose_k", _quick_choice),
        ):
            yield under_pages(settings, kept)


def _written(seed: int) -> Path:
    return material.write_recording(paths.data_root(), seed, STIMULI, UNITS)


def _restored(kept: Path) -> Path:
    folder = paths.data_root() / "mine"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(kept / "own", folder)
    shutil.rmtree(paths.results_root(), ignore_errors=True)
    return folder


def change(kind: str, folder: Path, name: str, kept: Path) -> None:
    """Put another file, none, or something else in the place of one."""
    path, other = folder / name, kept / "other" / name
    older = path.stat().st_mtime_ns - 3_600_000_000_000
    if kind == "folder":
        path.unlink()
        path.mkdir()
    elif kind == "gone":
        path.unlink()
    elif kind == "cut":
        os.truncate(path, path.stat().st_size // 2)
    elif kind == "replaced":
        part = path.with_name(f".{path.name}.new")
        shutil.copyfile(other, part)
        os.replace(part, path)
    else:
        content = _shorter(other) if kind == "shorter and older" else other.read_bytes()
        path.write_bytes(content)  # in place, as cp does
        if kind != "saved again":
            os.utime(path, ns=(older, older))


def _shorter(other: Path) -> bytes:
    if other.suffix != ".npy":
        return other.read_bytes()[: other.stat().st_size // 2]
    part = other.with_name("shorter.npy")
    np.save(part, np.load(other)[: STIMULI // 2])
    return part.read_bytes()


# --- under jobs


@dataclass(frozen=True)
class Work:
    """A job to be disturbed: its request from an open recording, and what runs it."""

    request: Callable[[datasets.Dataset], Request]
    run: Callable[[Any, Any, Path], dict[str, Any]]


def _clusters(ds: datasets.Dataset) -> Request:
    return ClustersRequest((Reference.of(ds),), source="voxels", ks=(2, 3))


def _map(ds: datasets.Dataset) -> Request:
    return MapRequest(Reference.of(ds), "responses", {"roi": ["A"]}, "pca")


def _train(ds: datasets.Dataset) -> Request:
    training = {"epochs": 3, "batch": 16}
    config = decoders.Config(
        dataset=material.NAME, encoder="precomputed:truth", head="linear", training=training
    )
    return decoders.TrainRequest(config)


WORKS = {
    "rdm": Work(lambda ds: rdm_job.RdmRequest(Reference.of(ds)), rdm_job.run),
    "clusters": Work(_clusters, clusters_job.run),
    "map": Work(_map, maps_job.run),
    "encode": Work(lambda ds: EncodeRequest.of(ds, "pixels", "stimuli", {}), encode_job.run),
    "train": Work(_train, run_training),
}


def under_jobs(settings: Settings, place: Path, kept: Path) -> Outcome:
    """Jobs whose recording changes before they open it, or at one of their first steps."""
    outcome, rng = Outcome("changed files under jobs"), settings.rng
    right = functools.cache(lambda work, name: _undisturbed(work, name, kept))
    for number in settings.tries(outcome, UNDER_JOBS, 0.6):
        work, name = rng.choice(list(WORKS)), _file_for(rng)
        kind, step = rng.choice(CHANGES), rng.choice((0, 1, 2, 2, 3, 4, 5))
        expected = {**right(work, ""), **right(work, name)}
        _restored(kept)
        what = f"#{number} {work}, {name} {kind} at step {step}"
        disturbed = functools.partial(_disturbed, WORKS[work], name, kind, step, kept, expected)
        in_child(outcome, what, disturbed)
    return outcome


def _file_for(rng: random.Random) -> str:
    return rng.choice((FILES[0], FILES[0], *FILES))


def _undisturbed(work: str, name: str, kept: Path) -> dict[str, str]:
    """What the store holds after the work on the own files, ``name`` being that of the other."""
    folder = _restored(kept)
    if name:
        change("replaced", folder, name, kept)
    _asked(WORKS[work], lambda fraction, message="": None)
    return {entry.key: _arrays(entry.key) for entry in store.entries()}


def _asked(work: Work, progress: Callable[..., None], before: Callable[[], Any] = int) -> None:
    """The work as a page asks for it and as a job then does it: in JSON between the two."""
    request = work.request(material.open_mine())
    values = json.loads(json.dumps(request.to_json()))
    before()
    folder = paths.results_root() / "jobs" / "here"
    folder.mkdir(parents=True, exist_ok=True)
    with stamps.noting():  # as the process of a job does
        work.run(type(request).from_json(values), progress, folder)


def _arrays(key: str) -> str:
    """What stands for the numbers of a result; times that it took are none."""
    result = store.load(key)
    assert result is not None
    return store.fingerprint({name: np.array(array) for name, array in result.arrays.items()})


def _disturbed(
    work: Work, name: str, kind: str, step: int, kept: Path, expected: dict[str, str]
) -> None:
    """The change comes when the job tells its progress or looks into the store."""
    folder, calls, load = paths.data_root() / "mine", [0], store.load

    def disturb(*arguments: Any) -> Any:
        if calls[0] == step:
            change(kind, folder, name, kept)
        calls[0] += 1

    def looked(key: str) -> store.Result | None:
        disturb()
        return load(key)

    try:
        with mock.patch.object(store, "load", looked):
            _asked(work, disturb, disturb)
    finally:
        for entry in store.entries():
            if entry.key in expected and _arrays(entry.key) != expected[entry.key]:
                raise Lost(f"{entry.key[:14]} holds the numbers of other files")


# --- under pages


def under_pages(settings: Settings, kept: Path) -> Outcome:
    """A page that is open while a file changes, and is used once more."""
    outcome, rng = Outcome("changed files under pages"), settings.rng
    for number in settings.tries(outcome, UNDER_PAGES):
        page, name, kind = rng.choice(PAGES), _file_for(rng), rng.choice(CHANGES)
        _restored(kept)
        seed = str(rng.randrange(1, 1000))
        used = functools.partial(_used, page, name, kind, seed, kept)
        in_child(outcome, f"#{number} page {page}, {name} {kind}", used)
    return outcome


def _used(page: str, name: str, kind: str, seed: str, kept: Path) -> None:
    app = open_page(page, recording=material.NAME)
    _settled(app)
    change(kind, paths.data_root() / "mine", name, kept)
    for widget in app.get("number_input"):
        if widget.key == "random_seed":
            widget.set_value(int(seed))
    app.run()
    _settled(app)


def _settled(app: Any) -> None:
    """Press what the page offers and run what it asks for, until it asks for nothing more."""
    check_page(app)
    for _ in range(MOST_ROUNDS):
        active = [job for job in jobs.all_jobs() if job.status in ("queued", "running")]
        offers = [button for button in app.button if is_offer(button)]
        if not active and not offers:
            return
        if active:
            run_here(active[-1])
        else:
            offers[0].click()
        app.run()
        check_page(app)
    raise Lost(f"the page asked for work {MOST_ROUNDS} times and shows no result")


def is_offer(button: Any) -> bool:
    """Whether a button starts the work of the page, and not that of a preset."""
    words = (", about ", ", a few seconds")
    return button.proto.type == "primary" and any(each in button.label for each in words)


def _quick_choice(responses: np.ndarray, progress: Any, **settings: Any) -> Any:
    """Clusterings with few draws of the gap statistic and of the stability."""
    drawn = dataclasses.replace(settings["resampling"], references=2, resamples=2)
    return choose_k(responses, progress=progress, **{**settings, "resampling": drawn})
