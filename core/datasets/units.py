"""What the recorded repeats tell of each unit, as a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.datasets.dataset import Dataset
from core.errors import InputError, NotFoundError
from core.statistics import noise_ceilings, split_half_reliability
from core.validation import row_blocks

# Blocks of columns are read from the file row by row: few wide ones are faster.
COLUMNS_AT_ONCE = 16
# Of thresholds, in per cent.
STEP = 5
EVERY_UNIT = "every unit"


def unit_table(ds: Dataset, rois: Sequence[str] | None = None) -> pd.DataFrame:
    """Mean, spread, reliability, signal-to-noise ratio and noise ceiling of each unit.

    Parameters
    ----------
    ds : Dataset
        With responses. Repeats of a stimulus within one run are averaged first.
    rois : sequence of str, optional
        ROIs, concatenated; every unit where none are named.

    Returns
    -------
    pd.DataFrame
        A row a unit: ``unit`` (its number), ``rois`` (names joined by '+'), ``trials`` (with a
        value), ``mean`` and ``sd`` over trials in ``ds.info.units``, ``reliability`` (-1 to 1),
        ``ncsnr`` and ``noise_ceiling`` in per cent; the last three are NaN without repeats.
        ``attrs["stimuli"]`` is the number of stimuli with two repeats, ``attrs["problem"]`` why
        there is nothing of repeats, or ''.

    Raises
    ------
    NotFoundError
        If the recording has no responses, or no such ROI.

    Source: see ``core.statistics.noise_ceilings``.
    """
    if ds.betas is None:
        raise NotFoundError(f"{ds.info.title} comes as RDMs only", "single responses")
    units = ds.units(list(rois) if rois else None)
    trials = ds.betas[:, units]
    table = pd.DataFrame({"unit": units, "rois": _names(ds, units)})
    has_value = np.isfinite(trials)
    table["trials"] = has_value.sum(axis=0)
    table["mean"] = np.mean(trials, axis=0, dtype=np.float64, where=has_value)
    table["sd"] = np.std(trials, axis=0, dtype=np.float64, where=has_value)
    try:
        reliability = split_half_reliability(trials, ds.trial_rows, ds.trial_runs)
        ceilings = noise_ceilings(trials, ds.trial_rows, ds.trial_runs)
    except InputError as error:
        unknown = {"reliability": np.nan, "ncsnr": np.nan, "noise_ceiling": np.nan}
        table = table.assign(**unknown)
        table.attrs |= {"stimuli": 0, "problem": str(error)}
        return table
    table["reliability"] = reliability.units
    table["ncsnr"], table["noise_ceiling"] = ceilings.ncsnr, 100.0 * ceilings.ceiling
    table.attrs |= {"stimuli": ceilings.stimuli, "problem": ""}
    return table


def noise_ceilings_of(ds: Dataset) -> np.ndarray:
    """Noise ceiling of every unit from its repeats, in per cent. (units,) float, NaN of some

    Raises
    ------
    InputError
        Where stimuli have no repeats.
    """
    if ds.betas is None:
        raise NotFoundError(f"{ds.info.title} comes as RDMs only", "single responses")
    rows, runs = ds.trial_rows, ds.trial_runs
    return 100.0 * np.concatenate(
        [
            noise_ceilings(ds.betas[:, block], rows, runs).ceiling
            for block in row_blocks(ds.n_units, len(ds.betas) // COLUMNS_AT_ONCE)
        ]
    )


def remaining_units(ds: Dataset, table: pd.DataFrame) -> pd.DataFrame:
    """How many units are left at each least noise ceiling, by ROI.

    Parameters
    ----------
    ds : Dataset
        Its released noise ceilings are taken where it has them, else those of the table.
    table : pd.DataFrame
        From ``unit_table``.

    Returns
    -------
    pd.DataFrame
        A row a threshold in per cent (index), 0 to 100; a column an ROI, and 'every unit' of the
        table. At 0 all units stay, those without a ceiling too, as with the option. ``attrs``
        has the ``source``, 'as released' or 'estimated from all trials'. Empty where no unit has
        a ceiling.
    """
    is_released = ds.noise_ceiling is not None
    ceiling = table["noise_ceiling"].to_numpy(dtype=np.float64)
    if ds.noise_ceiling is not None:
        ceiling = np.asarray(ds.noise_ceiling, dtype=np.float64)[table["unit"].to_numpy()]
    held = [set(names.split("+")) for names in table["rois"]]
    present = [name for name in ds.rois if any(name in names for names in held)]
    columns = {name: np.array([name in names for names in held]) for name in present}
    columns[EVERY_UNIT] = np.ones(len(table), dtype=bool)
    thresholds = np.arange(0, 101, STEP) if np.isfinite(ceiling).any() else np.arange(0)
    counts = {
        name: [int((inside & ((ceiling >= t) | (t == 0))).sum()) for t in thresholds]
        for name, inside in columns.items()
    }
    result = pd.DataFrame(counts, index=pd.Index(thresholds, name="threshold"))
    result.attrs["source"] = "as released" if is_released else "estimated from all trials"
    return result


def _names(ds: Dataset, units: np.ndarray) -> list[str]:
    """ROIs that hold each unit, joined by '+'."""
    names: dict[int, list[str]] = {int(unit): [] for unit in units}
    for name, members in ds.rois.items():
        for unit in members.tolist():
            if unit in names:
                names[unit].append(name)
    return ["+".join(held) for held in names.values()]
