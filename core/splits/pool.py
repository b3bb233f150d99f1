"""The stimuli that can be in a set of a split, and what is known of their images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.datasets import Dataset
from core.errors import InputError
from core.validation import check_same_length, row_blocks

COPY_PREFIX = "rep_"


@dataclass(frozen=True)
class Pool:
    """Usable stimuli of a recording.

    Attributes
    ----------
    stimuli : pd.DataFrame
        ``ds.stimuli``, all n rows.
    rows : np.ndarray of shape (m,), intp
        The usable ones, sorted.
    features : np.ndarray of shape (n, d), or None
    """

    stimuli: pd.DataFrame
    rows: np.ndarray
    features: np.ndarray | None = None

    @property
    def images(self) -> np.ndarray:
        """Image of each usable row, copies alike, numbered as they come. (m,) int."""
        return image_codes(self.stimuli.iloc[self.rows])

    def texts(self, column: str) -> np.ndarray:
        """A column of the usable rows as text, '' where nothing is known. (m,) object."""
        return texts(self.stimuli.iloc[self.rows], column)

    def part(self, chosen: np.ndarray) -> Pool:
        """Some of the usable rows, by a mask (m,)."""
        return replace(self, rows=self.rows[chosen])


def pool_of(ds: Dataset, features: Any = None, beside: Sequence[Dataset] = ()) -> Pool:
    """The stimuli with a response and, where features are given, a finite row of them.

    A response counts where it has a value in any unit, so that decoders of different ROIs are
    tested on one split; each then leaves out what is missing in its own. One of the recordings
    ``beside``, with the same stimuli, counts too.

    Raises
    ------
    InputError
        If the features have another length than the stimuli, or no stimulus is usable.
    """
    usable = np.any([has_response(each) for each in (ds, *beside)], axis=0)
    array = None if features is None else check_features(features, ds)
    if array is not None:
        usable = usable & finite_rows(array)
    if not usable.any():
        raise InputError(
            f"None of the {ds.n_stimuli:,} stimuli of {ds.info.title} has a usable response"
            + ("" if array is None else " and a finite row of features"),
            "stimuli to split",
        )
    return Pool(ds.stimuli, np.flatnonzero(usable), array)


def has_response(ds: Dataset) -> np.ndarray:
    """Mark the stimuli with a response; with a cell in an RDM where only RDMs came. (n,) bool."""
    if ds.betas is not None or not ds.rdms:
        return np.bincount(ds.trial_rows[ds.has_value], minlength=ds.n_stimuli) > 0
    return np.any([np.isfinite(rdm).sum(axis=1) > 1 for rdm in ds.rdms.values()], axis=0)


def check_features(features: Any, ds: Dataset) -> np.ndarray:
    """Features as an array (n, d) of numbers, a row for each stimulus; NaN marks missing ones."""
    array = np.asarray(features)
    if array.ndim != 2 or array.shape[1] < 1 or array.dtype.kind not in "biuf":
        raise InputError(
            f"The features have the shape {array.shape} and the dtype {array.dtype}",
            "numbers of the shape (n stimuli, d)",
        )
    check_same_length(len(array), ds.n_stimuli, "The feature array", "the stimulus list")
    return array


def finite_rows(features: np.ndarray) -> np.ndarray:
    """Mark the rows that are finite throughout. (n, d) -> (n,) bool."""
    blocks = row_blocks(*features.shape)
    return np.concatenate([np.isfinite(features[block]).all(axis=1) for block in blocks])


def texts(stimuli: pd.DataFrame, column: str) -> np.ndarray:
    """A column as text, '' where nothing is known. (n,) object."""
    values = stimuli[column].astype(object)
    return values.where(values.notna(), "").astype(str).str.strip().to_numpy(dtype=object)


def image_names(stimuli: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Ids and files without the prefix ``rep_`` that marks a copy. Two (n,) object."""
    ids = [_without_prefix(name) for name in texts(stimuli, "id")]
    files = []
    for file in texts(stimuli, "file"):
        folder, slash, name = file.replace("\\", "/").rpartition("/")
        files.append(folder + slash + _without_prefix(name))
    return np.array(ids, dtype=object), np.array(files, dtype=object)


def image_codes(stimuli: pd.DataFrame) -> np.ndarray:
    """Number of each row's image: equal ids or equal files, but for ``rep_``. (n,) int."""
    ids, files = image_names(stimuli)
    return linked(numbered(ids), numbered(files, unknown=""))


def numbered(values: np.ndarray, unknown: Any = None) -> np.ndarray:
    """Number the values as they come, -1 for ``unknown``. (n,) int."""
    codes = np.full(len(values), -1, dtype=np.intp)
    known = np.ones(len(values), dtype=bool) if unknown is None else values != unknown
    codes[known] = pd.factorize(values[known])[0]
    return codes


def linked(*labels: np.ndarray) -> np.ndarray:
    """Join rows that share any label; -1 links nothing. Several (n,) int -> (n,) int.

    Rows are joined through others too: a with b by one label, b with c by the next.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n, ends = len(labels[0]), []
    for codes in labels:
        known = np.flatnonzero(codes >= 0)
        _, first, inverse = np.unique(codes[known], return_index=True, return_inverse=True)
        ends.append(np.stack([known, known[first][inverse]]))
    rows, columns = np.concatenate(ends, axis=1)
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(n, n))
    return numbered(connected_components(graph, directed=False)[1])


def _without_prefix(name: str) -> str:
    stripped = name
    while stripped.startswith(COPY_PREFIX):
        stripped = stripped.removeprefix(COPY_PREFIX)
    return stripped or name
