"""Selections of stimuli: short texts for addresses, kept on disk, imported, compared."""

from core.selections.codes import MOST_CHARACTERS, decode, encode
from core.selections.columns import Column, columns_of, find, matches
from core.selections.comparison import SelectionComparison, compare
from core.selections.imported import ImportedIds, read_ids, summary
from core.selections.kept import delete, forget_names, keep, name_as, named, recall, rename

__all__ = [
    "MOST_CHARACTERS",
    "Column",
    "ImportedIds",
    "SelectionComparison",
    "columns_of",
    "compare",
    "decode",
    "delete",
    "encode",
    "find",
    "forget_names",
    "keep",
    "matches",
    "name_as",
    "named",
    "read_ids",
    "recall",
    "rename",
    "summary",
]
