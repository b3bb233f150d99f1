"""The findings of an audit: a level, a sentence with counts, and the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from core.errors import InputError

Level = Literal["green", "unchecked", "amber", "red"]
LEVELS: tuple[Level, ...] = ("green", "unchecked", "amber", "red")
# 'side' is the set of the known image; stored audits have the column under this name.
EVIDENCE_COLUMNS = ("fold", "test", "train", "value", "side")
MOST_EVIDENCE = 200


def no_evidence() -> pd.DataFrame:
    """An empty table of evidence."""
    return pd.DataFrame(columns=list(EVIDENCE_COLUMNS))


@dataclass(frozen=True, eq=False)
class Finding:
    """One check of a split.

    Attributes
    ----------
    id : str
    level : {'green', 'unchecked', 'amber', 'red'}
        'red': the test score cannot be trusted; 'amber': know this when you read it;
        'unchecked': nobody knows, of some images at least, which is not green.
    title, message : str
        What was checked; a plain sentence with counts.
    evidence : pd.DataFrame
        Columns ``fold`` (from 0), ``test`` and ``train`` (stimulus ids), ``value`` (what
        they share, or their cosine similarity), ``side`` (where the one under ``train``
        stands: 'train', 'validation' or 'fitted'); at most 200 rows.
    checked : bool
        False where it was not checked; the message says why. The level is 'unchecked', or 'green'
        where there is nothing to check.
    count : int
        Images concerned, over all folds, also beyond the rows of ``evidence``.
    held : str
        The set whose images are concerned.
    concerned : tuple of str
        Stimulus ids of all of them, sorted.
    effect : mapping, optional
        What these images do to the score of a decoder, as ``core.decoders.scoring.effects``
        measured it; None where it was not measured.
    """

    id: str
    level: Level
    title: str
    message: str
    evidence: pd.DataFrame = field(default_factory=no_evidence)
    checked: bool = True
    count: int = 0
    held: str = "test"
    concerned: tuple[str, ...] = ()
    effect: Mapping[str, Any] | None = None


def badge(findings: Iterable[Finding]) -> Level:
    """The worst level of the findings: 'green', 'unchecked', 'amber' or 'red'.

    Raises
    ------
    InputError
        If there are none: a split without an audit is not green.
    """
    levels = [finding.level for finding in findings]
    if not levels:
        raise InputError("There are no findings", "those of splits.audit")
    return worst(levels)


def worst(levels: Iterable[str]) -> Level:
    """The worst of some levels, 'green' where there is none."""
    return LEVELS[max((LEVELS.index(level) for level in levels), default=0)]


class Hits(NamedTuple):
    """Rows of held-out images with one partner each; one entry a held-out image."""

    fold: np.ndarray
    held: np.ndarray
    known: np.ndarray
    value: np.ndarray
    side: np.ndarray


def joined(parts: Sequence[Hits]) -> Hits:
    """The hits of several folds as one."""
    return Hits(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def evidence_of(hits: Hits, ids: np.ndarray) -> pd.DataFrame:
    """The first 200 hits with stimulus ids in place of rows."""
    fold, held, known, value, side = (column[:MOST_EVIDENCE] for column in hits)
    columns: list[Any] = [fold, ids[held], ids[known], value, side]
    return pd.DataFrame(dict(zip(EVIDENCE_COLUMNS, columns, strict=True)))


@dataclass(frozen=True)
class AuditCheck:
    """What a check is called and how it speaks.

    Attributes
    ----------
    id, title : str
    level : str
        Of a finding that concerns any image.
    predicate : str
        Completes 'n of m test images ...' and 'none of the m test images ...'.
    held : str
        The set whose images are counted.
    by_similarity : bool
        Whether the evidence shows the most similar of several partners.
    """

    id: str
    title: str
    level: Level
    predicate: str
    held: str = "test"
    by_similarity: bool = False

    def skipped(self, reason: str) -> Finding:
        """The finding that it could not be checked."""
        return Finding(
            self.id, "unchecked", self.title, f"Not checked: {reason}.", no_evidence(), False
        )

    def finding(
        self, hits: Hits, held: int, folds: int, ids: np.ndarray, note: str = ""
    ) -> Finding:
        """The finding for hits among ``held`` images of ``folds`` folds.

        ``note`` says which images were not compared, '' where all were. Nothing found among the
        others is not green.
        """
        count = len(hits.held)
        over = f" (over {folds} folds)" if folds > 1 else ""
        rest = f"{held:,} {self.held} images{over} {self.predicate}"
        nothing = "Checked in part, nothing found" if note else "Checked, nothing found"
        message = f"{count:,} of {rest}" if count else f"{nothing}: none of the {rest}"
        text = f"{message}. {note}".strip()
        level: Level = "unchecked" if note else "green"
        finding = Finding(self.id, level, self.title, text, held=self.held)
        if not count:
            return finding
        concerned = tuple(sorted(set(ids[hits.held])))
        return replace(
            finding,
            level=self.level,
            evidence=evidence_of(hits, ids),
            count=count,
            concerned=concerned,
        )
