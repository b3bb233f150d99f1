"""What a part is told: its seed, its time, its folder."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import end_jobs
from tests.torture.outcome import Outcome


@dataclass(frozen=True)
class Settings:
    """Of one part; ``share`` below 1 makes as much less of everything that is counted."""

    seed: int
    seconds: float
    folder: Path
    share: float = 1.0
    began: float = field(default_factory=time.monotonic)

    @property
    def rng(self) -> random.Random:
        return random.Random(self.seed)

    def count(self, full: int) -> int:
        return max(1, round(full * self.share))

    def tries(self, outcome: Outcome, full: int, share: float = 0.95) -> Iterator[int]:
        """Numbers of the tries, until there are enough or that share of the time has passed."""
        for number in range(self.count(full)):
            if self.is_over(share):
                outcome.note = f"{outcome.note} out of time".strip()
                return
            yield number

    def is_over(self, share: float = 1.0) -> bool:
        """Whether that share of the time has passed."""
        return time.monotonic() - self.began > share * self.seconds


@contextmanager
def folders(root: Path) -> Iterator[Path]:
    """Recordings and results below a folder of their own; jobs that still run then are ended."""
    names = {"NEUROGALLERY_DATA": "recordings", "NEUROGALLERY_RESULTS": "results"}
    former = {name: os.environ.get(name) for name in names}
    for name, below in names.items():
        (root / below).mkdir(parents=True, exist_ok=True)
        os.environ[name] = str(root / below)
    try:
        yield root
    finally:
        end_jobs(root / "results" / "jobs")
        for name, value in former.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
