"""Options that every release has: z-scoring, and units selected by their noise ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from core.datasets.dataset import Dataset, Note
from core.datasets.units import noise_ceilings_of
from core.errors import InputError
from core.registry import Parameter
from core.store import fingerprint
from core.words import counted

ZSCORE = ("none", "session", "run")


class Standard(NamedTuple):
    """Checked values: ``zscore`` within what, and the least ``noise_ceiling`` in per cent."""

    zscore: str
    noise_ceiling: float


def standard(zscore: str = "none") -> tuple[Parameter, ...]:
    """Declare the options; ``zscore`` is the default, 'session' for betas that are raw."""
    return (
        Parameter(
            "zscore",
            "z-score within",
            zscore,
            "Mean 0 and standard deviation 1 of each unit within each session or run, over all its "
            "trials.",
            choices=ZSCORE,
        ),
        Parameter(
            "noise_ceiling",
            "Least noise ceiling (%)",
            0.0,
            "Leaves out units that measured less of their variance repeatably; 0 keeps all. "
            "Estimated from all trials: for a decoder choose units in its own settings, on its "
            "training set.",
            minimum=0.0,
            maximum=100.0,
        ),
    )


def standard_of(options: Mapping[str, Any]) -> Standard:
    """The options among all of a loader."""
    return Standard(options["zscore"], options["noise_ceiling"])


def finished(ds: Dataset, chosen: Standard, ceiling: np.ndarray | None = None) -> Dataset:
    """Apply what is not in the stored copy, and say what was done.

    Parameters
    ----------
    ds : Dataset
    chosen : Standard
    ceiling : np.ndarray of shape (units,), optional
        Noise ceiling of each unit as released, in per cent; else it is estimated from repeats
        where it is needed.

    Raises
    ------
    InputError
        If units are to be selected where stimuli have no repeats, or no unit is left.
    """
    parts = []
    if chosen.zscore != "none":
        parts.append(f"z-scored within each {chosen.zscore}")
        ds.info = replace(ds.info, units="z")
    if ceiling is not None:
        ds.noise_ceiling = np.asarray(ceiling, dtype=np.float32)
    if not chosen.noise_ceiling:
        ds.treatment = "; ".join(parts)  # nothing that a dataset derives depends on it
        return ds
    known = noise_ceilings_of(ds) if ceiling is None else np.asarray(ceiling)
    with np.errstate(invalid="ignore"):
        selected = known >= chosen.noise_ceiling
    usable = np.isin(np.arange(ds.n_units), ds.units())
    if not (selected & usable).any():
        raise InputError(
            f"No unit of {ds.subject} has a noise ceiling of {chosen.noise_ceiling:g} % or more",
            f"at most {np.nanmax(known):.1f} %",
        )
    counts = [
        f"{name} {int(selected[units].sum())} of {len(units)}" for name, units in ds.rois.items()
    ]
    kept = int((selected & usable).sum())
    whose = "as released" if ceiling is not None else "estimated from all trials"
    parts.append(
        f"{kept:,} of {counted(int(usable.sum()), 'unit')} with a noise ceiling of "
        f"{chosen.noise_ceiling:g} % or more ({whose})"
    )
    return replace(
        ds,
        selected=selected,
        treatment="; ".join(parts),
        fingerprint=fingerprint(ds.fingerprint, "noise_ceiling", chosen.noise_ceiling),
        notes=(*ds.notes, Note("Units selected by noise ceiling", ", ".join(counts))),
    )
