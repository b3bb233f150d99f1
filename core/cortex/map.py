"""What can be shown on the cortex: a map declares itself, and gives a value for every unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.datasets import Dataset
from core.registry import Registry

Choices = Sequence[str]


def nothing(ds: Dataset) -> Choices:
    """There is nothing to choose."""
    return ()


def no_details(ds: Dataset, choice: str) -> Choices:
    """There is nothing further to choose."""
    return ()


@dataclass(frozen=True)
class CortexMap:
    """A registered map.

    Attributes
    ----------
    id, label, note, citation : str
        ``note`` is one sentence that says what a value means.
    values : callable
        ``values(ds, choice, detail) -> (units,) float``, NaN where a unit has none.
    is_signed : bool
        Whether 0 is in the middle of the colours; else they begin at 0.
    unit : str
        Of the values, such as 'r'.
    needs_choice : str
        What is chosen, such as 'Image'; '' where nothing is.
    choices : callable
        ``choices(ds) -> list of str``.
    needs_detail : str
    details : callable
        ``details(ds, choice) -> list of str``.
    empty : str
        What to do where there is nothing to choose from.
    seconds : callable, optional
        ``seconds(ds) -> float``, about how long it takes; a moment where it is not given.
    """

    id: str
    label: str
    note: str
    citation: str
    values: Callable[[Dataset, str, str], np.ndarray]
    is_signed: bool = False
    unit: str = ""
    needs_choice: str = ""
    choices: Callable[[Dataset], Choices] = nothing
    needs_detail: str = ""
    details: Callable[[Dataset, str], Choices] = no_details
    empty: str = ""
    seconds: Callable[[Dataset], float] | None = None


MAPS: Registry[CortexMap] = Registry("map of the cortex")


def register(shown: CortexMap) -> None:
    """Add a map; each module below ``maps`` calls this when imported."""
    MAPS.register(shown.id, shown)


def of_every_trial(ds: Dataset) -> float:
    """Seconds of what reads every trial of every unit."""
    return 0.0 if ds.betas is None else ds.betas.size * 1.5e-8
