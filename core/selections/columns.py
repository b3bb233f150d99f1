"""Columns of the stimuli as filters, and stimuli that a word finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.paths import composed

# Whose values are as many as the stimuli: for these there is the search.
IDENTIFIERS = ("id", "file")
MOST_VALUES = 2_000
COLUMNS_FIRST = ("category", "supercategory", "labels", "source", "split")
EMPTY = "(empty)"


class Column(NamedTuple):
    """A column that stimuli can be filtered by.

    Attributes
    ----------
    name : str
    counts : dict of str to int
        Stimuli of each value, the most frequent first, '(empty)' last; none for numbers.
    ends : tuple of float, optional
        Smallest and largest of numbers.
    """

    name: str
    counts: dict[str, int]
    ends: tuple[float, float] | None = None

    @property
    def is_number(self) -> bool:
        """Whether it is filtered by a range."""
        return self.ends is not None


def columns_of(stimuli: pd.DataFrame) -> list[Column]:
    """Every column with two values or more of which some repeat, the standard ones first.

    Text with more than 2,000 values is left to the search, ids and files too.
    """
    names = [str(name) for name in stimuli if name not in IDENTIFIERS]
    names.sort(key=lambda name: COLUMNS_FIRST.index(name) if name in COLUMNS_FIRST else 99)
    columns = (_column(name, stimuli[name]) for name in names)
    return [column for column in columns if column is not None]


def matches(
    stimuli: pd.DataFrame,
    column: Column,
    values: Collection[str] = (),
    ends: tuple[float, float] | None = None,
) -> list[str]:
    """Ids whose value is among ``values`` (of labels any), or within ``ends``, both included."""
    held = stimuli[column.name]
    if column.is_number:
        low, high = column.ends if ends is None else ends  # type: ignore[misc]
        kept = held.between(low, high)
    else:
        chosen = set(values)
        kept = _texts(column.name, held).map(lambda texts: not chosen.isdisjoint(texts))
    return [str(name) for name in stimuli["id"][kept.to_numpy(dtype=bool)]]


def find(stimuli: pd.DataFrame, text: str, columns: Sequence[str] = ("category", "supercategory")
         ) -> np.ndarray:  # fmt: skip
    """Rows whose id, category or label holds a text, whatever its case. (k,) int

    The id that it is comes first, then ids that begin with it, then categories and labels that
    it is, then whatever holds it; each in the order of the list.
    """
    sought = composed(text.strip()).casefold()
    if not sought:
        return np.empty(0, dtype=np.intp)
    ids = stimuli["id"].str.casefold()
    words = _joined(stimuli, columns)
    ranks = np.full(len(stimuli), 9)
    for rank, held in (
        (4, words.str.contains(sought, regex=False)),
        (3, ids.str.contains(sought, regex=False)),
        (2, words.str.contains(f"\0{sought}\0", regex=False)),
        (1, ids.str.startswith(sought)),
        (0, ids == sought),
    ):
        ranks[held.to_numpy(dtype=bool)] = rank
    rows = np.flatnonzero(ranks < 9)
    return rows[np.argsort(ranks[rows], kind="stable")]


def _joined(stimuli: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Categories and labels of each stimulus, in one text between NULs."""
    texts = stimuli["labels"].map("\0".join)
    for name in columns:
        texts = texts + "\0" + stimuli[name].astype(str)
    return ("\0" + texts + "\0").str.casefold()


def _column(name: str, held: pd.Series) -> Column | None:
    if pd.api.types.is_numeric_dtype(held) and not pd.api.types.is_bool_dtype(held):
        known = held[np.isfinite(held.astype(float))]
        ends = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
        return Column(name, {}, ends) if ends[0] < ends[1] else None
    counts = Counter(text for texts in _texts(name, held) for text in texts)
    # Values that are all different filter nothing.
    if not 1 < len(counts) <= MOST_VALUES or max(counts.values()) == 1:
        return None
    empty = counts.pop(EMPTY, 0)
    ordered = dict(counts.most_common())
    return Column(name, ordered | ({EMPTY: empty} if empty else {}))


def _texts(name: str, held: pd.Series) -> pd.Series:
    """The values of each stimulus: its labels, or the text that stands there."""
    if name == "labels":
        return held.map(lambda labels: tuple(dict.fromkeys(labels)) or (EMPTY,))
    filled = held.astype(object).where(held.notna(), "").map(str)
    return filled.map(lambda text: (text or EMPTY,))
