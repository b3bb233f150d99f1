"""The split-half reliability of every unit."""

from __future__ import annotations

import numpy as np

from core.cortex.map import CortexMap, of_every_trial, register
from core.datasets import Dataset
from core.errors import InputError
from core.statistics import split_half_reliability
from core.validation import row_blocks


def values(ds: Dataset, choice: str, detail: str) -> np.ndarray:
    """Reliability of the mean over all repeats, over every way to halve them."""
    if ds.betas is None:
        raise InputError("There are no responses", "single trials")
    units, result = ds.units(), np.full(ds.n_units, np.nan)
    for block in row_blocks(len(units), len(ds.betas)):
        some = units[block]
        halves = split_half_reliability(ds.betas[:, some], ds.trial_rows, ds.trial_runs)
        result[some] = halves.units
    return result


register(
    CortexMap(
        "reliability",
        "Split-half reliability",
        "The correlation over images of halves of the repeats, corrected to all of them.",
        "Spearman (1910); Brown (1910), Br. J. Psychol. 3",
        values,
        unit="r",
        seconds=of_every_trial,
    )
)
