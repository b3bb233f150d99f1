"""Saves cut in the middle: the process is killed at every n-th step or byte of a save.

A step is what the process asks of the file system (an audit event of Python), a byte is one at
which no file may grow further (a limit of the system, whose signal kills). What is read then is the
old or the new, or for a save of something new nothing; the save done again gives the new.
"""

from __future__ import annotations

import functools
import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch

from core import decoders, encoders, jobs, paths, store
from core.errors import Cancelled, CorruptDataError
from core.jobs import queue
from tests.core.decoders import planted
from tests.pages.app import leave_waiting
from tests.torture import material
from tests.torture.children import forked
from tests.torture.outcome import Lost, Outcome, time_limit
from tests.torture.settings import Settings, folders

STEPS, BYTES = 40, 20
LIMIT_S = 60.0
# Of a part file that nobody will ever finish.
LARGE = 2**16
EVENTS = ("open", "os.", "shutil.")


@dataclass(frozen=True)
class Save:
    """A save to be cut.

    Attributes
    ----------
    before, write : callable
        What is there already, and the save.
    read : callable
        What stands for all that is there; '' for nothing.
    """

    before: Callable[[], Any]
    write: Callable[[], Any]
    read: Callable[[], str]


def run(settings: Settings) -> Iterator[Outcome]:
    torch.set_num_threads(1)
    saves = _saves()
    with mock.patch.object(queue, "_start", leave_waiting):
        for number, (name, save) in enumerate(saves.items()):
            with folders(settings.folder / name.replace(" ", "_")) as place:
                outcome = Outcome(f"cut: {name}")
                share = 0.95 * (number + 1) / len(saves)
                _cut(outcome, save, place, settings, share)
            yield outcome


def _saves() -> dict[str, Save]:
    nothing = lambda: None  # noqa: E731
    return {
        "new result": Save(nothing, lambda: _save_result(0), _read_result),
        "replaced result": Save(lambda: _save_result(0), lambda: _save_result(1), _read_result),
        "result in blocks": Save(nothing, _save_blocks, _read_result),
        "new job": Save(nothing, _submit, _read_job),
        "state of a job": Save(_submit, lambda: _submit().cancel(), _read_job),
        "job queued again": Save(lambda: _submit().cancel(), lambda: _submit().resume(), _read_job),
        "decoder": Save(material.plant, lambda: _train("ridge"), _read_decoder),
        "checkpoint": Save(_checkpoint_before, _go_on, _read_checkpoint),
        "embeddings": Save(_write_images, _encode, _read_result),
        "exported decoder": Save(_train_planted, _export, _read_export),
    }


def _cut(outcome: Outcome, save: Save, place: Path, settings: Settings, share: float) -> None:
    """Cut one kind of save at so many of its steps and bytes."""
    save.before()
    kept = Path(shutil.copytree(paths.results_root(), place / "kept"))
    old = save.read()
    steps = place / "steps"
    forked(functools.partial(_counting, save.write, steps))
    new = save.read()
    count = int(steps.read_text())
    largest = max([path.stat().st_size for path in _files(paths.results_root())], default=1)
    at_steps = np.unique(np.linspace(0, count - 1, settings.count(STEPS), dtype=int))
    at_bytes = np.unique(np.linspace(0, largest, settings.count(BYTES), dtype=int))
    cuts = [("step", int(at)) for at in at_steps] + [("byte", int(at)) for at in at_bytes]
    for kind, at in cuts:
        if settings.is_over(share):
            outcome.note = "out of time"
            return
        shutil.rmtree(paths.results_root())
        shutil.copytree(kept, paths.results_root())
        forked(functools.partial({"step": _dying, "byte": _limited}[kind], save.write, at))
        with outcome.trying(f"{kind} {at} of {count if kind == 'step' else largest}"):
            _check(save, old, new)


def _check(save: Save, old: str, new: str) -> None:
    """After a cut: the old or the new; after the save is done again, the new."""
    if save.read() not in (old, new):
        raise Lost("neither what was there nor what was saved")
    forked(save.write)
    if save.read() != new:
        raise Lost("the save done again gives something else")
    parts = [path for path in _files(paths.results_root()) if path.suffix == ".part"]
    large = [path.name for path in parts if path.stat().st_size > LARGE]
    if large:
        raise Lost(f"left for good: {large[0]}")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


# --- processes that die on their way


def _counting(write: Callable[[], Any], answer: Path) -> None:
    count = [0]

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        count[0] += event.startswith(EVENTS)

    sys.addaudithook(note)
    write()
    total = count[0]  # before the answer is written
    answer.write_text(str(total))


def _dying(write: Callable[[], Any], step: int) -> None:
    """Save, and be killed at one of the steps."""
    count = [0]

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(EVENTS):
            if count[0] == step:
                os.kill(os.getpid(), signal.SIGKILL)
            count[0] += 1

    sys.addaudithook(note)
    write()


def _limited(write: Callable[[], Any], size: int) -> None:
    """Save, and be killed where a file grows beyond a size."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    write()


# --- what is saved


def _save_result(number: int) -> None:
    key, *_ = material.example(0)
    _, arrays, facts = material.example(number)
    store.save(key, arrays, facts)


def _save_blocks() -> None:
    key, *_ = material.example(0)
    blocks = (np.full((50, 300), float(number)) for number in range(20))
    store.save_blocks(key, blocks, (1000, 300), {"title": "Blocks"}, np.dtype(np.float32))


def _read_result() -> str:
    """All results, without the time at which they were written."""
    read = []
    for entry in sorted(store.entries(), key=lambda entry: entry.key):
        result = store.load(entry.key)
        if result is not None:
            arrays = {name: np.array(array) for name, array in result.arrays.items()}
            facts = {k: v for k, v in result.facts.items() if k not in ("seconds", "about")}
            read.append(store.fingerprint(entry.key, arrays, json.dumps(facts)))
    return store.fingerprint(read) if read else ""


def _submit() -> jobs.Job:
    return jobs.submit("torture_walk", {"seed": 1, "steps": 2, "words": "x" * 5000})


def _read_job() -> str:
    listed = jobs.all_jobs()
    return json.dumps([(job.id, job.status, job.request, job.error) for job in listed])


def _train(head: str, **settings: Any) -> decoders.Run:
    return decoders.train(planted.config(head, **settings))


def _read_decoder() -> str:
    """The parameters of the decoders that are there."""
    states = [decoders.load(entry.key) for entry in decoders.entries()]
    return store.fingerprint(
        [{name: np.array(a) for name, a in run.state.items()} for run in states if run is not None]
    )


def _checkpoint_before() -> None:
    """A training that was cancelled after its second epoch."""
    material.plant()
    folder = paths.results_root() / "training"
    with suppress(Cancelled):
        decoders.train(planted.config("mlp"), planted.cancel_after(2), folder)


def _go_on() -> None:
    """Two epochs more, and a checkpoint again."""
    folder = paths.results_root() / "training"
    with suppress(Cancelled):
        decoders.train(planted.config("mlp"), planted.cancel_after(4), folder)


def _read_checkpoint() -> str:
    """What a training that goes on from what is there gives in the end: always the same."""
    kept = paths.results_root().with_name("kept-results")
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(paths.results_root(), kept)
    try:
        with time_limit(LIMIT_S):
            run = decoders.train(planted.config("mlp"), folder=paths.results_root() / "training")
    except CorruptDataError as error:
        raise Lost(f"the training cannot go on: {error}") from error
    finally:
        shutil.rmtree(paths.results_root())
        kept.rename(paths.results_root())
    return store.fingerprint({name: np.array(array) for name, array in run.state.items()})


def _write_images() -> None:
    material.write_recording(paths.data_root())


def _encode() -> None:
    encoders.encode_images(material.open_mine(), "gabor")


def _train_planted() -> None:
    material.plant()
    _train("ridge")


def _export() -> None:
    run = _train("ridge")
    decoders.export(run, paths.results_root() / "export")


def _read_export() -> str:
    """The exported files where they are whole; nothing where they say that they are not."""
    folder = paths.results_root() / "export"
    if not (folder / "decoder.json").is_file():
        return ""
    own = {entry.key for entry in store.entries()}
    try:
        run = decoders.import_run(folder)
    except CorruptDataError:
        return ""
    if run.key not in own:  # what is read leaves nothing behind
        store.remove(run.key)
    return store.fingerprint({name: np.array(array) for name, array in run.state.items()})
