"""How long the jobs of an operation took: kept beside the results, few, and as courses alone.

``usual.json`` in this folder has those of the built-in experiment, for the first run of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from math import log
from pathlib import Path
from typing import Any

from core import store
from core.errors import CorruptDataError, NeurogalleryError
from core.jobs.time_left import Course, EarlierRun

FILE = "durations.json"
USUAL = Path(__file__).with_name("usual.json")
MOST_RUNS, MOST_OPERATIONS = 8, 64
MOST_FIELDS, MOST_LETTERS = 60, 80
# Shorter ones need no time left.
SHORTEST_S = 1.0
# A run of the same request replaces one that took as long, to this factor (its logarithm).
AS_LONG = 0.4
UNTOLD = ("fingerprint", "stimuli")
# Its fractions are shares of the time already (``ablations.estimate``), of as many decoders as
# it has: an earlier run of others is no measure.
EVEN = ("ablation",)

Kept = dict[str, list[dict[str, Any]]]


def recall(results: Path, operation: str, request: Mapping[str, Any]) -> list[EarlierRun]:
    """Earlier runs of an operation, the own ones first.

    Parameters
    ----------
    results : Path
        Folder of the results.
    operation, request : str, mapping
        What is to be run.
    """
    runs: list[EarlierRun] = []
    if operation in EVEN:
        return runs
    fields = fields_of(request)
    for kept in (*_read(results / FILE).get(operation, ()), *_usual().get(operation, ())):
        with suppress(KeyError, TypeError, IndexError):  # damaged by hand
            course = Course(tuple(kept["fractions"]), tuple(kept["seconds"]))
            if course.total > 0:
                runs.append(EarlierRun(course, likeness(fields, kept["request"])))
    return runs


def remember(results: Path, operation: str, request: Mapping[str, Any], course: Course) -> None:
    """Keep the course of a run that is done; the lock of the jobs is held.

    A file that cannot be written is no reason for a job to fail.
    """
    if len(course.seconds) < 2 or course.total < SHORTEST_S:
        return
    every = _read(results / FILE)
    fields = fields_of(request)
    former = [kept for kept in every.pop(operation, ()) if not _is_replaced(kept, fields, course)]
    thin = course.thinned()
    own = {
        "request": fields,
        "fractions": [round(fraction, 5) for fraction in thin.fractions],
        "seconds": [round(seconds, 2) for seconds in thin.seconds],
    }
    every[operation] = [own, *former][:MOST_RUNS]
    kept_ones = dict(list(every.items())[-MOST_OPERATIONS:])
    with suppress(NeurogalleryError):
        store.write_json(results / FILE, kept_ones)


def expected_seconds(results: Path, operation: str, request: Mapping[str, Any]) -> float | None:
    """What the earlier run took whose request is most alike; None where there is none."""
    runs = recall(results, operation, request)
    return max(runs, key=lambda run: run.likeness).course.total if runs else None


def fields_of(request: Mapping[str, Any]) -> dict[str, str]:
    """What a request says, in few and short words: nested fields as 'config.head'."""
    fields: dict[str, str] = {}
    waiting: list[tuple[str, Any]] = list(request.items())
    while waiting:
        name, value = waiting.pop(0)
        if name.rpartition(".")[2] in UNTOLD:
            continue
        if isinstance(value, Mapping):
            waiting += [(f"{name}.{inner}", each) for inner, each in value.items()]
        else:
            fields[name] = str(value)[:MOST_LETTERS]
    return dict(list(fields.items())[:MOST_FIELDS])


def likeness(a: Mapping[str, str], b: Mapping[str, str]) -> float:
    """The share of fields that two requests say alike, 0 to 1."""
    names = a.keys() | b.keys()
    return sum(a.get(name) == b.get(name) for name in names) / len(names) if names else 1.0


def _is_replaced(kept: Mapping[str, Any], fields: Mapping[str, str], course: Course) -> bool:
    with suppress(KeyError, TypeError, IndexError, ValueError):
        as_long = abs(log(course.total / kept["seconds"][-1])) < AS_LONG
        return as_long and bool(kept["request"] == fields)
    return True


def _read(path: Path) -> Kept:
    try:
        content = store.read_json(path)
    except CorruptDataError:
        return {}
    if not isinstance(content, dict):
        return {}
    return {name: runs for name, runs in content.items() if isinstance(runs, list)}


@cache
def _usual() -> Kept:
    return _read(USUAL)
