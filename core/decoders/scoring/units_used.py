"""How many units a decoder reads, and how much of their responses is signal."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.datasets import Dataset
from core.decoders.runs import Run
from core.decoders.training.data import layout_of, open_subjects
from core.errors import InputError
from core.statistics import noise_ceilings
from core.words import counted


class UnitsUsed(NamedTuple):
    """Units that a decoder reads, of how many, and their median noise ceiling in per cent.

    The ceiling is that of responses averaged over all repeats of the recording, those of test
    images included: it describes the units and chose none of them. NaN without repeats.
    """

    used: int
    every: int
    ceiling: float


def units_used(run: Run, ds: Dataset) -> UnitsUsed | None:
    """Units of a subject that a decoder reads.

    Parameters
    ----------
    run : Run
    ds : Dataset
        The recording of one of the decoder's subjects.

    Returns
    -------
    UnitsUsed or None
        None where the decoder was trained on other subjects or units.
    """
    config = run.config
    if ds.betas is None or ds.info.name != config.dataset or ds.subject not in config.subjects:
        return None
    opened = (ds,) if len(config.subjects) == 1 else open_subjects(config, [ds])
    layout = layout_of(opened, config.rois, config.training["groups"])
    if layout.width != run.shape.units:
        return None
    number = config.subjects.index(ds.subject)
    used = np.isfinite(run.scaling.deviation[number, layout.columns[number]])
    units = layout.units[number][used]
    try:
        known = noise_ceilings(ds.betas[:, units], ds.trial_rows, ds.trial_runs).ceiling
    except InputError:  # without repeats
        known = np.full(1, np.nan)
    ceiling = 100.0 * float(np.median(np.nan_to_num(known))) if np.isfinite(known).any() else np.nan
    return UnitsUsed(int(used.sum()), len(used), ceiling)


def describe_units(run: Run, units: UnitsUsed) -> str:
    """What stands beside the scores of a decoder."""
    least = run.config.training["noise_ceiling"]
    words = f"{units.used:,} of {counted(units.every, 'unit')} used"
    if least:
        words += f", those with a noise ceiling of {least:g} % or more over the training images"
    if np.isnan(units.ceiling):
        return f"{words}; without repeats there is no noise ceiling."
    return (
        f"{words}; their median noise ceiling is {units.ceiling:.1f} %: the share of the variance "
        "of responses averaged over all repeats that is signal. No unit was chosen by it, "
        "because it is computed from all images, test images included."
    )
