"""What a way to take responses apart declares, and the registry that the ways join."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.registry import Registry


class Fitted(NamedTuple):
    """Components fitted to rows.

    Attributes
    ----------
    profiles : np.ndarray of shape (k, v)
        Of each component, over units or regions.
    own : np.ndarray of shape (n, k)
        Scores of the rows that were fitted.
    scores : callable
        ``scores(rows) -> (m, k)`` of rows in the units of those fitted, others too.
    converged : bool
    shift : np.ndarray of shape (v,)
        What was taken from every unit first: its mean, or its minimum where it was negative.
    """

    profiles: np.ndarray
    own: np.ndarray
    scores: Callable[[np.ndarray], np.ndarray]
    converged: bool
    shift: np.ndarray


Fit = Callable[[np.ndarray, int, int], Fitted]


@dataclass(frozen=True)
class ComponentMethod:
    """A registered way to take responses apart.

    Attributes
    ----------
    id, label, note, citation : str
        ``note`` is one sentence that says what its components are.
    fit : callable
        ``fit(rows, k, seed) -> Fitted`` of complete rows (n, v) float64, k at most min(n, v).
    is_signed : bool
        Whether a component and its negative are the same: its sign is then that of the skew.
    """

    id: str
    label: str
    note: str
    citation: str
    fit: Fit
    is_signed: bool = True


METHODS: Registry[ComponentMethod] = Registry("method of components")


def register(method: ComponentMethod) -> None:
    """Add a method; each module below ``methods`` calls this when imported."""
    METHODS.register(method.id, method)
