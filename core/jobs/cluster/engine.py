"""What an engine is, and which one the environment names.

``NEUROGALLERY_CLUSTER`` is empty (processes of this machine), ``dask:tcp://host:8786``,
``slurm`` or ``slurm:partition=gpu,timeout_min=600``.
"""

from __future__ import annotations

import importlib
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from core import paths
from core.errors import InputError, NeurogalleryError
from core.jobs.state import State
from core.registry import Registry

CLUSTER, RESULTS = "NEUROGALLERY_CLUSTER", "NEUROGALLERY_CLUSTER_RESULTS"
SHARED, RETURNED = MODES = ("shared", "returned")
INSTALL = "Install them: pip install -r requirements-cluster.txt"
# They bring data to this machine, or look at it: a worker may have other folders.
AT_HOME = ("fetch", "export", "check", "open")

Spec = dict[str, Any]


class EngineError(NeurogalleryError):
    """An engine or a worker of it does not answer."""


@dataclass(frozen=True)
class Worker:
    """A worker of an engine.

    Attributes
    ----------
    id : str
        As the engine addresses it.
    threads, gpus : int
        Jobs at a time: on the CPU, and of those that need a GPU.
    memory : int
        Bytes that it may take; 0 where it does not say.
    facts : mapping
        Versions, see ``versions.facts``.
    problem : str
        Why it gets no job; '' where it does.
    """

    id: str
    threads: int
    gpus: int = 0
    memory: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


class Engine(ABC):
    """Runs jobs elsewhere; one lives as long as the process. Those that ask it may take seconds."""

    name: str
    # Whether a job that was handed out may wait for long before it begins.
    has_queue = False

    @abstractmethod
    def refresh(self, root: str) -> None:
        """Look at the engine anew, for jobs of a folder; at most a few seconds.

        Raises
        ------
        NeurogalleryError
            If it cannot be reached; in one line, with what to do.
        """

    @abstractmethod
    def workers(self) -> list[Worker]:
        """As ``refresh`` saw them; none where the engine keeps a queue of its own."""

    @abstractmethod
    def place(self, device: str, running: Sequence[State]) -> str | None:
        """The worker for the next job of a device beside those that run; None while all are busy.

        Raises
        ------
        NeurogalleryError
            If no worker would ever take it.
        """

    @abstractmethod
    def hand_out(self, spec: Spec, worker: str, device: str) -> str:
        """Let a worker begin a job; gives where it runs."""

    @abstractmethod
    def outcome(self, state: State) -> str | None:
        """None while a run may be at work; '' where it is gone, else why it was refused."""

    @abstractmethod
    def release(self, state: State) -> None:
        """Forget a run that is over; one that has not begun never does."""

    @abstractmethod
    def offers_gpu(self) -> bool:
        """Whether some worker has a GPU, as ``refresh`` saw it."""

    def ask(self, worker: str, name: str, values: Mapping[str, Any], content: bytes = b"") -> bytes:
        """Call a function of ``hosting`` on a worker, for results that return through the engine.

        Raises
        ------
        EngineError
            If the worker does not answer, or the engine has no way to it.
        """
        raise EngineError(f"{self.name} does not bring results back")


@dataclass(frozen=True)
class EngineKind:
    """An engine that the environment may name.

    Attributes
    ----------
    package : str
        What it needs to be installed.
    build : callable
        From what stands behind the colon; raises InputError for what does not fit.
    """

    package: str
    build: Callable[[str], Engine]
    brings_results: bool = False


ENGINES: Registry[EngineKind] = Registry("engine")
PAGE_WAITS_S = 0.8
_built: dict[str, Engine] = {}
_asked: set[Engine] = set()
_lock = threading.Lock()


def setting() -> str:
    return os.environ.get(CLUSTER, "").strip()


def is_set() -> bool:
    """Whether jobs run on an engine, not as processes of this machine."""
    return bool(setting())


def runs_here(operation: str) -> bool:
    """Whether jobs of an operation are processes of this machine."""
    return not is_set() or operation in AT_HOME


def current() -> Engine:
    """The engine that the environment names; nothing is asked of it yet.

    Raises
    ------
    InputError
        If there is no such engine, it is not installed, or its options do not fit.
    """
    text = setting()
    name, _, options = text.partition(":")
    importlib.import_module("core.jobs.cluster.engines")
    if name not in ENGINES:
        raise InputError(f"{CLUSTER} is {text!r}", "the name of an engine", choices=ENGINES)
    kind = ENGINES[name]
    if find_spec(kind.package) is None:
        raise InputError(f"{CLUSTER} is {text!r}, and {kind.package} is not here", remedy=INSTALL)
    if are_returned() and not kind.brings_results:
        raise InputError(
            f"{RESULTS} is {RETURNED!r}, and {name} does not bring results back",
            remedy=f"Share the results folder and unset {RESULTS}, or use dask.",
        )
    with _lock:
        if text not in _built:
            _built[text] = kind.build(options)
        return _built[text]


def are_returned() -> bool:
    """Whether workers keep results of their own, which come back through the engine."""
    text = os.environ.get(RESULTS, "").strip() or SHARED
    if text not in MODES:
        raise InputError(f"{RESULTS} is {text!r}", choices=MODES)
    return text == RETURNED


def offers_gpu() -> bool:
    """Whether some worker has a GPU; asked once, and no longer than a page may wait."""
    try:
        engine = current()
    except InputError:  # said when a job is submitted
        return False
    if engine not in _asked:
        _asked.add(engine)
        first = threading.Thread(target=_refresh, args=(engine,), daemon=True)
        first.start()
        first.join(PAGE_WAITS_S)
    return engine.offers_gpu()


def _refresh(engine: Engine) -> None:
    with suppress(NeurogalleryError):  # said at the jobs that wait
        engine.refresh(str(paths.results_root() / "jobs"))
