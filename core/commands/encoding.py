"""The command ``encoding``: predict the response of every unit from embeddings of the images."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.commands.decoder_arguments import add_repeated
from core.commands.shared import check_out, option, show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``encoding`` takes."""
    parser.add_argument("dataset", metavar="DATASET", help="id, e.g. simulated or folder:mydata")
    parser.add_argument("--root", metavar="FOLDER", type=Path, help="folder of the recording")
    add_repeated(parser, "--option", "NAME=VALUE", "option of the dataset")
    parser.add_argument("--subject", metavar="NAME", help="default: the first")
    add_repeated(parser, "--roi", "ROI", "default: every unit")
    add_repeated(
        parser, "--model", "ID[+ID]", "an embedding, or bands: gabor+clip-small; default: both"
    )
    parser.add_argument("--split", metavar="KIND", default="recorded", help="default: recorded")
    parser.add_argument("--inner", default="5 folds", help="'5 folds' or 'leave-one-out'")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", metavar="FILE.csv", type=Path, help="a row a unit and model")


def predict(chosen: argparse.Namespace, bar: Any) -> int:
    """Fit and score; what was fitted before is found again."""
    import pandas as pd

    from core import datasets, encoding, store
    from core.datasets import Reference
    from core.encoding.job import MODELS

    if chosen.out is not None:
        check_out(chosen.out, ".csv")
    options = dict(option(text) for text in chosen.option)
    ds = datasets.load_with(chosen.dataset, chosen.subject, options, chosen.root)
    request = encoding.EncodingRequest(
        Reference.of(ds),
        tuple(chosen.model) or MODELS,
        tuple(chosen.roi),
        chosen.split,
        inner=chosen.inner,
        seed=chosen.seed,
    )
    fits = [encoding.fit(m, request.config(m), ds, request.inner, bar) for m in request.models]
    bar.clear()
    if chosen.out is not None:
        tables = [encoding.by_unit(fit).assign(model=fit.model) for fit in fits]
        with store.replacing(chosen.out) as part:
            pd.concat(tables).to_csv(part, index=False)
    rows = pd.concat([encoding.by_region(fit) for fit in fits]).to_dict("records")
    show(chosen, rows, [encoding.verdict(fits, region) for region in fits[0].regions])
    return 0
