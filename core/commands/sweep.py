"""The command ``sweep``: every combination of heads, losses, ROIs and seeds."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.commands import on_cluster
from core.commands.decoder_arguments import (
    SEVERAL,
    add_decoder_arguments,
    add_repeated,
    config_of,
    loss_text,
    parameters_of,
)
from core.commands.decoders import number
from core.commands.shared import check_out, show
from core.errors import NeurogalleryError
from core.progress import Progress

if TYPE_CHECKING:
    from core.decoders import Config

FAILED = 2


class Combination(NamedTuple):
    """One decoder of a sweep: a head, a sum of losses, ROIs as they were typed, a seed."""

    head: str | None
    loss: str | None
    roi: str | None
    seed: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``sweep`` takes."""
    add_decoder_arguments(parser)
    add_repeated(parser, "--head", "ID", "each is trained; default: whitened_ridge")
    add_repeated(
        parser,
        "--loss",
        "ID[:WEIGHT][,NAME=VALUE][+ID...]",
        "each is trained with, but for heads in closed form; default: infonce",
    )
    add_repeated(parser, "--seed", "N", "each is trained with; default: 0", int)
    add_repeated(parser, "--roi", "NAME[+NAME...]", "each is trained on; default: every unit")
    parser.add_argument(
        "--out", metavar="FILE.csv", type=Path, help="where every measure is saved after each run"
    )


def sweep(chosen: argparse.Namespace, bar: Any) -> int:
    """Train every combination of the values that were repeated; one that fails is listed.

    On a cluster each is a job; the table is the same.
    """
    from core.jobs import cluster

    if chosen.out is not None:
        check_out(chosen.out, ".csv")
    parameters_of(chosen)
    rows = []
    combinations = list(_combinations(chosen))
    score = _gathered if cluster.is_set() else _computed
    for row in score(combinations, chosen, bar):
        bar.clear()
        rows.append(row)
        if chosen.out is not None:
            _save_csv(chosen.out, rows)
        if not chosen.json:
            print(_sweep_line(row), flush=True)
    if chosen.json:
        show(chosen, rows, [])
    return FAILED if any(row["error"] for row in rows) else 0


def _combinations(chosen: argparse.Namespace) -> Iterator[Combination]:
    """Every combination once: heads in closed form are trained without a loss."""
    from core.decoders import HEADS, Config

    seeds = chosen.seed or [0]
    lists = (chosen.head or [None], chosen.loss or [None], chosen.roi or [None], seeds)
    listed = set()
    for head, loss, roi, seed in itertools.product(*lists):
        name = head or Config.head
        closed = name in HEADS and HEADS[name].trained_by == "closed form"
        combination = Combination(head, None if closed else loss, roi, seed)
        if combination not in listed:
            listed.add(combination)
            yield combination


def _computed(
    combinations: list[Combination], chosen: argparse.Namespace, bar: Progress
) -> Iterator[dict[str, Any]]:
    """What each decoder of a sweep scores, computed here."""
    from core.decoders.job import scored

    for combination in combinations:
        row, config = _begun(combination, chosen)
        try:
            yield row if config is None else row | scored(config, bar, chosen.device)
        except NeurogalleryError as error:
            yield _failed(row, str(error))


def _gathered(
    combinations: list[Combination], chosen: argparse.Namespace, bar: Progress
) -> Iterator[dict[str, Any]]:
    """What each decoder of a sweep scores, computed by jobs on a cluster."""
    from core.decoders.job import ScoreRequest

    begun = [_begun(combination, chosen) for combination in combinations]
    requests = []
    for row, config in begun:
        try:
            request = None if config is None else ScoreRequest.of(config, chosen.device)
        except NeurogalleryError as error:
            request, row["error"] = None, _in_a_line(str(error))
        requests.append(request)
    submitted = on_cluster.submit([request for request in requests if request is not None])
    jobs = on_cluster.ended(submitted, bar)
    for (row, _), request in zip(begun, requests, strict=True):
        if request is None:
            yield row
            continue
        job = next(jobs)
        yield row | job.result if job.status == "done" else _failed(row, on_cluster.reason(job))


def _begun(
    combination: Combination, chosen: argparse.Namespace
) -> tuple[dict[str, Any], Config | None]:
    """What a row says before its decoder is trained; the settings, None if they do not fit."""
    head, loss, roi, seed = combination
    row: dict[str, Any] = {"head": head, "loss": loss, "roi": roi, "seed": seed, "error": None}
    try:
        config = config_of(chosen, head, _parts(loss), _parts(roi), seed)
        return row | {"head": config.head, "loss": loss_text(config)}, config
    except NeurogalleryError as error:
        return _failed(row, str(error)), None


def _failed(row: dict[str, Any], error: str) -> dict[str, Any]:
    return {**row, "error": _in_a_line(error)}


def _in_a_line(text: str) -> str:
    return " ".join(text.split())


def _parts(text: str | None) -> list[str]:
    return text.split(SEVERAL) if text else []


def _sweep_line(row: dict[str, Any]) -> str:
    from core.decoders import Config

    roi = f"  {row['roi']}" if row["roi"] else ""
    start = f"{row['head'] or Config.head:<16}  seed {row['seed']}  {row['loss'] or '-':<12}{roi}"
    if row["error"]:
        return f"{start}  failed: {row['error']}"
    first = row["scores"][0]["protocol"]
    measured = [
        f"{score['measure']} {number(score, 'value')} (chance {number(score, 'chance')})"
        for score in row["scores"]
        if score["protocol"] == first
    ]
    return (
        f"{start}  validation two-way {row['validation_two_way']:.1%}  "
        f"test, {first}: {', '.join(measured)}  split {row['badge']}"
    )


def _save_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    """One line for each measure of each run, one for each that failed."""
    import pandas as pd

    from core import store

    lines = []
    for row in rows:
        about = {name: value for name, value in row.items() if name != "scores"}
        lines += [{**about, **score} for score in row.get("scores", [{}])]
    with store.replacing(path) as part:
        pd.DataFrame(lines).to_csv(part, index=False)
