"""What a map method tells while it works, and how it is asked to stop."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.errors import Cancelled
from core.progress import Progress

Watch = Callable[[np.ndarray], None]


class Monitor:
    """Passes progress and the evolving map on; collects the notes of a method.

    Attributes
    ----------
    notes : list of str
        What was adjusted or should be known, for the reader.
    stopped : bool
        Whether the work was cancelled and its map so far is kept.
    """

    def __init__(
        self,
        progress: Progress | None = None,
        watch: Watch | None = None,
        keep_partial: bool = False,
    ) -> None:
        self._progress, self._watch = progress, watch
        self._keep_partial = keep_partial
        self.notes: list[str] = []
        self.stopped = False

    def stage(self, fraction: float, message: str) -> None:
        """Name what comes next, before there is any map; a cancel raises ``Cancelled``."""
        if self._progress is not None:
            self._progress(fraction, message)

    def step(self, done: int, total: int, coordinates: np.ndarray, unit: str = "iteration") -> bool:
        """Tell that some iterations are done; True asks the method to stop with what it has."""
        share = 0.1 + 0.85 * done / total
        stops = self._cancels(share, f"{unit} {done:,} of {total:,}")
        if self._watch is not None and not stops:
            self._watch(coordinates)
        self.stopped = self.stopped or stops
        return stops

    def last_stage(self, fraction: float, message: str) -> None:
        """Name what comes after the map is complete; a cancel does not lose the map then."""
        self._cancels(fraction, message)

    def _cancels(self, fraction: float, message: str) -> bool:
        if self._progress is None or self.stopped:
            return False
        try:
            self._progress(fraction, message)
        except Cancelled:
            if not self._keep_partial:
                raise
            return True
        return False
