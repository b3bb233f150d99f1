"""dask.distributed: a scheduler, and workers with threads and resources.

Each job is a task of a key of its own, bound to the worker that has a free place: Dask then runs
none again on its own, and counts no death of a worker against a job that waits.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import InputError, NeurogalleryError
from core.jobs.cluster import versions
from core.jobs.cluster.engine import (
    CLUSTER,
    ENGINES,
    RESULTS,
    RETURNED,
    Engine,
    EngineError,
    EngineKind,
    Spec,
    Worker,
    are_returned,
)
from core.jobs.cluster.hosting import MARK
from core.jobs.state import State

GPU = "GPU"
# A worker that was killed just now never answers.
CONNECT_S, ANSWER_S = 2.0, 4.0
SCHEMES = ("tcp://", "tls://", "ucx://")
NO_WORKER = "The Dask scheduler {address} has no worker"
START_ONE = "Start one in the folder of Neurogallery: {command}"


class DaskEngine(Engine):
    """A client of one scheduler, as long as the process lives."""

    name = "dask"

    def __init__(self, address: str) -> None:
        if not address.startswith(SCHEMES) or not address.rpartition(":")[2].isdecimal():
            raise InputError(
                f"{CLUSTER} is 'dask:{address}'", "the scheduler, as dask:tcp://HOST:8786"
            )
        self.address = address
        self._client: Any = None
        self._lock = threading.Lock()
        self._futures: dict[str, Any] = {}
        self._workers: dict[str, Worker] = {}
        self._facts: dict[tuple[str, str, bool], dict[str, Any]] = {}

    def refresh(self, root: str) -> None:
        client = self._connected()
        try:
            listed = client.scheduler_info(n_workers=-1)["workers"]
        except (OSError, KeyError, TimeoutError):
            raise self._unreachable("it does not answer") from None
        mark = _mark(Path(root))
        known = {}
        for address, listing in listed.items():
            facts = self._facts_of(address, root, mark)
            known[address] = Worker(
                address,
                int(listing["nthreads"]),
                int(listing["resources"].get(GPU, 0)),
                int(listing.get("memory_limit") or 0),
                facts,
                _problem(address, facts),
            )
        self._workers = known
        self._facts = {key: facts for key, facts in self._facts.items() if key[0] in known}

    def workers(self) -> list[Worker]:
        return list(self._workers.values())

    def place(self, device: str, running: Sequence[State]) -> str | None:
        usable = [worker for worker in self.workers() if not worker.problem]
        if not usable:
            raise NeurogalleryError(self._no_worker())
        on_gpu = device != "cpu"
        if on_gpu and not any(worker.gpus for worker in usable):
            raise NeurogalleryError(
                "This job needs a GPU, and no worker offers one",
                remedy="Start a worker with --resources GPU=1; the job waits until then.",
            )
        free = {worker.id: _free(worker, on_gpu, running) for worker in usable}
        # A worker with a GPU is left to jobs that need it.
        order = sorted(usable, key=lambda worker: (bool(worker.gpus), -free[worker.id]))
        return next((w.id for w in order if free[w.id] > 0 and (w.gpus or not on_gpu)), None)

    def hand_out(self, spec: Spec, worker: str, device: str) -> str:
        name = "host_returned" if spec["returned"] else "host"
        self._futures[spec["ticket"]] = self._connected().submit(
            _call(),
            name,
            json.dumps({"spec": spec}),
            key=spec["ticket"],
            pure=False,
            workers=[worker],
            allow_other_workers=False,
            resources={GPU: 1} if device != "cpu" else None,
        )
        return worker

    def outcome(self, state: State) -> str | None:
        if state.worker not in self._workers:
            return ""
        future = self._futures.get(state.ticket)
        if future is None or future.status == "pending":
            return None
        if future.status != "finished":
            return ""
        problem = ""
        with suppress(Exception):  # the worker may go meanwhile
            problem = str(json.loads(future.result(timeout=CONNECT_S))["problem"])
        # What it left is still to be fetched.
        return None if are_returned() and not problem else problem

    def release(self, state: State) -> None:
        future = self._futures.pop(state.ticket, None)
        if future is not None:
            future.release()  # nobody else wants it: a task that has not begun never does

    def offers_gpu(self) -> bool:
        return any(worker.gpus and not worker.problem for worker in self.workers())

    def ask(self, worker: str, name: str, values: Mapping[str, Any], content: bytes = b"") -> bytes:
        client = self._connected()
        try:
            answers = client.sync(
                client._run,  # as client.run, which knows no time limit
                _call(),
                name,
                json.dumps(values),
                content,
                workers=[worker],
                callback_timeout=ANSWER_S,
            )
            answer = answers[worker]
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise EngineError(f"The worker {worker} does not answer ({reason})") from None
        return bytes(answer)

    def _connected(self) -> Any:
        from distributed import Client

        with self._lock:
            if self._client is not None and self._client.status == "closed":
                self._client = None
            if self._client is None:
                try:
                    self._client = Client(
                        self.address,
                        timeout=CONNECT_S,
                        set_as_default=False,
                        deserializers=["dask", "msgpack"],  # a result is bytes, not a pickle
                    )
                except Exception as error:  # many kinds, by transport
                    raise self._unreachable(str(error) or type(error).__name__) from None
            if self._client.status != "running":
                raise self._unreachable("the connection is lost")
            return self._client

    def _unreachable(self, reason: str) -> NeurogalleryError:
        port = self.address.rpartition(":")[2]
        return EngineError(
            f"The Dask scheduler {self.address} cannot be reached ({' '.join(reason.split())})",
            remedy=f"Start it (dask scheduler --port {port}); the job waits until then. Or run it "
            "here: python -m core job FOLDER.",
        )

    def _no_worker(self) -> str:
        for worker in self.workers():
            return worker.problem
        command = f"python -m distributed.cli.dask_worker {self.address} --no-nanny"
        return str(
            NeurogalleryError(
                NO_WORKER.format(address=self.address), remedy=START_ONE.format(command=command)
            )
        )

    def _facts_of(self, address: str, root: str, mark: str) -> dict[str, Any]:
        """Versions of a worker, and whether it sees the results; asked once where it fits."""
        key = address, root, are_returned()
        if key not in self._facts:
            try:
                answer = self.ask(address, "about", {"root": root, "mark": mark})
                facts = dict(json.loads(answer))
            except (EngineError, ValueError) as error:
                return {"problem": str(error)}
            facts["root"] = root
            if _problem(address, facts):  # asked again: somebody may mend it
                return facts
            self._facts[key] = facts
        return self._facts[key]


def _mark(root: Path) -> str:
    """What stands in the folder of the jobs for workers to read."""
    file = root / MARK
    try:
        return file.read_text("ascii")
    except OSError:
        mark = uuid.uuid4().hex
        with suppress(OSError):
            root.mkdir(parents=True, exist_ok=True)
            file.write_text(mark, encoding="ascii")
        return mark


def _problem(address: str, facts: Mapping[str, Any]) -> str:
    """Why a worker gets no job; '' where it does."""
    if facts.get("problem"):
        return str(facts["problem"])
    refused = versions.refusal(address, facts)
    if refused or are_returned() or facts.get("sees"):
        return refused
    return (
        f"The worker {address} does not see the folder {facts.get('root')}. Share it between "
        f"server and workers, or set {RESULTS}={RETURNED}."
    )


def _free(worker: Worker, on_gpu: bool, running: Sequence[State]) -> int:
    there = [state for state in running if state.worker == worker.id]
    free = worker.threads - len(there)
    return min(free, worker.gpus - sum(s.device != "cpu" for s in there)) if on_gpu else free


def _call() -> Callable[..., bytes]:
    """What a worker runs. It goes there by its code, so that one of another version can answer."""

    def call(name: str, values: str, content: bytes = b"") -> bytes:
        import importlib
        import json

        try:
            hosting = importlib.import_module("core.jobs.cluster.hosting")
        except ImportError as error:
            problem = (
                f"The worker has no Neurogallery of this version ({error}). Start it in the "
                "folder of Neurogallery, with the same version as the server."
            )
            return json.dumps({"problem": problem}).encode()
        answer: bytes = hosting.serve(name, json.loads(values), content)
        return answer

    return call


ENGINES.register("dask", EngineKind("distributed", DaskEngine, brings_results=True))
