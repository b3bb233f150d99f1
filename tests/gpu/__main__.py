"""Check what computes on a GPU beside the CPU; exit status 1 where a step is not within limits.

Where no GPU is at hand it says why, with exit status 0. ``--device cpu`` checks the check itself.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from core import encoders
from core.errors import InputError
from tests.gpu import encoding, pairs, product, shortage, training
from tests.gpu.devices import reason_to_skip
from tests.gpu.rows import FAILED, LEFT_OUT, OK, Step, run
from tests.gpu.settings import Settings

# The dear ones last, so that they are what is left out.
STEPS = {
    "images": encoding.images,
    "texts": encoding.texts,
    "memory": shortage.out_of_memory,
    "heads": training.heads,
    "augmentation": training.augmentation,
    "repeat": product.repeat,
    "sweep": product.sweep,
    "pairs": pairs.pair_models,
    "transformers": training.transformers,
}
ON_THE_CPU = "ridge, RDMs, k-means, t-SNE, retrieval and scores"


def main(arguments: list[str] | None = None) -> int:
    chosen = _arguments(arguments)
    reason = "" if chosen.device else reason_to_skip()
    if reason:
        print(f"skipped: {reason}. To check the check: python -m tests.gpu --device cpu")
        return 0
    try:
        device = encoders.device(chosen.device or "cuda")
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{encoders.device_label(device)} beside {encoders.device_label('cpu')}")
    print(f"On the CPU of every machine, and so not compared: {ON_THE_CPU}.")
    with tempfile.TemporaryDirectory(prefix="neurogallery-gpu-") as folder:
        settings = Settings(device, Path(folder))
        return check(settings, chosen.only or list(STEPS), 60.0 * chosen.minutes)


def check(settings: Settings, names: list[str], budget_s: float) -> int:
    """Run the steps of these names and print their lines; the exit status."""
    steps: Mapping[str, Step] = {name: partial(STEPS[name], settings) for name in names}
    with settings.own_results():
        verdicts = run(steps, budget_s, partial(print, flush=True))
    counts = {verdict: verdicts.count(verdict) for verdict in (OK, FAILED, LEFT_OUT)}
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return 1 if counts[FAILED] else 0


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.gpu")
    parser.add_argument("--device", choices=("cuda", "mps", "cpu"), help="default: CUDA, or none")
    parser.add_argument("--only", nargs="+", choices=STEPS, metavar="NAME", help=", ".join(STEPS))
    parser.add_argument("--minutes", type=float, default=8.0, help="what is over is left out")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
