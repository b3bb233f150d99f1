"""Compute anew what comes ready with the project: ``python -m core.ready``, ``make ready-data``."""

import sys

from core import paths
from core.ready.make import make


def _report(fraction: float, message: str) -> None:
    sys.stderr.write(f"\r{fraction:4.0%} {message:<60.60}")


if __name__ == "__main__":
    make(paths.ready_root(), _report)
    sys.stderr.write("\n")
