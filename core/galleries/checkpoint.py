"""Embeddings under way: rows in a file that grows by whole shards, and what they are of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from core import store
from core.encoders.encode import write_rows
from core.errors import CorruptDataError

ROWS, STATE = "features.part", "shards.json"


@dataclass(frozen=True)
class Shard:
    """A shard that is done.

    Attributes
    ----------
    digest : str
        Of its images, see ``Listing.shards``.
    rows, failed : int
        Images, and those of them that could not be read.
    seconds : float
    failures : dict of str to str
        Reasons of some of those that failed, by id.
    """

    digest: str
    rows: int
    failed: int = 0
    seconds: float = 0.0
    failures: dict[str, str] = field(default_factory=dict)


class Checkpoint:
    """Shards in the folder of a job; a context in which the file of rows is open.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    origin : str
        What stands for encoder and parameters: shards of another origin are not taken up.
    dimensions : int
        Length d of an embedding.
    """

    def __init__(self, folder: Path, origin: str, dimensions: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._rows, self._state = folder / ROWS, folder / STATE
        self._origin, self._dimensions = origin, dimensions
        self.shards: list[Shard] = []

    def __enter__(self) -> Self:
        self._file = open(self._rows, "ab")
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    @property
    def done(self) -> int:
        """Rows that are there."""
        return sum(shard.rows for shard in self.shards)

    def resume(self, digests: Sequence[str]) -> int:
        """Take up the shards from the first on that are still of these images; gives how many."""
        self.shards = []
        for shard, digest in zip(self._read(), digests, strict=False):
            enough = self._bytes(self.done + shard.rows) <= self._rows.stat().st_size
            if shard.digest != digest or not enough:
                break
            self.shards.append(shard)
        # What a killed job has written of a further shard goes.
        self._file.truncate(self._bytes(self.done))
        return len(self.shards)

    def append(self, rows: np.ndarray, shard: Shard) -> None:
        """Add a shard; it is on the disk before the list says so."""
        write_rows(self._file, rows)
        self._file.flush()
        os.fsync(self._file.fileno())
        self.shards.append(shard)
        state = {"origin": self._origin, "shards": [asdict(each) for each in self.shards]}
        store.write_json(self._state, state)

    def features(self) -> np.ndarray:
        """Rows so far, mapped from the disk. (done, d) float32"""
        shape = (self.done, self._dimensions)
        return np.memmap(self._rows, dtype=np.float32, mode="r", shape=shape)

    def remove(self) -> None:
        """Delete the files."""
        for path in (self._rows, self._state):
            path.unlink(missing_ok=True)

    def _bytes(self, rows: int) -> int:
        return rows * self._dimensions * 4

    def _read(self) -> list[Shard]:
        try:
            state: Any = store.read_json(self._state)
            if state is None or state["origin"] != self._origin:
                return []
            return [Shard(**each) for each in state["shards"]]
        except (CorruptDataError, KeyError, TypeError):  # damaged: from the beginning
            return []
