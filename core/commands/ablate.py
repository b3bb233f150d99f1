"""The command ``ablate``: settings of a decoder against each other, told with their noise."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands import on_cluster
from core.commands.decoder_arguments import add_decoder_arguments, add_repeated, config_of
from core.commands.shared import check_parent, option, show
from core.errors import InputError
from core.words import p_words

if TYPE_CHECKING:
    from core.ablations import Ablation

FAILED = 2
SUFFIXES = (".csv", ".tex")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``ablate`` takes."""
    add_decoder_arguments(parser)
    parser.add_argument("--head", metavar="ID", help="default: whitened_ridge")
    add_repeated(parser, "--roi", "NAME", "two or more become tokens of heads that attend")
    add_repeated(
        parser, "--loss", "ID[:WEIGHT][,NAME=VALUE]", "several are added up; default: infonce"
    )
    add_repeated(
        parser, "--axis", "SETTING=VALUE[,VALUE...]", "such as batch=100,200 and size=6/4,12/8"
    )
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="default: 3")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="the rows as .csv, or as .tex for a paper"
    )


def ablate(chosen: argparse.Namespace, bar: Any) -> int:
    """Train every row with every seed and subject; what was done before is found again."""
    from core import ablations, paths, store
    from core.ablations.job import run
    from core.jobs import cluster

    _check_out(chosen.out)
    ablation = _ablation(chosen)
    request = ablations.AblationRequest(ablation)
    folder = paths.results_root() / "ablations" / store.fingerprint(ablation.to_json())[:16]
    folder.mkdir(parents=True, exist_ok=True)
    if cluster.is_set():
        _train_on_cluster(ablation, chosen.device, bar)
    cells = ablations.load(run(request, bar, folder, chosen.device)["key"]) or []
    bar.clear()
    _save(chosen.out, ablation, cells)
    table = ablations.full_table(ablation, cells)
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    show(chosen, rows, _lines(ablation, cells))
    return FAILED if any(cell["error"] for cell in cells) else 0


def _train_on_cluster(ablation: Ablation, device: str | None, bar: Any) -> None:
    """Train each decoder by a job of its own; what scores them then finds them in the store.

    Why one failed is told by whoever trains it again.
    """
    from core import jobs, store
    from core.decoders.job import TrainRequest

    if device is not None:
        raise InputError(
            f"--device is {device!r}, and decoders are trained on what their workers have",
            "no --device on a cluster",
            "Leave it out, or unset NEUROGALLERY_CLUSTER.",
        )
    requests = [TrainRequest(ablation.config(place)) for place in ablation.replicates]
    for request in requests:
        former = jobs.find(request.operation, request.to_json())
        key = "" if former is None else former.result.get("key", "")
        if former is not None and key and not store.is_own(key):  # it made room for others
            former.remove()
    for _ in on_cluster.ended(on_cluster.submit(requests), bar):
        pass


def _check_out(out: Path | None) -> None:
    if out is None:
        return
    if out.suffix not in SUFFIXES:
        raise InputError(f"--out is {str(out)!r}", "a file name that ends in .csv or .tex")
    check_parent(out)


def _ablation(chosen: argparse.Namespace) -> Ablation:
    from core import datasets, encoders, splits
    from core.ablations import Ablation, Axis, settings_of

    # A decoder of its own for each subject, not one of all of them.
    alone = argparse.Namespace(**{**vars(chosen), "subject": []})
    base = config_of(alone, chosen.head, chosen.loss, chosen.roi, 0)
    ds = datasets.load_with(base.dataset, (chosen.subject or [None])[0], base.options)
    names = [info.id for info in encoders.available(ds)]
    settings = settings_of(base, names, list(splits.KINDS), ", ".join(ds.rois))
    axes = []
    for text in chosen.axis:
        name, values = option(text, "--axis")
        if name not in settings:
            raise InputError(f"There is no setting {name!r}", choices=settings)
        axes.append(Axis.of(settings[name], settings[name].read(values)))
    subjects = tuple(chosen.subject or [ds.subject])
    return Ablation(base, tuple(axes), tuple(range(chosen.seeds)), subjects)


def _save(out: Path | None, ablation: Ablation, cells: Any) -> None:
    from core import ablations, store

    if out is None:
        return
    if out.suffix == ".csv":
        text = ablations.full_table(ablation, cells).to_csv(index=False)
    else:
        text = ablations.as_latex(ablation, cells, next(iter(ablations.protocols(cells)), ""))
    with store.replacing(out) as part:
        part.write_text(text, encoding="utf-8")


def _lines(ablation: Ablation, cells: Any) -> list[str]:
    """The first protocol and measure, row by row, and what they say."""
    from core import ablations
    from core.decoders.scoring.score_table import worded

    failed = [f"failed: {ablation.name(c['row'])}: {c['error']}" for c in cells if c["error"]]
    if not ablations.protocols(cells):
        return failed
    first = ablations.protocols(cells)[0], ablations.measures(cells)[0]
    compared = ablations.compare(ablation, cells, *first)
    rows = ablations.as_table(ablation, compared).to_dict("records")
    lines = [
        f"{ablation.name(place):<32}  {worded(first[1], row['mean'])} SD "
        f"{worded(first[1], row['sd'])}, n {row['n']} {row['unit']}, chance "
        f"{worded(first[1], row['chance'])}, {p_words(row['p'])}"
        for place, row in enumerate(rows)
    ]
    return [f"{first[1]}, {first[0]}", *lines, *failed, ablations.verdict(ablation, compared)]
