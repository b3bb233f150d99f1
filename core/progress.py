"""How long work tells how far it is, and what it tells when nobody listens."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""``progress(fraction, message)``, fraction 0 to 1; it may raise ``Cancelled``."""


def silent(fraction: float, message: str = "") -> None:
    """The progress of work that nobody watches."""


def portion(progress: Progress | None, start: float, stop: float) -> Progress:
    """The progress of a part of the work, from ``start`` to ``stop`` of the whole."""
    if progress is None:
        return silent

    def report(fraction: float, message: str = "") -> None:
        progress(start + (stop - start) * fraction, message)

    return report
