"""What is missing of a recording, by ROI and by unit; the rule is that of ``missing``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.datasets.dataset import Dataset
from core.datasets.missing import complete_trials_of
from core.validation import enumerate_names
from core.words import counted

IN_WORDS = (
    "A unit without a value in any trial, in a whole session or in more than half of the trials is "
    "left out, unless that would take more than half of an ROI. Of the other units, a trial "
    "without a value is left out for the ROIs that hold the unit."
)
EVERY_UNIT = "every unit"
MOST_UNITS = 200
NAMED = 8


class RoiCompleteness(NamedTuple):
    """What is used of an ROI, and what is left out.

    ``stimuli_missing`` have no usable trial; ``fewest`` and ``most`` are the usable trials of
    the others: means rest on these.
    """

    roi: str
    units: int
    units_left_out: int
    trials: int
    trials_left_out: int
    stimuli_missing: int
    fewest: int
    most: int


class UnitGaps(NamedTuple):
    """A unit without a value in some trials.

    ``missing`` are trials in which others have a value; ``sessions`` name those without any;
    ``restores`` are the usable trials that its first ROI (of a unit in none, all units
    together) would win back without it.
    """

    unit: int
    rois: tuple[str, ...]
    missing: int
    sessions: str
    is_left_out: bool
    restores: int


def by_roi(ds: Dataset) -> list[RoiCompleteness]:
    """What is used of each ROI, and, last, of every unit together."""
    lost = Counter(name for rois in (ds.left_out or {}).values() for name in rois)
    lost[EVERY_UNIT] = len(ds.left_out or ())
    rows = []
    for name in (*ds.rois, *ds.lost_rois, EVERY_UNIT):
        units = np.empty(0, dtype=np.intp)
        counts = np.zeros(ds.n_stimuli, dtype=np.intp)
        if name not in ds.lost_rois:
            roi = None if name == EVERY_UNIT else name
            units, counts = ds.units(roi), ds.trial_counts(roi)
        used, most = int(counts.sum()), int(counts.max())
        fewest = int(counts[counts > 0].min(initial=most))
        without = int((counts == 0).sum())
        trials = (used, len(ds.trials) - used)
        rows.append(RoiCompleteness(name, len(units), lost[name], *trials, without, fewest, most))
    return rows


def by_unit(ds: Dataset) -> list[UnitGaps]:
    """Units without a value in some trials, the worst first, at most ``MOST_UNITS``."""
    left_out = ds.left_out or {}
    count = min(MOST_UNITS, int((ds.trials_missing > 0).sum()))
    rows = []
    for unit in map(int, np.argsort(-ds.trials_missing, kind="stable")[:count]):
        is_left_out = unit in left_out
        named = tuple(name for name, units in ds.rois.items() if unit in units)
        rois = left_out.get(unit, named)
        restores = 0 if is_left_out else _restored(ds, unit, rois)
        missing = int(ds.trials_missing[unit])
        rows.append(UnitGaps(unit, rois, missing, _sessions(ds, unit), is_left_out, restores))
    return rows


def roi_table(ds: Dataset) -> pd.DataFrame:
    """``by_roi`` as a table to show."""
    columns = [
        {
            "ROI": roi.roi,
            "Units used": roi.units,
            "Units left out": roi.units_left_out,
            "Trials used": roi.trials,
            "Trials left out": roi.trials_left_out,
            "Trials of a mean": span(np.array([roi.fewest, roi.most])),
            "Stimuli without response": roi.stimuli_missing,
        }
        for roi in by_roi(ds)
    ]
    return pd.DataFrame(columns)


def unit_table(ds: Dataset) -> pd.DataFrame:
    """``by_unit`` as a table to show."""
    columns = [
        {
            "Unit": unit.unit,
            "ROI": ", ".join(unit.rois) or "in none",
            "Left out": "unit" if unit.is_left_out else "its trials",
            "Trials without value": unit.missing,
            "Sessions without value": unit.sessions,
            "Trials back without it": unit.restores,
        }
        for unit in by_unit(ds)
    ]
    return pd.DataFrame(columns)


def is_complete(ds: Dataset) -> bool:
    """Whether every trial has a value in every unit; True where only RDMs were recorded."""
    return not ds.left_out and int(ds.trial_counts().sum()) == len(ds.trials)


def sentence(ds: Dataset, rois: Sequence[str] = ()) -> str:
    """What numbers of some ROIs (none: every unit) go without; '' where nothing is missing."""
    if ds.betas is None:
        return ""
    counts = ds.trial_counts(list(rois) or None)
    lost = [u for u, names in (ds.left_out or {}).items() if not rois or set(names) & set(rois)]
    without, dropped = int((counts == 0).sum()), len(ds.trials) - int(counts.sum())
    parts = []
    if lost:
        parts.append(f"{counted(len(lost), 'unit')} left out ({enumerate_names(lost, NAMED)})")
    if dropped:
        parts.append(f"{dropped:,} of {counted(len(ds.trials), 'trial')} left out")
    if dropped and ds.repeats.max() > 1:
        usable, recorded = span(counts[counts > 0], "trial"), span(ds.repeats)
        parts.append(f"means are of {usable} each, where {recorded} were recorded")
    if without:
        parts.append(f"{counted(without, 'stimulus', 'stimuli')} without a usable response")
    return f"{' + '.join(rois) or 'Every unit'}: {'; '.join(parts)}." if parts else ""


def span(counts: np.ndarray, noun: str = "") -> str:
    """The least and the most of some counts: '2', '1 to 3', '0' of none; '1 trial', if named."""
    low, high = int(counts.min(initial=counts.max(initial=0))), int(counts.max(initial=0))
    most = counted(high, noun) if noun else f"{high}"
    return most if low == high else f"{low} to {most}"


def _sessions(ds: Dataset, unit: int) -> str:
    assert ds.betas is not None
    has_value = pd.Series(np.isfinite(ds.betas[:, unit])).groupby(ds.sessions, dropna=False).any()
    names = [str(name) for name in has_value.index[~has_value]]
    return enumerate_names(names, 3) if len(has_value) > 1 else ""


def _restored(ds: Dataset, unit: int, rois: Sequence[str]) -> int:
    assert ds.betas is not None
    units = ds.units(rois[0] if rois else None)
    suspects = ~np.isfinite(ds.betas[:, unit])
    return int(complete_trials_of(ds.betas, suspects, units[units != unit])[suspects].sum())
