"""The command ``dissimilarity``: predict the dissimilarity of pairs, with and without a leak."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.decoder_arguments import SEVERAL, add_repeated
from core.commands.shared import check_out, option, show
from core.errors import InputError

if TYPE_CHECKING:
    from core.datasets.dataset import Dataset
    from core.dissimilarity import DissimilarityRequest

FAILED = 2
ALL = "all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``dissimilarity`` takes."""
    parser.add_argument("dataset", metavar="DATASET", help="id, e.g. simulated or folder:mydata")
    parser.add_argument("--root", metavar="FOLDER", type=Path, help="folder of the recording")
    add_repeated(parser, "--option", "NAME=VALUE", "option of the dataset")
    add_repeated(parser, "--subject", "NAME", f"default: the first; {ALL!r} for every one")
    add_repeated(parser, "--roi", "ROI[+ROI]", f"+ concatenates; default: {ALL!r}, every unit")
    add_repeated(parser, "--metric", "ID", "default: correlation")
    add_repeated(
        parser, "--encoder", "ID[,NAME=VALUE]", "e.g. clip-vit-b32,output=visual; clip-small"
    )
    add_repeated(parser, "--model", "ID[,NAME=VALUE]", "e.g. mlp,hidden=2; default: the quick ones")
    add_repeated(parser, "--split", "KIND", "default: pair, which leaks, and image")
    parser.add_argument("--images", type=int, default=500, help="0 for all; default: 500")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--preset",
        choices=("study-b",),
        help="V1 and every unit, both metrics, both embeddings, all models, both splits",
    )
    parser.add_argument("--out", metavar="FILE.md", type=Path, help="where to save the report")


def predict(chosen: argparse.Namespace, bar: Any) -> int:
    """Fit and score; what was fitted before is found again."""
    from core import datasets, dissimilarity, paths, store

    if chosen.out is not None:
        check_out(chosen.out, ".md")
    options = dict(option(text) for text in chosen.option)
    named = [name for name in chosen.subject if name != ALL]
    ds = datasets.load_with(chosen.dataset, (named or [None])[0], options, chosen.root)
    request = _request(chosen, ds)
    folder = paths.results_root() / "dissimilarity" / store.fingerprint(request.to_json())[:16]
    folder.mkdir(parents=True, exist_ok=True)
    rows = dissimilarity.load(request.key() or "") if request.key() else None
    if rows is None:
        rows = dissimilarity.load(dissimilarity.run(request, bar, folder)["key"]) or []
    bar.clear()
    if chosen.out is not None:
        with store.replacing(chosen.out) as part:
            part.write_text(dissimilarity.report(request, rows), encoding="utf-8")
    show(chosen, rows, _lines(rows))
    return FAILED if all(row["error"] for row in rows) else 0


def _request(chosen: argparse.Namespace, ds: Dataset) -> DissimilarityRequest:
    from dataclasses import replace

    from core import dissimilarity
    from core.datasets import Reference

    subjects = ds.subjects if ALL in chosen.subject else tuple(chosen.subject)
    if chosen.preset:
        encoders = chosen.encoder or ["clip-small"]
        if len(encoders) > 1 or chosen.roi or chosen.metric or chosen.model or chosen.split:
            raise InputError(
                "--preset was given beside what it sets", "the preset, or --roi, --metric and so on"
            )
        request = dissimilarity.study_b(ds, encoders[0], chosen.seed)
        return replace(request, subjects=subjects, images=chosen.images)
    rois = [() if text == ALL else tuple(text.split(SEVERAL)) for text in chosen.roi]
    named = {
        "rois": tuple(rois),
        "metrics": tuple(chosen.metric),
        "embeddings": tuple(chosen.encoder),
        "models": tuple(chosen.model),
        "splits": tuple(chosen.split),
    }
    return dissimilarity.DissimilarityRequest(
        Reference.of(ds),
        subjects,
        images=chosen.images,
        seed=chosen.seed,
        **{name: values for name, values in named.items() if values},
    )


def _lines(rows: Any) -> list[str]:
    from core import dissimilarity
    from core.dissimilarity.report import PLACE

    lines = []
    for place, of_setting in dissimilarity.grouped(rows, PLACE):
        place["split"] = dissimilarity.split_words(place["split"])
        lines.append(" · ".join(place.values()))
        for row in of_setting:
            scores = row["error"] or ", ".join(
                f"{name} {dissimilarity.interval_words(row['scores'][measure])}"
                for measure, name in dissimilarity.MEASURES.items()
            )
            lines.append(f"  {row['label']:<34}  {scores}")
        usable = [row for row in of_setting if not row["error"]]
        if usable:
            lines += [
                f"  {dissimilarity.verdict(usable)}",
                f"  {dissimilarity.leak_words(usable[0])}",
            ]
    for _, of_region in dissimilarity.grouped(rows, PLACE[:3]):
        lines += filter(None, [dissimilarity.surprise(of_region)])
    return lines
