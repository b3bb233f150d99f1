"""An RDM whose cells are computed from the responses when they are read."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from core.errors import InputError
from core.rdm.metrics import METRICS
from core.validation import check_responses


class ComputedRdm:
    """Looks like an RDM (n, n) float32 in memory, and holds the responses alone.

    Cells are within 1e-6 of those of ``rdm.compute``. Read are a cell ``[i, j]``, a row ``[i]``,
    or a block ``[np.ix_(rows, columns)]``.

    Parameters
    ----------
    responses : array_like of shape (n, v)
    metric : str
        Any metric that needs no folds.
    """

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, responses: Any, metric: str) -> None:
        self._method = METRICS[metric]
        responses = check_responses(responses)
        self._method.check_units(responses.shape[1])
        self._prepared = self._method.prepare(responses)
        self.shape = (len(responses), len(responses))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, (int, np.integer)):
            return self._block(np.array([place]), np.arange(len(self)))[0]
        if isinstance(place, tuple) and len(place) == 2:
            first, second = (np.asarray(each) for each in place)
            block = self._block(first.ravel(), second.ravel())
            if first.ndim == second.ndim == 0:
                return block[0, 0]
            if first.ndim == second.ndim == 2 and first.shape[1] == second.shape[0] == 1:
                return block
        raise InputError(f"The place in an RDM is {place!r}", "[i, j], [i] or [np.ix_(i, j)]")

    def _block(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        prepared, both = self._prepared, np.concatenate([rows, columns])
        part = dataclasses.replace(
            prepared,
            **{
                name: getattr(prepared, name)[both]
                for name in ("rows", "shifts", "sums", "squares", "undefined", "original")
            },
        )
        height = len(rows)
        block = self._method.panel(part, slice(0, height), slice(height, len(both)))
        block = block.astype(np.float32, copy=False)
        block[prepared.undefined[rows]] = np.nan
        block[:, prepared.undefined[columns]] = np.nan
        block[rows[:, None] == columns[None, :]] = 0.0
        return block
