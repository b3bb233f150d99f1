"""The response to one image."""

from __future__ import annotations

import numpy as np

from core.cortex.map import Choices, CortexMap, of_every_trial, register
from core.datasets import Dataset
from core.errors import InputError


def choices(ds: Dataset) -> Choices:
    return [str(name) for name in ds.stimuli["id"]]


def values(ds: Dataset, choice: str, detail: str) -> np.ndarray:
    """The mean response to an image, z over all images, unit by unit."""
    row = ds.row(choice)
    units = ds.units()
    responses = ds.responses_of(units)
    if np.isnan(responses[row, 0]):
        raise InputError(f"{choice} has no usable response", "another image")
    usable = np.isfinite(responses[:, 0])
    deviation = responses[usable].std(axis=0)
    result = np.full(ds.n_units, np.nan)
    centred = responses[row] - responses[usable].mean(axis=0)
    result[units] = np.where(
        deviation > 0, centred / np.where(deviation > 0, deviation, 1.0), np.nan
    )
    return result


register(
    CortexMap(
        "response",
        "Response to an image",
        "The response averaged over repeats, in standard deviations over all images.",
        "",
        values,
        is_signed=True,
        unit="z",
        needs_choice="Image",
        choices=choices,
        seconds=of_every_trial,
    )
)
