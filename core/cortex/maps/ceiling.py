"""The noise ceiling of every unit."""

from __future__ import annotations

import numpy as np

from core.cortex.map import CortexMap, of_every_trial, register
from core.datasets import Dataset
from core.encoding import unit_ceilings
from core.errors import InputError


def values(ds: Dataset, choice: str, detail: str) -> np.ndarray:
    """r that a perfect model of the signal reaches; refused where nothing tells it."""
    units = ds.units()
    known = unit_ceilings(ds, units, np.arange(ds.n_stimuli))
    if not known.is_known:
        raise InputError(
            f"There is no noise ceiling: {known.source}", "repeats, or released ceilings"
        )
    ceilings = np.full(ds.n_units, np.nan)
    ceilings[units] = known.correlation
    return ceilings


register(
    CortexMap(
        "ceiling",
        "Noise ceiling",
        "The correlation that a perfect model of the signal has with the averaged responses.",
        "Allen et al. (2022), Nature Neuroscience 25:116-126",
        values,
        unit="r",
        seconds=of_every_trial,
    )
)
