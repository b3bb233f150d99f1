"""``python -m core.simulation``: draw the embedded experiment anew (``make demo-data``)."""

import sys

from core.simulation.build import build


def _report(fraction: float, message: str) -> None:
    sys.stderr.write(f"\r{fraction:4.0%} {message:<40.40}")


if __name__ == "__main__":
    build(progress=_report)
    sys.stderr.write("\n")
