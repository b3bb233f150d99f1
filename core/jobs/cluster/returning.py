"""Jobs on workers that do not see the results folder: what they need goes there, and comes back.

A worker keeps such jobs in ``cluster/`` below its own results, with a store. Server and worker
speak through ``Engine.ask``: parcels in pieces, beats, progress and cancels once a look.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from core import paths, store
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError
from core.jobs import heartbeat
from core.jobs.cluster import hosting, parcels
from core.jobs.cluster.engine import Engine, EngineError, Spec
from core.jobs.state import (
    CANCEL,
    ID,
    OF_THE_END,
    PROGRESS,
    REPORT_RULES,
    REQUEST,
    RULES,
    RUNNING,
    STATUSES,
    State,
    end,
    read_state,
    write_state,
)

PIECE_BYTES = 8 * 2**20
LEFTOVER_AGE_S = 7 * 86_400.0
TICKET = re.compile(ID.pattern + "-[0-9a-f]{12}")
ENDED = tuple(status for status in STATUSES if status not in ("queued", RUNNING))

# The last beat of each run on a worker.
_beats: dict[str, Any] = {}


# --- on the server


def send(engine: Engine, folder: Path, state: State) -> None:
    """Bring the folder of a job, and the results that its request names, to its worker."""
    results = paths.results_root() / "store"
    parcel = folder.parent / f".parcel-{state.ticket}"
    try:
        request = (folder / REQUEST).read_text("utf-8", errors="replace")
        parcels.pack(parcel, folder, parcels.needed(request, results), results)
        with open(parcel, "rb") as file:
            while piece := file.read(PIECE_BYTES):
                values = {"ticket": state.ticket, "offset": file.tell() - len(piece)}
                _check(engine.ask(state.worker, "receive", values, piece))
    finally:
        parcel.unlink(missing_ok=True)


def exchange(engine: Engine, running: Mapping[Path, State]) -> Iterator[tuple[Path, State]]:
    """Tell the workers which jobs are to stop, and write down what they say of each.

    Gives the folders of those that have ended, with the state that they ended in.
    """
    by_worker: dict[str, list[Path]] = {}
    for folder, state in running.items():
        by_worker.setdefault(state.worker, []).append(folder)
    for worker, folders in by_worker.items():
        jobs = {f.name: [running[f].ticket, (f / CANCEL).exists()] for f in folders}
        try:
            answers = _json(engine.ask(worker, "exchange", {"jobs": jobs}))
        except EngineError:  # it is busy or gone: its silence tells
            continue
        for folder in folders:
            answer = answers.get(folder.name)
            if isinstance(answer, dict):
                ended = _take_down(folder, running[folder], answer)
                if ended is not None:
                    yield folder, ended


def bring(engine: Engine, folder: Path, state: State) -> None:
    """Fetch what a job that has ended left on its worker."""
    parcel = folder.parent / f".parcel-{state.ticket}"
    try:
        with open(parcel, "wb") as file:
            while file.tell() <= parcels.MOST_BYTES * 1.1:
                values = {"ticket": state.ticket, "offset": file.tell(), "size": PIECE_BYTES}
                piece = _check(engine.ask(state.worker, "fetch", values))
                file.write(piece)
                if len(piece) < PIECE_BYTES:
                    break
        parcels.unpack(parcel, folder, paths.results_root() / "store")
    finally:
        parcel.unlink(missing_ok=True)
        _beats.pop(state.ticket, None)


def _take_down(folder: Path, state: State, answer: Mapping[str, Any]) -> State | None:
    beat, progress = answer.get("beat"), answer.get("progress")
    if beat is not None and beat != _beats.get(state.ticket):
        _beats[state.ticket] = beat
        heartbeat.beat(folder)
    if isinstance(progress, dict) and all(
        name in REPORT_RULES and REPORT_RULES[name](value) for name, value in progress.items()
    ):
        with suppress(NeurogalleryError):
            store.write_json(folder / PROGRESS, progress)
    ended = answer.get("ended")
    if not isinstance(ended, dict):
        return None
    is_sound = all(name in ended and RULES[name](ended[name]) for name in OF_THE_END)
    if not is_sound or ended["status"] not in ENDED:
        return replace(state, status="failed", error=f"The worker {state.worker} gave no state.")
    return replace(state, **{name: ended[name] for name in OF_THE_END})


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise CorruptDataError("A worker answered what is no JSON") from None


def _check(content: bytes) -> bytes:
    """The bytes of a file; raises where they are the words of an error."""
    if content.startswith(b'{"problem"'):
        raise NeurogalleryError(str(_json(content)["problem"]))
    return content


# --- on the worker


def host_returned(spec: Spec) -> dict[str, Any]:
    """Run a job that was brought here, and pack what it leaves; see ``hosting.host``."""
    hosting.check_code(spec)
    folder, ticket = _folder(spec["job"]), spec["ticket"]
    results = _root() / "store"
    if not _incoming(ticket).is_file():  # an engine runs it again: it has begun
        return {"problem": ""}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CANCEL).unlink(missing_ok=True)  # of a former run
    write_state(folder, State(RUNNING, engine="worker", ticket=ticket))
    heartbeat.begin(folder, ticket)
    with heartbeat.kept_up(folder, spec["beat_s"]):
        parcels.unpack(_incoming(ticket), folder, results, with_request=True)
    _incoming(ticket).unlink()
    before = parcels.written_times(results)
    hosting.run_job(folder, spec)
    with heartbeat.kept_up(folder, spec["beat_s"]):
        _pack(folder, ticket, before)
    return {"problem": ""}


def _pack(folder: Path, ticket: str, before: Mapping[str, int]) -> None:
    """Pack what a run left, with the results that are not as before and those that it names."""
    results, parcel = _root() / "store", _parcel(ticket)
    after = parcels.written_times(results)
    keys = {key for key, time in after.items() if before.get(key) != time}
    result = folder / "result.json"
    if result.is_file():
        keys |= parcels.needed(result.read_text("utf-8", errors="replace"), results)
    try:
        parcels.pack(parcel, folder, sorted(keys), results)
    except NeurogalleryError as error:
        with store.locked(folder.parent):
            end(folder, read_state(folder), "failed", str(error))
        parcels.pack(parcel, folder, (), results)


def receive(content: bytes, ticket: str, offset: int) -> bytes:
    """Take a piece of the parcel of a run."""
    path = _incoming(ticket)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not offset:
        _sweep(path.parent)
    with open(path, "r+b" if offset else "wb") as file:
        file.seek(offset)
        file.write(content)
    return b""


def fetch(content: bytes, ticket: str, offset: int, size: int) -> bytes:
    """Give a piece of the parcel that a run left."""
    try:
        with open(_parcel(ticket), "rb") as file:
            file.seek(offset)
            return file.read(min(size, PIECE_BYTES))
    except FileNotFoundError:
        raise NotFoundError("The worker has nothing of this job any more") from None


def answer_exchange(content: bytes, jobs: Mapping[str, tuple[str, bool]]) -> bytes:
    """Say how jobs are, and let those stop that are to."""
    return json.dumps({job: _answer(job, *run) for job, run in jobs.items()}).encode()


def discard(content: bytes, job: str, ticket: str) -> bytes:
    """Forget a run whose parcel has arrived."""
    _parcel(ticket).unlink(missing_ok=True)
    with suppress(NotFoundError):
        if read_state(_folder(job)).ticket == ticket:
            shutil.rmtree(_folder(job), ignore_errors=True)
    return b""


FUNCTIONS: dict[str, Callable[..., bytes]] = {
    "receive": receive,
    "fetch": fetch,
    "exchange": answer_exchange,
    "discard": discard,
}


def _answer(job: str, ticket: str, is_cancelled: bool) -> dict[str, Any]:
    folder = _folder(job)
    try:
        state = read_state(folder)
    except NotFoundError:
        return {}
    if state.ticket != ticket:
        return {}
    if is_cancelled:
        (folder / CANCEL).touch()
    answer: dict[str, Any] = {"beat": heartbeat.last(folder, ticket)}
    with suppress(NeurogalleryError):
        answer["progress"] = store.read_json(folder / PROGRESS)
    if state.status != RUNNING and _parcel(ticket).is_file():
        values = asdict(state)
        answer["ended"] = {name: values[name] for name in OF_THE_END}
    return answer


def _sweep(folder: Path) -> None:
    """Delete parcels that no server has taken or finished for long."""
    for path in folder.iterdir():
        with suppress(OSError):  # another run has just deleted it
            if time.time() - path.stat().st_mtime > LEFTOVER_AGE_S:
                path.unlink()


def _root() -> Path:
    return paths.results_root() / "cluster"


def _folder(job: str) -> Path:
    if not ID.fullmatch(job):
        raise InputError(f"The job is {job!r}", "the name of a job")
    return _root() / "jobs" / job


def _incoming(ticket: str) -> Path:
    return _parcel(ticket).with_suffix(".incoming")


def _parcel(ticket: str) -> Path:
    if not TICKET.fullmatch(ticket):
        raise InputError(f"The run is {ticket!r}", "the name of a run")
    return _root() / "parcels" / f"{ticket}.parcel"
