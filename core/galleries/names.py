"""Ids of very many images, which are not all in memory as texts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import overload

import numpy as np


class Names(Sequence[str]):
    """A sequence of texts, each made when it is asked for."""

    @abstractmethod
    def at(self, row: int) -> str:
        """The text at a row, 0 to the number of texts less 1."""

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        rows = range(len(self))[place]
        return self.at(rows) if isinstance(rows, int) else [self.at(row) for row in rows]


class PackedNames(Names):
    """Texts as one array of bytes: 1.2 million take 40 MB, mapped from the disk, not 110 MB.

    Parameters
    ----------
    text : np.ndarray of shape (bytes,), uint8
        One after another, in UTF-8.
    ends : np.ndarray of shape (m,), int64
        Where each ends.
    """

    def __init__(self, text: np.ndarray, ends: np.ndarray) -> None:
        self.text, self.ends = text, ends

    def __len__(self) -> int:
        return len(self.ends)

    def at(self, row: int) -> str:
        start = self.ends[row - 1] if row else 0
        return self.text[start : self.ends[row]].tobytes().decode()


class ChainedNames(Names):
    """Sequences of texts one after another, of which none is copied."""

    def __init__(self, parts: Sequence[Sequence[str]]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def at(self, row: int) -> str:
        for part in self._parts:
            if row < len(part):
                return part[row]
            row -= len(part)
        raise IndexError(row)
