"""What a step measures: figures with their limits, a line each, and how all of it ended."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

OK, FAILED, LEFT_OUT = "ok", "FAILED", "left out"


@dataclass(frozen=True)
class Figure:
    """A number and what it may be; one without a limit is only shown."""

    name: str
    value: float
    most: float | None = None
    least: float | None = None

    @property
    def is_within(self) -> bool:
        """Whether it is within its limits, which no value that is not a number is."""
        if self.most is None and self.least is None:
            return True
        above = self.most is not None and not self.value <= self.most
        below = self.least is not None and not self.value >= self.least
        return not (above or below or math.isnan(self.value))

    def __str__(self) -> str:
        return f"{self.name} {_number(self.value)}"

    @property
    def limit(self) -> str:
        if self.most is not None and self.most == self.least:
            return f"= {self.most:g}"
        limits = {"≤": self.most, "≥": self.least}
        return " ".join(f"{sign} {limit:g}" for sign, limit in limits.items() if limit is not None)


@dataclass(frozen=True)
class Row:
    """One line: what was done, and the figures of it; ``note`` says what is not a number."""

    what: str
    figures: tuple[Figure, ...] = ()
    note: str = ""

    @property
    def verdict(self) -> str:
        return OK if all(figure.is_within for figure in self.figures) else FAILED


Step = Callable[[], Iterator[Row]]


def run(
    steps: Mapping[str, Step],
    budget_s: float,
    show: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
) -> list[str]:
    """Run the steps, one after the other, and show a line for each row.

    A step that fails does not end the others. What the time does not suffice for is left out, and
    said; a row that has begun is brought to its end.

    Returns
    -------
    list of str
        The verdicts of all lines.
    """
    verdicts, end = [], clock() + budget_s
    for name, step in steps.items():
        rows = step()
        while True:
            began = clock()
            if began >= end:
                why = f"the {budget_s:.0f} s of this check were over before it, or within it"
                row, verdict = Row(f"{name}: the rest", note=why), LEFT_OUT
            else:
                row, verdict = _next(rows, name)
            if row is None:
                break
            verdicts.append(verdict)
            show(line(row, clock() - began, verdict))
            if verdict == LEFT_OUT:
                break
    return verdicts


def _next(rows: Iterator[Row], name: str) -> tuple[Row | None, str]:
    try:
        row = next(rows, None)
    except Exception as error:
        reason = " ".join(str(error).split())
        return Row(f"{name}: the rest", note=f"{type(error).__name__}: {reason}"), FAILED
    return row, "" if row is None else row.verdict


def line(row: Row, seconds: float, verdict: str) -> str:
    """The line of a row: name, seconds, figures, limits, verdict."""
    figures = ", ".join(map(str, row.figures))
    limits = ", ".join(figure.limit for figure in row.figures if figure.limit)
    shown = " · ".join(part for part in (figures, row.note) if part)
    return f"{row.what:36} {seconds:6.1f} s  {shown:64} {limits:18} {verdict}".rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
