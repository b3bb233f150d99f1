"""A split under audit: its folds, the recording, and what several checks share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from core.datasets import Dataset
from core.progress import Progress, portion
from core.splits.contents import pixel_hashes
from core.splits.copies import MOST_IMAGES, Copies, find_copies, stored_copies
from core.splits.findings import AuditCheck, Finding, Hits, joined
from core.splits.fold import Fold
from core.splits.partners import nearest_sharing, sharing
from core.splits.pool import finite_rows, image_codes, linked, numbered


class Comparison(NamedTuple):
    """Rows held out in a fold, rows known by then, and the set of each known row."""

    fold: int
    held: np.ndarray
    known: np.ndarray
    sets: np.ndarray


@dataclass
class Case:
    """What is audited, checked and complete; see ``audit`` for the attributes."""

    folds: list[Fold]
    ds: Dataset
    features: np.ndarray | None
    fitted_on: list[np.ndarray] | None
    near: float
    clusters: int
    seed: int
    progress: Progress | None = None
    step: int = 0
    steps: int = 1

    def tell(self, fraction: float, message: str) -> None:
        """Report the progress of the present check."""
        check = portion(self.progress, self.step / self.steps, (self.step + 1) / self.steps)
        check(fraction, message)

    def telling(self, fold: int, message: str) -> Callable[[float], None]:
        """Report the progress of the present check within one of the folds."""
        return lambda done: self.tell((fold + done) / len(self.folds), message)

    @cached_property
    def ids(self) -> np.ndarray:
        """Stimulus ids. (n,) object."""
        return self.ds.stimuli["id"].to_numpy(dtype=object)

    @cached_property
    def rows(self) -> np.ndarray:
        """Every row in a set of a fold. (m,) intp."""
        return np.unique(np.concatenate([fold.rows for fold in self.folds]))

    @cached_property
    def images(self) -> np.ndarray:
        """Image of each row by id and file. (n,) int."""
        return image_codes(self.ds.stimuli)

    @cached_property
    def finite(self) -> np.ndarray:
        """Mark the rows with finite features; only where features were given. (n,) bool."""
        assert self.features is not None
        return finite_rows(self.features)

    @cached_property
    def hashes(self) -> tuple[np.ndarray, int]:
        """Hash of the pixels of each row in a set, and how many could not be read."""
        return pixel_hashes(self.ds, self.rows, self.tell)

    @cached_property
    def contents(self) -> np.ndarray:
        """Image of each row by its pixels, -1 where it was not read. (n,) int."""
        if self.ds.images is None:
            return np.full(self.ds.n_stimuli, -1, dtype=np.intp)
        return numbered(self.hashes[0], unknown="")

    @cached_property
    def copies(self) -> Copies:
        """Pairs of stimuli that show one image; only where there are images."""
        return stored_copies(self.ds) or find_copies(self.ds, self.rows, self.tell)

    @cached_property
    def altered(self) -> np.ndarray:
        """Image of each row by altered copies, -1 where there are none. (n,) int."""
        codes = np.full(self.ds.n_stimuli, -1, dtype=np.intp)
        if self.ds.images is None or len(self.rows) > MOST_IMAGES:
            return codes
        rows = np.concatenate([self.copies.first, self.copies.second])
        pair = np.tile(np.arange(len(self.copies.first)), 2)
        # A row may stand in several pairs, a label each: joined by whatever they share.
        labels = linked(rows, pair) if len(rows) else pair
        codes[rows] = labels
        return codes

    def comparisons(self, held: str = "test") -> Iterator[Comparison]:
        """Each fold: test against training and validation, or validation against training."""
        for number, fold in enumerate(self.folds):
            known, names = fold.train, ["train"] * len(fold.train)
            if held == "test":
                known = np.concatenate([known, fold.validation])
                names += ["validation"] * len(fold.validation)
            yield Comparison(number, getattr(fold, held), known, np.array(names, dtype=object))

    def shared(
        self, check: AuditCheck, codes: np.ndarray, names: np.ndarray | None = None, note: str = ""
    ) -> Finding:
        """The finding on held-out rows that share a label (n,) with rows known by then.

        ``names`` (n,) says what the evidence shows as the label.
        """
        hits = joined(
            [
                self._sharing(comparison, codes, check.by_similarity)
                for comparison in self.comparisons(check.held)
            ]
        )
        if names is not None:
            hits = hits._replace(value=names[hits.held])
        return self.finding(check, hits, note)

    def _sharing(self, compared: Comparison, codes: np.ndarray, by_similarity: bool) -> Hits:
        """Partners by a label: the most similar where features tell, else the first."""
        fold, held, known, sets = compared
        if not by_similarity or self.features is None:
            return sharing(fold, held, known, codes, sets)
        finite = self.finite[known]
        near = nearest_sharing(
            fold, held[self.finite[held]], known[finite], codes, sets[finite], self.features
        )
        rest = held[~np.isin(held, near.held)]
        return joined([near, sharing(fold, rest, known, codes, sets)])

    def finding(self, check: AuditCheck, hits: Hits, note: str = "") -> Finding:
        """A finding whose total is every held-out image of every fold."""
        held = sum(len(getattr(fold, check.held)) for fold in self.folds)
        return check.finding(hits, held, len(self.folds), self.ids, note)
