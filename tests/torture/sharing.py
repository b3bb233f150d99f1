"""Six processes on one store that is too small for all of it: every load is right or absent."""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from core import store
from core.errors import NeurogalleryError
from tests.torture import material
from tests.torture.children import waited
from tests.torture.outcome import Lost, Outcome
from tests.torture.settings import Settings, folders

PROCESSES, KEYS = 6, 60
# About a fifth of what the keys take.
LIMIT_GIB = 2e5 / 2**30
ACTS = ("save", "save", "load", "load", "load", "remove", "list", "entry")


def run(settings: Settings) -> Iterator[Outcome]:
    os.environ["NEUROGALLERY_STORE_GIB"] = f"{LIMIT_GIB:.9f}"
    outcome = Outcome("six processes on one store")
    seconds = min(45.0, 0.8 * settings.seconds) * settings.share
    with folders(settings.folder) as place:
        children = [_begin(place, settings.seed + number, seconds) for number in range(PROCESSES)]
        for child, answer in children:
            status = waited(child, seconds + 60.0)
            if status != 0:
                outcome.count("lost", f"a process ended with {status}")
                continue
            outcome.add(Outcome(**json.loads(answer.read_text("utf-8"))))
        with outcome.trying("the store after all of it"):
            if any("error" in entry.facts for entry in store.entries()):
                raise Lost("a result is damaged")
    yield outcome


def _begin(place: Path, seed: int, seconds: float) -> tuple[int, Path]:
    answer = Path(tempfile.mkstemp(dir=place, suffix=".json")[1])
    child = os.fork()
    if child == 0:
        try:
            own = _use(random.Random(seed), seconds)
            answer.write_text(json.dumps(own.to_json()), "utf-8")
        finally:
            os._exit(0 if answer.stat().st_size else 3)
    return child, answer


def _use(rng: random.Random, seconds: float) -> Outcome:
    """Save, load, remove and list at random; what is loaded follows from its key."""
    outcome, end = Outcome(""), time.monotonic() + seconds
    while time.monotonic() < end:
        act, number = rng.choice(ACTS), rng.randrange(KEYS)
        key, arrays, facts = material.example(number)
        with outcome.trying(f"{act} {number}"):
            if act == "save":
                store.save(key, arrays, facts)
            elif act == "load":
                _check(store.load(key), number)
            elif act == "remove":
                store.remove(key)
            elif act == "list":
                _check_list()
            else:
                _look(key, number)
    return outcome


def _check(result: store.Result | None, number: int) -> None:
    if result is not None and not material.is_example(result, number):
        raise Lost("a result holds something else")


def _check_list() -> None:
    if any("error" in entry.facts for entry in store.entries()):
        raise Lost("a result is listed as damaged")


def _look(key: str, number: int) -> None:
    try:
        if store.entry(key).facts["number"] != number:
            raise Lost("an entry of another result")
    except NeurogalleryError:
        if store.is_own(key) and store.load(key) is None:
            return  # removed between the two looks
