"""Parts of the report: each is measured, kept as a table of its own, and told in a section.

A part is a module of this folder with two public functions, and its name in ``NAMES``:

- ``measure(scale: plan.Scale, progress: Progress) -> pd.DataFrame``, a long table, whose
  decoders and figures come from the store the second time;
- ``section(table: pd.DataFrame) -> str``, markdown that begins with ``## Title``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

import pandas as pd

from core.progress import Progress
from core.report.plan import Scale

# In the order of the report.
NAMES = (
    "rivals",
    "combined",
    "improvement",
    "generalisation",
    "trust",
)


class ReportPart(Protocol):
    """What the report asks of a module of this folder."""

    def measure(self, scale: Scale, progress: Progress) -> pd.DataFrame:
        """Train and score, or find in the store."""

    def section(self, table: pd.DataFrame) -> str:
        """Tell what was measured."""


def load(name: str) -> ReportPart:
    """The part of a name."""
    return cast(ReportPart, import_module(f"{__name__}.{name}"))
