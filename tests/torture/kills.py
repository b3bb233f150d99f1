"""SIGKILLs of jobs and of the server at random moments.

After each the store and the list of jobs read, and the job says that it was interrupted; it is
resumed, and in the end gives, bit for bit, what a run gave that nobody disturbed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core import jobs, operations, paths, store
from core.clusters import ClustersRequest
from core.datasets import Reference
from core.decoders import TrainRequest
from core.encoders import EncodeRequest
from core.maps import MapRequest
from core.rdm.job import RdmRequest
from tests.core.decoders import planted
from tests.torture import material, server
from tests.torture.outcome import Lost, Outcome
from tests.torture.settings import Settings, folders

PLUGIN = "tests.torture.quick_jobs"
WALKS, EACH, OTHERS_EACH, SERVERS = 50, 3, 3, 24
AT_ONCE = 2
# A job is done with its work a while after its process began; kills fall anywhere before.
WALK_S, OTHER_S, PATIENCE_S = 0.9, 3.0, 120.0
ACTIVE = ("queued", "running")
PAGES = ("clusters", "rdm", "maps", "train", "jobs", "overview", "responses")


def run(settings: Settings) -> Iterator[Outcome]:
    os.environ["NEUROGALLERY_PLUGINS"] = PLUGIN
    operations.load_plugins()
    with folders(settings.folder):
        material.write_recording(paths.data_root(), 0, 48, 400)
        material.plant()
        requests = _requests(settings)
        right = _undisturbed(settings, requests)
        kills, ends, left = Outcome("kills of jobs"), Outcome("their ends"), Outcome("their files")
        _kill_jobs(settings, [_Victim(*each) for each in requests], right, (kills, ends, left))
        yield from (kills, ends, left)
        yield from server_kills(settings)


def _requests(settings: Settings) -> list[tuple[str, dict[str, Any], int, float]]:
    """Operation, request, how often it is killed, and within which time of its start."""
    ds = material.open_mine()
    reference = Reference.of(ds)
    training = {"epochs": 60}
    real = [
        RdmRequest(reference),
        ClustersRequest((reference,), source="voxels", ks=(2, 3, 4)),
        MapRequest(reference, "responses", {"roi": ["A"]}, "tsne"),
        EncodeRequest.of(ds, "gabor", "stimuli", {}),
        TrainRequest(planted.config("mlp", training=training)),
        TrainRequest(planted.config("ridge")),
    ]
    size = {"steps": 40, "pause": 0.01, "size": 4000}
    walks = [
        ("torture_walk", {"seed": settings.seed + number, **size}, EACH, WALK_S)
        for number in range(settings.count(WALKS))
    ]
    others = [
        (request.operation, request.to_json(), settings.count(2 * OTHERS_EACH), OTHER_S)
        for request in real
    ]
    return walks + others


def _undisturbed(settings: Settings, requests: list[tuple[Any, ...]]) -> dict[str, str]:
    """What the store holds after runs that nobody disturbs, by operation and key."""
    folder = settings.folder / "right"
    folder.mkdir()
    former, results = os.environ["NEUROGALLERY_RESULTS"], {}
    os.environ["NEUROGALLERY_RESULTS"] = str(folder)
    try:
        for operation, request, *_ in requests:
            place = folder / "scratch" / str(len(results))
            place.mkdir(parents=True)
            values = json.loads(json.dumps(request))
            operations.resolve(operation)(values, lambda fraction, message="": None, place)
            results = {entry.key: _numbers(entry.key) for entry in store.entries()}
    finally:
        os.environ["NEUROGALLERY_RESULTS"] = former
    return results


def _numbers(key: str) -> str:
    result = store.load(key)
    if result is None:
        raise Lost(f"the result {key} is absent")
    return store.fingerprint({name: np.array(array) for name, array in result.arrays.items()})


# --- jobs


@dataclass
class _Victim:
    operation: str
    request: dict[str, Any]
    kills_left: int
    within_s: float
    job: jobs.Job | None = None
    kill_at: float = field(default=float("inf"))
    since: float = field(default_factory=time.monotonic)


def _kill_jobs(
    settings: Settings,
    waiting: list[_Victim],
    right: dict[str, str],
    outcomes: tuple[Outcome, Outcome, Outcome],
) -> None:
    """Kill each job as often as it is to be, a few at a time, and let it come to its end."""
    kills, ends, left = outcomes
    rng, running = settings.rng, []
    rng.shuffle(waiting)
    while waiting or running:
        if settings.is_over(0.6):
            kills.note = f"out of time, {len(waiting)} runs not begun"
            break
        while waiting and len(running) < AT_ONCE:
            victim = waiting.pop()
            victim.job = jobs.submit(victim.operation, victim.request)
            _aim(victim, rng)
            running.append(victim)
        for victim in list(running):
            if _is_ended(victim, kills, rng):
                running.remove(victim)
                _check_end(victim, right, ends, left)
        time.sleep(0.01)


def _aim(victim: _Victim, rng: random.Random) -> None:
    victim.since = time.monotonic()
    victim.kill_at = victim.since + rng.uniform(0.0, victim.within_s)


def _is_ended(victim: _Victim, kills: Outcome, rng: random.Random) -> bool:
    assert victim.job is not None
    now = time.monotonic()
    if victim.kills_left and now > victim.kill_at:
        if _killed(victim.job, kills):
            victim.kills_left -= 1
        _aim(victim, rng)
    is_active = victim.job.status in ACTIVE
    return not is_active or now - victim.since > PATIENCE_S


def _killed(job: jobs.Job, kills: Outcome) -> bool:
    """Kill the process of a job where it has one; its state and the store are then read."""
    state = json.loads((job.folder / "status.json").read_text("utf-8"))
    if state["status"] != "running":
        return False
    try:
        os.kill(state["pid"], signal.SIGKILL)
    except ProcessLookupError:
        return False
    if not _is_interrupted(job):
        return False  # it had just ended
    with kills.trying(f"{job.id} killed"):
        check_store()
        job.resume()
        if job.status not in (*ACTIVE, "done"):
            raise Lost(f"it cannot be resumed and is {job.status} ({job.error})")
    return True


def _is_interrupted(job: jobs.Job) -> bool:
    end = time.monotonic() + 10.0
    while (status := job.status) == "running" and time.monotonic() < end:
        time.sleep(0.01)
    if status in ("running", "failed"):
        raise Lost(f"{job.id} is {status} after the kill ({job.error})")
    return status == "interrupted"


def check_store() -> None:
    """Every result reads, and every job."""
    damaged = [entry.key for entry in store.entries() if "error" in entry.facts]
    if damaged:
        raise Lost(f"damaged results: {damaged}")
    for job in jobs.all_jobs():
        _ = job.status, job.progress, job.request, job.place, job.error


def _check_end(victim: _Victim, right: dict[str, str], ends: Outcome, left: Outcome) -> None:
    job = victim.job
    assert job is not None
    with ends.trying(job.id):
        if job.status != "done":
            raise Lost(f"it is {job.status} in the end ({job.error})")
        key = job.result["key"]
        if _numbers(key) != right[key]:
            raise Lost("its result differs from that of an undisturbed run")
    with left.trying(job.id):
        parts = [path.name for path in job.folder.rglob("*.part")]
        if parts:
            raise Lost(f"left behind: {parts[:3]}")


# --- the server


def server_kills(settings: Settings) -> Iterator[Outcome]:
    """Servers killed while pages run and jobs are at work; the next one shows what there is."""
    kills, ends = Outcome("kills of the server"), Outcome("jobs beside killed servers")
    rng, submitted = settings.rng, []
    for number in settings.tries(kills, SERVERS, 0.9):
        request = {"seed": number, "steps": 30, "pause": 0.05, "size": 4000}
        with kills.trying(f"server {number}", PATIENCE_S):
            with server.serving(settings.folder) as served:
                submitted.append(jobs.submit("torture_walk", {**request, "of": settings.seed}))
                shown = _visit(served, rng)
                served.kill()
            if shown:
                raise Lost(f"a page shows {shown}")
            check_store()
    for job in submitted:
        with ends.trying(job.id, PATIENCE_S):
            while job.status in ACTIVE:
                time.sleep(0.05)
            if job.status != "done":
                raise Lost(f"{job.status}: {job.error}")
            _check_walk(job)
    yield kills
    yield ends


def _visit(served: server.Served, rng: random.Random) -> str:
    """Open a page with settings that ask for a new job, and leave it at any moment."""
    seed, metric = rng.randrange(10**6), rng.choice(("correlation", "euclidean"))
    query = f"stimuli={rng.choice((80, 120, 200))}&random_seed={seed}&metric={metric}"
    return served.visit(rng.choice(PAGES), query, rng.uniform(0.0, 3.0))


def _check_walk(job: jobs.Job) -> None:
    request = job.request
    place = np.zeros(request["size"])
    for step in range(request["steps"]):
        place = place + np.random.default_rng([request["seed"], step]).normal(size=place.shape)
    result = store.load(job.result["key"])
    if result is None or not np.array_equal(result.arrays["place"], place):
        raise Lost("the result is absent or another one")
