"""One subject of one recording: stimuli, responses, images and RDMs, row for row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from core.datasets.averages import averages, by_unit
from core.datasets.image_files import as_rgb
from core.datasets.missing import (
    RULE,
    Scan,
    complete_trials_of,
    lacking_of,
    scan,
    units_to_leave,
)
from core.datasets.places import Surface
from core.datasets.tables import (
    STIMULUS_COLUMNS,
    TRIAL_COLUMNS,
    complete_stimuli,
    runs_of,
)
from core.errors import InputError, NotFoundError
from core.memory import check_memory
from core.paths import composed
from core.registry import Parameter, renamed
from core.store import fingerprint as content_hash
from core.store.stamps import Stamps
from core.validation import (
    check_same_length,
    check_unique,
    enumerate_names,
    narrowed,
    row_blocks,
)
from core.words import counted


class Note(NamedTuple):
    """Something about a recording that its reader must know: passed over, or left out."""

    title: str
    detail: str


@dataclass(frozen=True)
class DatasetInfo:
    """What a recording is, known before it is loaded.

    Attributes
    ----------
    name : str
        Id for ``datasets.load``.
    title, description, citation, licence : str
        Texts for the reader; empty where unknown.
    is_simulated : bool
        True where no brain was recorded; every view says so.
    options : tuple of Parameter
        Keyword options of ``datasets.load``.
    where : Path or None
        Folder in which it was found, None where it must be fetched first.
    fetchable : bool
        True where ``python -m core fetch NAME`` can bring it.
    units : str
        Unit of the responses, e.g. 'z' or '% signal change'.
    how_to_get : str
        Steps to what cannot be downloaded without a form; '' where everything can.
    disk : str
        How much space it takes, and how the parts share it.
    """

    name: str
    title: str
    description: str = ""
    citation: str = ""
    licence: str = ""
    is_simulated: bool = False
    options: tuple[Parameter, ...] = ()
    where: Path | None = None
    fetchable: bool = False
    units: str = "arbitrary units"
    how_to_get: str = ""
    disk: str = ""


@renamed(
    pictures="images",
    without_picture="without_image",
    pictures_fingerprint="images_fingerprint",
)
@dataclass
class Dataset:
    """One subject of one recording. Row i of every array is row i of ``stimuli``.

    Attributes
    ----------
    info : DatasetInfo
    subject : str
    subjects : tuple of str
        Every subject of the recording.
    stimuli : pd.DataFrame
        Columns ``id, file, category, supercategory, labels, source, split`` and any further.
    rois : dict of str to int array
        Unit indices of each region of interest, without ``left_out``; an ROI of which nothing
        is left is not listed.
    regions : tuple of str
        ROIs whose means profile a response; every ROI where none are named.
    betas : np.ndarray of shape (trials, units), or None
        Single-trial responses in ``info.units``, as recorded, NaN where there is no value; None
        where only RDMs were recorded. float32, or float64 where a large offset needs it
        (``validation.fits_single``). ``responses`` applies the rule for missing ones.
    trials : pd.DataFrame
        Columns ``id, repeat, run, session``, a row for each row of ``betas``.
    images : callable or None
        Gives the image of a stimulus or gallery id; None where there are no images.
    without_image : tuple of str
        Stimuli whose image was not found when the recording was opened.
    gallery : pd.DataFrame
        Further images to search, columns like ``stimuli``.
    rdms : dict of str to array (n, n), precision as that of ``betas``
        Published or model RDMs that come with the recording.
    embeddings : dict of str to array (n, d), precision as that of ``betas``
        Embeddings of the stimuli that come with the recording.
    fingerprint : str
        Changes when the content or an option does.
    images_fingerprint : str
        Changes when an image does; subjects and subsets of a recording share it.
        ``fingerprint`` where none is given.
    is_subset : bool
        True where some of the recording's stimuli were left out by ``subset``.
    left_out : dict of int to tuple of str, or None
        Units (columns of ``betas``) without usable values, and the ROIs that named them; found
        by :mod:`core.datasets.missing` where None is given.
    notes : tuple of Note
        What of the recording was passed over or left out when it was opened.
    unread_responses : tuple of str
        Files of responses in a format that is not read.
    treatment : str
        What an option did to the responses, such as 'z-scored within each session'; pages say it.
    noise_ceiling : np.ndarray of shape (units,), or None
        Of each unit in per cent, as released.
    selected : np.ndarray of shape (units,), bool, or None
        Units that an option keeps; the others are in no ROI.
    surface : core.datasets.places.Surface, or None
        The vertex of fsaverage that each unit is, where that is known.
    sheet : np.ndarray of shape (units, 2), or None
        Place of each unit on the sheet of its region, 0 to 1, of a simulated recording.
    scanned : core.datasets.missing.Scan, or None
        Missing values of ``betas`` where they are counted already.
    files : mapping of str to core.store.stamps.FileStamp, or None for what is not there
        What the files that it was read from, and their folders, were told by.
    """

    info: DatasetInfo
    subject: str
    subjects: tuple[str, ...]
    stimuli: pd.DataFrame
    fingerprint: str
    rois: Mapping[str, np.ndarray] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    betas: np.ndarray | None = None
    trials: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=TRIAL_COLUMNS))
    images: Callable[[str], Image.Image] | None = None
    without_image: tuple[str, ...] = ()
    gallery: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=STIMULUS_COLUMNS))
    rdms: Mapping[str, np.ndarray] = field(default_factory=dict)
    embeddings: Mapping[str, np.ndarray] = field(default_factory=dict)
    images_fingerprint: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    is_subset: bool = False
    left_out: Mapping[int, tuple[str, ...]] | None = None
    notes: tuple[Note, ...] = ()
    unread_responses: tuple[str, ...] = ()
    treatment: str = ""
    noise_ceiling: np.ndarray | None = None
    selected: np.ndarray | None = None
    surface: Surface | None = None
    sheet: np.ndarray | None = None
    scanned: Scan | None = None
    files: Stamps = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.stimuli = complete_stimuli(self.stimuli)
        check_unique(self.stimuli["id"].tolist(), "The stimulus list")
        self._row = {stimulus: row for row, stimulus in enumerate(self.stimuli["id"].tolist())}
        self._gallery = set(self.gallery["id"].tolist())
        self.images_fingerprint = self.images_fingerprint or self.fingerprint
        for array in (self.betas, *self.rdms.values(), *self.embeddings.values()):
            if array is not None:
                array.flags.writeable = False
        for name, matrix in self.rdms.items():
            check_same_length(len(matrix), len(self.stimuli), f"RDM {name!r}", "the stimulus list")
        for name, rows in self.embeddings.items():
            what = f"The embedding {name!r}"
            check_same_length(len(rows), len(self.stimuli), what, "the stimulus list")
        for name, places in (("surface", self.surface), ("sheet", self.sheet)):
            if places is not None:
                count = len(places.vertex if isinstance(places, Surface) else places)
                check_same_length(count, self.n_units, name, "the units of the responses")
        self._missing = np.zeros(self.n_units, dtype=np.intp)
        self._lacking = np.zeros(len(self.trials), dtype=np.intp)
        self._kept = np.arange(self.n_units)
        if self.betas is not None:
            self._check_trials(self.betas)
            self._leave_out(self.betas)
        self.left_out = self.left_out or {}
        self.regions = self.regions or tuple(self.rois)

    @property
    def n_stimuli(self) -> int:
        return len(self.stimuli)

    @property
    def n_units(self) -> int:
        """Number of recorded units, those in ``left_out`` included."""
        return 0 if self.betas is None else self.betas.shape[1]

    @property
    def repeats(self) -> np.ndarray:
        """Number of trials of each stimulus. (n,) int."""
        return np.bincount(self.trial_rows, minlength=self.n_stimuli)

    @cached_property
    def trial_rows(self) -> np.ndarray:
        """Row in ``stimuli`` of each trial. (trials,) int."""
        rows = self.trials["id"].map(self._row).to_numpy(dtype=np.intp)
        rows.flags.writeable = False
        return rows

    @property
    def sessions(self) -> pd.Series:
        """Session of each trial; one session where the list of trials names none."""
        return self.trials.get("session", pd.Series(1, index=self.trials.index))

    @property
    def lack(self) -> str:
        """Why there are no responses, to follow the title of the recording."""
        if self.unread_responses:
            names = enumerate_names(self.unread_responses, 3)
            return f"has responses in a format that is not read ({names}); .npy is"
        return "comes as RDMs only" if self.rdms else "has no responses"

    @property
    def trial_runs(self) -> np.ndarray | None:
        """Run of each trial, else its session; None where the list of trials names neither.

        Trials of one run share noise. See ``tables.runs_of``, also for what raises.
        """
        return runs_of(self.trials, self.subject).numbers

    def has_stimulus(self, stimulus_id: str) -> bool:
        """Whether the stimulus list holds an id."""
        return self._written(stimulus_id) in self._row

    def row(self, stimulus_id: str) -> int:
        """Row of a stimulus id."""
        name = self._written(stimulus_id)
        if name not in self._row:
            raise NotFoundError(f"There is no stimulus {stimulus_id!r} in {self.info.title}")
        return self._row[name]

    def _written(self, name: str) -> str:
        """An id as the stimulus list writes it: in composed form, unless it has the other."""
        return name if name in self._row else composed(name)

    def units(self, roi: str | Sequence[str] | None = None) -> np.ndarray:
        """Unit indices of one ROI or of several concatenated (each unit once); None gives all.

        Column i of ``responses(roi)`` is unit ``units(roi)[i]``. Those in ``left_out`` are not
        among them.
        """
        if roi is None:
            return self._kept
        names = [roi] if isinstance(roi, str) else list(roi)
        names = [name if name in self.rois else composed(name) for name in names]
        for name in names:
            if name not in self.rois:
                lost = f"No unit of the ROI {name!r} has usable values of {self.subject}"
                problem = lost if name in self.lost_rois else f"There is no ROI {name!r}"
                raise NotFoundError(problem, choices=self.rois)
        if not names:
            raise InputError("No ROI was named", "at least one", choices=self.rois)
        units = np.concatenate([self.rois[name] for name in names])
        return units[np.sort(np.unique(units, return_index=True)[1])]

    def responses(
        self,
        roi: str | Sequence[str] | None = None,
        repeats: Literal["mean", "all"] = "mean",
    ) -> np.ndarray:
        """Responses of a ROI.

        Parameters
        ----------
        roi : str or sequence of str, optional
            One ROI, several to concatenate, or None for every unit.
        repeats : {'mean', 'all'}
            'mean' averages the usable repeats of each stimulus, ``trial_counts(roi)`` of them;
            'all' gives one row for each trial, described by ``trials``.

        Returns
        -------
        np.ndarray of shape (n, v) or (trials, v), in ``info.units``
            Columns are ``units(roi)``. A row is complete, or NaN throughout: of a trial without
            a value in one of these units, of a stimulus that has no complete trial. float32;
            float64 where that would lose what differs beside a large offset.

        Raises
        ------
        NotFoundError
            If the recording has no responses, or no such ROI.
        """
        return self.responses_of(self.units(roi), repeats)

    def responses_of(
        self, units: np.ndarray, repeats: Literal["mean", "all"] = "mean"
    ) -> np.ndarray:
        """Responses of some units, by their indices; see ``responses``."""
        betas, usable = self._recorded(repeats), self._usable(units)
        if repeats == "mean":
            trials = np.flatnonzero(usable)
            return averages(betas, units, trials, self.trial_rows[trials], self.n_stimuli)
        whole = len(units) == self.n_units and np.array_equal(units, np.arange(self.n_units))
        betas = betas if whole else betas[:, units]
        return betas if usable.all() else np.where(usable[:, None], betas, np.float32(np.nan))

    def trial_counts(self, roi: str | Sequence[str] | None = None) -> np.ndarray:
        """Number of usable trials of each stimulus in a ROI. (n,) int"""
        usable = self._usable(self.units(roi))
        return np.bincount(self.trial_rows[usable], minlength=self.n_stimuli)

    @property
    def trials_missing(self) -> np.ndarray:
        """Of each recorded unit, the trials without a value where others have one. (units,) int"""
        return self._missing

    @property
    def lost_rois(self) -> tuple[str, ...]:
        """ROIs of which no unit is left."""
        named = [name for rois in (self.left_out or {}).values() for name in rois]
        return tuple(name for name in dict.fromkeys(named) if name not in self.rois)

    @property
    def has_value(self) -> np.ndarray:
        """Mark the trials that have a value in any unit. (trials,) bool"""
        return self._lacking < len(self._kept)

    def region_means(
        self, names: Sequence[str] | None = None, repeats: Literal["mean", "all"] = "mean"
    ) -> np.ndarray:
        """Mean response over the units of each of ``regions``, or of other ROIs.

        Every trial is read once, whatever the number of regions.

        Returns
        -------
        np.ndarray of shape (n, regions) or (trials, regions), in ``info.units``
            In the precision of ``responses``. Column i is the mean of
            ``responses(names[i], repeats)``: NaN where the stimulus, or the trial, has no usable
            response in that region.

        Raises
        ------
        NotFoundError
            If the recording has no responses, or no such ROIs.
        """
        names = self.regions if names is None else tuple(names)
        if not names:
            raise NotFoundError(f"{self.info.title} has no ROIs", "named regions to average")
        sums = self._region_sums(names, self._recorded(repeats))
        units = np.array([len(self.units(name)) for name in names])
        if repeats == "all":
            return narrowed(sums / units)
        usable = np.isfinite(sums)
        rows, averages = self.trial_rows, np.full((self.n_stimuli, len(names)), np.nan)
        for column, kept in enumerate(usable.T):
            counts = np.bincount(rows[kept], minlength=self.n_stimuli)
            total = np.bincount(rows[kept], sums[kept, column], minlength=self.n_stimuli)
            some = counts > 0
            averages[some, column] = total[some] / (counts[some] * units[column])
        return narrowed(averages)

    def _region_sums(self, names: Sequence[str], betas: np.ndarray) -> np.ndarray:
        """Sums (trials, regions) float64; NaN where a unit of the region has no value."""
        units = [self.units(name) for name in names]
        sums = np.zeros((len(betas), len(names)))
        if by_unit(betas):
            for column, own in enumerate(units):
                for some in row_blocks(len(own), len(betas)):
                    sums[:, column] += betas.T[own[some]].sum(axis=0, dtype=np.float64)
        for block in () if by_unit(betas) else row_blocks(*betas.shape):
            part = betas[block]
            with np.errstate(invalid="ignore"):
                for column, own in enumerate(units):
                    sums[block, column] = part[:, own].sum(axis=1, dtype=np.float64)
        sums[~np.isfinite(sums)] = np.nan
        return sums

    def _recorded(self, repeats: str) -> np.ndarray:
        """All responses, where there are any and repeats are averaged or not."""
        if self.betas is None:
            raise NotFoundError(
                f"{self.info.title} {self.lack}",
                "single responses for this step",
                "Open its RDMs on the page RDM, or choose another recording." if self.rdms else "",
            )
        if repeats not in ("mean", "all"):
            raise InputError(f"repeats is {repeats!r}", choices=("mean", "all"))
        return self.betas

    def missing(self, roi: str | Sequence[str] | None = None) -> np.ndarray:
        """Mark the stimuli without a usable response in a ROI. (n,) bool."""
        return self.trial_counts(roi) == 0

    def image(self, stimulus_id: str) -> Image.Image:
        """Image of a stimulus, or of a gallery entry, RGB.

        Raises
        ------
        NotFoundError
            If the recording has no images, or this one is missing.
        """
        if stimulus_id not in self._gallery:
            self.row(stimulus_id)
            stimulus_id = self._written(stimulus_id)
        if self.images is None:
            raise NotFoundError(f"{self.info.title} comes without images")
        return as_rgb(self.images(stimulus_id))

    def missing_images(self) -> list[str]:
        """Stimulus ids without an image; every id where the recording has none."""
        return self.stimuli["id"].tolist() if self.images is None else list(self.without_image)

    def subset(self, ids: Sequence[str]) -> Dataset:
        """The recording with some of its stimuli only, in the given order.

        Raises
        ------
        NotFoundError
            If an id is not a stimulus.
        """
        ids = [self._written(stimulus) for stimulus in ids]
        rows = np.array([self.row(stimulus) for stimulus in ids], dtype=np.intp)
        kept = self.trials["id"].isin(set(ids)).to_numpy()
        return replace(
            self,
            stimuli=self.stimuli.iloc[rows],
            trials=self.trials[kept].reset_index(drop=True),
            betas=None if self.betas is None else _some_trials(self.betas, kept),
            rdms={name: matrix[np.ix_(rows, rows)] for name, matrix in self.rdms.items()},
            embeddings={name: features[rows] for name, features in self.embeddings.items()},
            without_image=tuple(i for i in self.without_image if i in set(ids)),
            fingerprint=content_hash(self.fingerprint, list(ids)),
            scanned=None,
            is_subset=True,
        )

    def _leave_out(self, betas: np.ndarray) -> None:
        """Apply the rule for missing values; a subset of a recording leaves the same units."""
        scanned = self.scanned or scan(betas)
        is_whole = self.left_out is None
        if self.left_out is None:
            units = units_to_leave(betas, scanned, self.sessions, self.rois)
            self.left_out = _with_rois(units, self.rois)
        lost = np.array(list(self.left_out), dtype=np.intp)
        self._kept = np.setdiff1d(np.arange(self.n_units), lost)
        self._missing = scanned.trials - int((scanned.units == self.n_units).sum())
        if self.selected is not None:
            lost = np.union1d(lost, np.flatnonzero(~self.selected))
            self._kept = np.setdiff1d(self._kept, lost)
        never = scanned.trials[lost] == len(betas)
        self._lacking = scanned.units - int(never.sum())
        self._lacking -= lacking_of(betas, scanned.units > 0, lost[~never])
        if len(lost):
            self.rois = {
                name: units[~np.isin(units, lost)]
                for name, units in self.rois.items()
                if not np.isin(units, lost).all()
            }
        self.regions = tuple(name for name in self.regions if name in self.rois)
        partial = (self._lacking > 0) & (self._lacking < len(self._kept))
        if is_whole and (len(lost) or partial.any()):
            self.fingerprint = content_hash(self.fingerprint, "missing", RULE)

    def _usable(self, units: np.ndarray) -> np.ndarray:
        """Mark the trials with a value in each of some units. (trials,) bool"""
        if self.betas is None:
            return np.zeros(len(self.trials), dtype=bool)
        if np.array_equal(units, self._kept):
            return self._lacking == 0
        return complete_trials_of(self.betas, self._lacking > 0, units)

    def _check_trials(self, betas: np.ndarray) -> None:
        if betas.ndim != 2:
            raise InputError(f"The responses have the shape {betas.shape}", "(trials, units)")
        check_same_length(len(self.trials), len(betas), "The trial list", "the response array")
        ids = dict.fromkeys(self.trials["id"].tolist())
        unknown = [name for name in ids if name not in self._row]
        if len(unknown):
            raise InputError(
                f"The trial list names {counted(len(unknown), 'id')} that the stimulus list lacks: "
                f"{enumerate_names(unknown)}",
                "ids of the stimulus list",
            )
        for name, units in self.rois.items():
            if len(units) == 0 or units.min() < 0 or units.max() >= betas.shape[1]:
                raise InputError(
                    f"ROI {name!r} names units outside 0..{betas.shape[1] - 1}, or none",
                    "unit indices (columns) of the response array",
                )


def _some_trials(betas: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """A copy of some trials, which lies in memory as the recording does."""
    needed = float(kept.sum()) * betas.shape[1] * betas.itemsize
    check_memory(needed, "The stimuli that were chosen", "Choose fewer, or end other programs.")
    return betas.T[:, kept].T if by_unit(betas) else betas[kept]


def _with_rois(units: np.ndarray, rois: Mapping[str, np.ndarray]) -> dict[int, tuple[str, ...]]:
    """Units, each with the names of the ROIs that hold it."""
    named: dict[int, tuple[str, ...]] = {int(unit): () for unit in units}
    for name, inside in rois.items() if named else ():
        for unit in np.intersect1d(inside, units):
            named[int(unit)] += (name,)
    return named
