"""``python -m core export``: write a recording as a folder of CSV, NumPy and image files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.commands.shared import option, show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``export`` takes besides the recording."""
    parser.add_argument(
        "--to", metavar="FOLDER", type=Path, required=True, help="folder that is made"
    )
    parser.add_argument("--without-images", action="store_true", help="leave the images out")


def export(chosen: argparse.Namespace, bar: Any) -> int:
    """Open one subject and write it."""
    from core import datasets
    from core.datasets.own.export import export as write

    options = dict(option(text) for text in chosen.option)
    ds = datasets.load_with(chosen.dataset, chosen.subject, options, chosen.root)
    where = write(ds, chosen.to, not chosen.without_images, bar)
    bar.clear()
    content = {"dataset": chosen.dataset, "subject": ds.subject, "where": str(where)}
    lines = [f"{ds.info.title}, subject {ds.subject}", f"written to {where}"]
    show(chosen, content, lines)
    return 0
