"""The rows that are clustered: units, regions, several subjects pooled, or points of a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core import maps
from core.datasets import Dataset
from core.errors import InputError, NotFoundError
from core.progress import Progress, silent
from core.validation import complete_rows
from core.words import counted

TRIALS = "single trials"
SOURCES = ("regions", "voxels", "pooled", "map", TRIALS)
MAP = "tsne"


@dataclass(frozen=True)
class Observations:
    """Responses to cluster, and where each row comes from: a stimulus, or one of its trials.

    Attributes
    ----------
    responses : np.ndarray of shape (n, v)
        NaN rows where there is no usable response.
    subjects : np.ndarray of shape (n,), str
    stimuli : np.ndarray of shape (n,), int
        Row in the ``stimuli`` of the subject's recording.
    names : tuple of str
        Of the columns: regions, or units as 'unit 0'.
    unit : str
    """

    responses: np.ndarray
    subjects: np.ndarray
    stimuli: np.ndarray
    names: tuple[str, ...]
    unit: str

    def ids(self, opened: Sequence[Dataset]) -> np.ndarray:
        """Stimulus id of each row. (n,) str"""
        listed = {ds.subject: ds.stimuli["id"].to_numpy(dtype=str) for ds in opened}
        pairs = zip(self.subjects.tolist(), self.stimuli.tolist(), strict=True)
        return np.array([listed[subject][row] for subject, row in pairs])

    def stimuli_in(self, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Stimuli of which a row is marked or not, and which have most of their rows in.

        Parameters
        ----------
        inside : np.ndarray of shape (n,), int
            1 for rows within a cluster, 0 for others, -1 for those that are in none.

        Returns
        -------
        rows : np.ndarray of shape (stimuli,), int
            A row of each stimulus of each subject.
        is_in : np.ndarray of shape (stimuli,), bool
        """
        used = np.flatnonzero(inside >= 0)
        subjects = np.unique(self.subjects, return_inverse=True)[1][used]
        pairs = np.stack([subjects, self.stimuli[used]], axis=1)
        _, first, group = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
        share = np.bincount(group.ravel(), inside[used]) / np.bincount(group.ravel())
        return used[first], share > 0.5


def rows_of(
    opened: Sequence[Dataset],
    source: str = "regions",
    roi: Sequence[str] | str | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Observations:
    """Rows of one recording or of several subjects.

    Parameters
    ----------
    opened : sequence of Dataset
        One subject each; all but 'pooled' take one.
    source : {'regions', 'voxels', 'pooled', 'map', 'single trials'}
        Means of regions; single response units; region means of several subjects; the
        t-SNE map of the responses with its default settings, as on the page Maps; region
        means of every trial.
    roi : str or sequence of str, optional
        'voxels', 'map': ROIs to concatenate (None: every unit). Else the regions to keep
        (None: all).
    seed : int
        Of the map.
    progress : callable
        ``progress(fraction, message)`` while a map is drawn that the store does not have.

    Raises
    ------
    InputError
        If the source is unknown, or takes one subject and got several.
    NotFoundError
        If a recording has no responses, no regions, or lacks one that is named.
    """
    if source not in SOURCES:
        raise InputError(f"source is {source!r}", choices=SOURCES)
    named = [roi] if isinstance(roi, str) else list(roi or ())
    if source == "pooled":
        return pooled(opened, regions=named or None)
    if len(opened) != 1:
        raise InputError(
            f"{source} of {len(opened)} subjects were requested",
            "one subject",
            "Pool the region means of several subjects instead.",
        )
    ds = opened[0]
    if source == "map":
        drawn = maps.drawn(ds, "responses", MAP, seed, progress=progress, roi=named or None)
        return _one_subject(ds, drawn.coordinates.astype(np.float32), ("x", "y"), "map units")
    if source == "voxels":
        units = ds.units(named or None)
        names = tuple(f"unit {unit}" for unit in units)
        return _one_subject(ds, ds.responses(named or None), names)
    names = tuple(named) or ds.regions
    if source == TRIALS:
        means = complete_rows(ds.region_means(names, "all"))
        subjects = np.full(len(means), ds.subject)
        return Observations(means, subjects, ds.trial_rows, names, ds.info.units)
    return _one_subject(ds, _region_means(ds, names), names)


def pooled(
    opened: Sequence[Dataset], what: str = "regions", regions: Sequence[str] | None = None
) -> Observations:
    """Region means of several subjects on the regions that all share, z within subject.

    Every region of a subject gets mean 0 and standard deviation 1 over the usable rows,
    so that subjects differ in pattern, not in level; a region that is constant is 0.

    Parameters
    ----------
    opened : sequence of Dataset
        One subject each; their rows follow each other.
    what : {'regions'}
        Voxels have no counterpart in another subject.
    regions : sequence of str, optional
        Regions to keep of the shared ones.

    Raises
    ------
    InputError
        If voxels are to be pooled, there is no subject, or no region is shared.
    NotFoundError
        If a named region is not shared.
    """
    if what != "regions":
        raise InputError(
            f"{what} of several subjects were to be pooled",
            "'regions': a voxel has no counterpart in another subject",
            choices=("regions",),
        )
    if not opened:
        raise InputError("No subject is given", "at least one")
    shared = [
        name for name in opened[0].regions if all(name in other.regions for other in opened[1:])
    ]
    if not shared:
        subjects = ", ".join(
            f"{ds.subject} ({counted(len(ds.regions), 'region')})" for ds in opened
        )
        raise InputError(
            f"No region is shared by {subjects}", "one or more regions of the same name"
        )
    for name in regions or ():
        if name not in shared:
            raise NotFoundError(f"The subjects do not share the region {name!r}", choices=shared)
    names = tuple(regions or shared)
    parts = [_standardised(_region_means(ds, names)) for ds in opened]
    return Observations(
        np.concatenate(parts),
        np.concatenate([np.full(ds.n_stimuli, ds.subject) for ds in opened]),
        np.concatenate([np.arange(ds.n_stimuli) for ds in opened]),
        names,
        "z, within subject",
    )


def _one_subject(
    ds: Dataset, responses: np.ndarray, names: tuple[str, ...], unit: str = ""
) -> Observations:
    subjects = np.full(ds.n_stimuli, ds.subject)
    return Observations(responses, subjects, np.arange(ds.n_stimuli), names, unit or ds.info.units)


def _region_means(ds: Dataset, names: Sequence[str]) -> np.ndarray:
    """Profiles over regions, or other ROIs; NaN where one is missing. (n, len(names))."""
    return complete_rows(ds.region_means(names))


def _standardised(means: np.ndarray) -> np.ndarray:
    usable = means[~np.isnan(means[:, 0])].astype(np.float64)
    if len(usable) == 0:
        return means
    deviation = usable.std(axis=0)
    constant = np.ptp(usable, axis=0) == 0
    z = (means - usable.mean(axis=0)) / np.where(constant, 1.0, deviation)
    z[:, constant] *= 0.0  # NaN rows stay NaN
    return z.astype(np.float32)
