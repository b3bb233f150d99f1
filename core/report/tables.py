"""Tables and numbers of the report as markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence


def table(names: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table: the names of its columns, and a line for each row."""
    rows = [names, ["---"] * len(names), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def share(value: float) -> str:
    """A share as '.973', a difference below 0 as '-.012', '–' where there is none."""
    return "–" if value != value else re.sub(r"\b0\.", ".", f"{round(value, 3) + 0.0:.3f}")


def interval(value: float, low: float, high: float) -> str:
    """A share with its 95 % interval, as '.973 [.950, .990]'; alone where it has none."""
    return share(value) if low != low else f"{share(value)} [{share(low)}, {share(high)}]"
