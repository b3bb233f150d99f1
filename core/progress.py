"""How long work tells how far it is, and what it tells when nobody listens."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""``progress(fraction, message)``, fraction 0 to 1; it may raise ``Cancelled``."""


class StagedFraction(float):
    """A fraction of the work that tells the stage it lies in, from ``start`` to ``stop``.

    A float to whoever passes it on; the stages of a job pass at paces of their own, from which
    ``core.jobs.time_left`` tells the time left.
    """

    start: float
    stop: float

    def __new__(cls, fraction: float, start: float, stop: float) -> StagedFraction:
        self = super().__new__(cls, fraction)
        self.start, self.stop = start, stop
        return self


def silent(fraction: float, message: str = "") -> None:
    """The progress of work that nobody watches."""


def portion(progress: Progress | None, start: float, stop: float) -> Progress:
    """The progress of a part of the work, from ``start`` to ``stop`` of the whole."""
    if progress is None:
        return silent

    def place(fraction: float) -> float:
        return start + (stop - start) * fraction

    def report(fraction: float, message: str = "") -> None:
        first, last = 0.0, 1.0
        if isinstance(fraction, StagedFraction):
            first, last = fraction.start, fraction.stop
        progress(StagedFraction(place(fraction), place(first), place(last)), message)

    return report
