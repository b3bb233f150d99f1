"""The job that trains and scores every decoder of an ablation; what is done is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import store
from core.ablations.cost import seconds_of
from core.ablations.design import Ablation, Replicate
from core.decoders import HEADS, train
from core.encoders import job_device
from core.errors import Cancelled, CorruptDataError
from core.jobs.request import Request, check_fields
from core.progress import Progress, portion
from core.words import counted

VERSION = 1
TABLE = "table.json"
SCORES = ("protocol", "measure", "value", "chance", "n", "images", "categories")
TRAINED = 0.9
# Of what a recording is taken to show where only the proportions of the rows count.
NOMINAL_IMAGES = 1000

Cell = dict[str, Any]


@dataclass(frozen=True)
class AblationRequest(Request):
    """An ablation to train and score.

    Attributes
    ----------
    ablation : Ablation
    seconds : float, optional
        That it will take, for the reader alone.
    """

    operation = "ablation"

    ablation: Ablation
    seconds: float | None = field(default=None, compare=False)

    @property
    def label(self) -> str:
        return f"Train {counted(len(self.ablation.replicates), 'decoder')}"

    def key(self) -> None:
        """None: the key follows from those of the decoders, which the job alone has."""

    def device(self) -> str:
        heads = {self.ablation.base.head}
        for axis in self.ablation.axes:
            heads |= {value[0] for value in axis.values if axis.paths == ("head",)}
        closed = all(name in HEADS and HEADS[name].trained_by == "closed form" for name in heads)
        return "cpu" if closed else job_device(True)

    def to_json(self) -> dict[str, Any]:
        base = self.ablation.base
        return {**self.ablation.to_json(), "dataset": base.dataset, "head": base.head}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> AblationRequest:
        own = ("base", "axes", "seeds", "subjects")
        check_fields(cls.operation, values, (*own, "dataset", "head"), own)
        return cls(Ablation.from_json({name: values[name] for name in own}))


def run(
    request: AblationRequest, progress: Progress, folder: Path, device: str | None = None
) -> dict[str, Any]:
    """Job: train and score every decoder; after each the table so far is in the folder.

    A decoder that fails is listed with its reason, and the rest goes on. Decoders are kept
    in the store as they are done, so that a job that is cancelled or killed goes on behind
    them; those of the table are scored again only where the recording has changed since.

    Returns
    -------
    dict
        ``key`` of the table in the store.
    """
    ablation = request.ablation
    former = {_place(cell): cell for cell in so_far(folder) if not cell["error"]}
    order = sorted(ablation.replicates, key=lambda place: place not in former)
    weights = [seconds_of(ablation, place, NOMINAL_IMAGES) + 1e-3 for place in order]
    total, passed = sum(weights), 0.0
    cells = dict(former)
    for number, (place, weight) in enumerate(zip(order, weights, strict=True)):
        within = portion(progress, passed / total, (passed + weight) / total)
        named = _named(ablation, place, f"{number + 1} of {len(order)}", within)
        cells[place] = _cell(ablation, place, former.get(place), named, device)
        store.write_json(folder / TABLE, {"cells": list(cells.values())})
        passed += weight
    listed = [cells[place] for place in ablation.replicates]
    key = table_key(ablation, listed)
    title = "Ablation"
    store.save(key, {}, {"title": title, "ablation": ablation.to_json(), "cells": listed})
    return {"key": key}


def table_key(ablation: Ablation, cells: Sequence[Cell]) -> str:
    """Key of the table: of the decoders in it, and of what failed."""
    fingerprint = store.fingerprint([f"{cell['run']} {cell['error']}" for cell in cells])
    return store.key(AblationRequest.operation, fingerprint, ablation.to_json(), version=VERSION)


def load(key: str) -> list[Cell] | None:
    """The decoders of an ablation from the store, see ``so_far``; None where there are none."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        return [dict(cell) for cell in result.facts["cells"]]


def so_far(folder: Path) -> list[Cell]:
    """What the job of a folder has done.

    Returns
    -------
    list of dict
        ``row, subject, seed``; ``run``, the key of the decoder; ``error``, '' or why there is
        none; ``badge`` of its split; ``scores``, a list of ``SCORES`` by name.
    """
    content = store.read_json(folder / TABLE)
    listed = content.get("cells") if isinstance(content, dict) else [] if content is None else None
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise CorruptDataError(f"{folder / TABLE} holds no cells", remedy="Remove the job.")
    return listed


def _place(cell: Cell) -> Replicate:
    return Replicate(cell["row"], cell["subject"], cell["seed"])


def _named(ablation: Ablation, place: Replicate, number: str, progress: Progress) -> Progress:
    start = f"Decoder {number}: {ablation.name(place.row)}, {place.subject}, seed {place.seed}"

    def report(fraction: float, message: str = "") -> None:
        progress(fraction, f"{start}: {message}" if message else start)

    return report


def _cell(
    ablation: Ablation,
    place: Replicate,
    former: Cell | None,
    progress: Progress,
    device: str | None,
) -> Cell:
    """A decoder, trained and scored; or why there is none."""
    cell: Cell = {**place._asdict(), "run": None, "error": "", "badge": "", "scores": []}
    try:
        decoder = train(ablation.config(place), portion(progress, 0.0, TRAINED), device=device)
        if former is not None and former["run"] == decoder.key:
            return former
        progress(TRAINED, "scoring")
        return {**cell, "run": decoder.key, "badge": decoder.badge, "scores": _scores(decoder)}
    except Cancelled:
        raise
    except Exception as error:  # whatever a plug-in raises: the other decoders go on
        return {**cell, "error": " ".join(str(error).split()) or type(error).__name__}


def _scores(decoder: Any) -> list[dict[str, Any]]:
    """Scores of both protocols in the test set, without intervals and baselines."""
    from core.decoders.scoring.evaluation import evaluate

    table = evaluate(decoder, baselines=False, permutations=1, resamples=1)
    rows = table[[*SCORES]].to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]
