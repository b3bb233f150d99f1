"""One subject of one recording: stimuli, responses, images and RDMs, row for row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from PIL import Image

from core.errors import InputError, NotFoundError
from core.registry import Parameter, renamed
from core.store import fingerprint as content_hash
from core.validation import check_same_length, check_unique, enumerate_names

STIMULUS_COLUMNS = ("id", "file", "category", "supercategory", "labels", "source", "split")
TRIAL_COLUMNS = ("id", "repeat", "run", "session")
MAX_PIXELS = 100_000_000


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
        Unit indices of each region of interest.
    regions : tuple of str
        ROIs whose means profile a response; every ROI where none are named.
    betas : np.ndarray of shape (trials, units), float32, or None
        Single-trial responses in ``info.units``; None where only RDMs were recorded.
    trials : pd.DataFrame
        Columns ``id, repeat, run, session``, a row for each row of ``betas``.
    images : callable or None
        Gives the image of a stimulus or gallery id; None where there are no images.
    without_image : tuple of str
        Stimuli whose image was not found when the recording was opened.
    gallery : pd.DataFrame
        Further images to search, columns like ``stimuli``.
    rdms : dict of str to float32 array (n, n)
        Published or model RDMs that come with the recording.
    embeddings : dict of str to float32 array (n, d)
        Embeddings of the stimuli that come with the recording.
    fingerprint : str
        Changes when the content or an option does.
    images_fingerprint : str
        Changes when an image does; subjects and subsets of a recording share it.
        ``fingerprint`` where none is given.
    is_subset : bool
        True where some of the recording's stimuli were left out by ``subset``.
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

    def __post_init__(self) -> None:
        self.stimuli = complete_stimuli(self.stimuli)
        check_unique(self.stimuli["id"].tolist(), "The stimulus list")
        self._row = {stimulus: row for row, stimulus in enumerate(self.stimuli["id"])}
        self._gallery = set(self.gallery["id"])
        self.regions = self.regions or tuple(self.rois)
        self.images_fingerprint = self.images_fingerprint or self.fingerprint
        for array in (self.betas, *self.rdms.values(), *self.embeddings.values()):
            if array is not None:
                array.flags.writeable = False
        for name, matrix in self.rdms.items():
            check_same_length(len(matrix), len(self.stimuli), f"RDM {name!r}", "the stimulus list")
        for name, rows in self.embeddings.items():
            what = f"The embedding {name!r}"
            check_same_length(len(rows), len(self.stimuli), what, "the stimulus list")
        if self.betas is not None:
            self._check_trials(self.betas)

    @property
    def n_stimuli(self) -> int:
        return len(self.stimuli)

    @property
    def n_units(self) -> int:
        return 0 if self.betas is None else self.betas.shape[1]

    @property
    def repeats(self) -> np.ndarray:
        """Number of trials of each stimulus. (n,) int."""
        return np.bincount(self.trial_rows, minlength=self.n_stimuli)

    @property
    def trial_rows(self) -> np.ndarray:
        """Row in ``stimuli`` of each trial. (trials,) int."""
        return self.trials["id"].map(self._row).to_numpy(dtype=np.intp)

    def has_stimulus(self, stimulus_id: str) -> bool:
        """Whether the stimulus list holds an id."""
        return stimulus_id in self._row

    def row(self, stimulus_id: str) -> int:
        """Row of a stimulus id."""
        if stimulus_id not in self._row:
            raise NotFoundError(f"There is no stimulus {stimulus_id!r} in {self.info.title}")
        return self._row[stimulus_id]

    def units(self, roi: str | Sequence[str] | None = None) -> np.ndarray:
        """Unit indices of one ROI or of several concatenated (each unit once); None gives all."""
        if roi is None:
            return np.arange(self.n_units)
        names = [roi] if isinstance(roi, str) else list(roi)
        for name in names:
            if name not in self.rois:
                raise NotFoundError(f"There is no ROI {name!r}", choices=self.rois)
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
            'mean' averages the usable repeats of each stimulus and gives NaN rows
            where there is none; 'all' gives one row for each trial, described by
            ``trials``.

        Returns
        -------
        np.ndarray of shape (n, v) or (trials, v), float32, in ``info.units``

        Raises
        ------
        NotFoundError
            If the recording has no responses, or no such ROI.
        """
        if self.betas is None:
            raise NotFoundError(
                f"{self.info.title} comes as RDMs only",
                "single responses for this step",
                "Open its RDMs on the page RDM, or choose another recording.",
            )
        if repeats not in ("mean", "all"):
            raise InputError(f"repeats is {repeats!r}", choices=("mean", "all"))
        units = self.units(roi)
        whole = len(units) == self.n_units and np.array_equal(units, np.arange(self.n_units))
        betas = self.betas if whole else self.betas[:, units]
        return betas if repeats == "all" else self._mean_over_repeats(betas)

    def region_means(self) -> np.ndarray:
        """Mean response over the units of each of ``regions``.

        Returns
        -------
        np.ndarray of shape (n, regions), float32, in ``info.units``
            NaN rows where a stimulus has no usable response.

        Raises
        ------
        NotFoundError
            If the recording has no responses, or no ROIs.
        """
        if not self.regions:
            raise NotFoundError(f"{self.info.title} has no ROIs", "named regions to average")
        responses = self.responses()
        means = [responses[:, self.rois[name]].mean(axis=1) for name in self.regions]
        return np.stack(means, axis=1).astype(np.float32)

    def missing(self, roi: str | Sequence[str] | None = None) -> np.ndarray:
        """Mark the stimuli without a usable response. (n,) bool."""
        if self.betas is None:
            return np.ones(self.n_stimuli, dtype=bool)
        return np.isnan(self.responses(roi)[:, 0])

    def image(self, stimulus_id: str) -> Image.Image:
        """Image of a stimulus, or of a gallery entry, RGB.

        Raises
        ------
        NotFoundError
            If the recording has no images, or this one is missing.
        """
        if stimulus_id not in self._gallery:
            self.row(stimulus_id)
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
        rows = np.array([self.row(stimulus) for stimulus in ids], dtype=np.intp)
        kept = self.trials["id"].isin(set(ids)).to_numpy()
        return replace(
            self,
            stimuli=self.stimuli.iloc[rows],
            trials=self.trials[kept].reset_index(drop=True),
            betas=None if self.betas is None else self.betas[kept],
            rdms={name: matrix[np.ix_(rows, rows)] for name, matrix in self.rdms.items()},
            embeddings={name: features[rows] for name, features in self.embeddings.items()},
            without_image=tuple(i for i in self.without_image if i in set(ids)),
            fingerprint=content_hash(self.fingerprint, list(ids)),
            is_subset=True,
        )

    def _mean_over_repeats(self, betas: np.ndarray) -> np.ndarray:
        usable = np.flatnonzero(np.isfinite(betas).all(axis=1))
        rows = self.trial_rows[usable]
        order = np.argsort(rows, kind="stable")
        mean = np.full((self.n_stimuli, betas.shape[1]), np.nan, dtype=np.float32)
        present, starts, counts = np.unique(rows[order], return_index=True, return_counts=True)
        if len(present):
            sums = np.add.reduceat(betas[usable[order]].astype(np.float64), starts, axis=0)
            mean[present] = sums / counts[:, None]
        return mean

    def _check_trials(self, betas: np.ndarray) -> None:
        if betas.ndim != 2:
            raise InputError(f"The responses have the shape {betas.shape}", "(trials, units)")
        check_same_length(len(self.trials), len(betas), "The trial list", "the response array")
        unknown = self.trials["id"][~self.trials["id"].isin(self._row)].unique()
        if len(unknown):
            raise InputError(
                f"The trial list names {len(unknown)} ids that the stimulus list lacks: "
                f"{enumerate_names(unknown)}",
                "ids of the stimulus list",
            )
        for name, units in self.rois.items():
            if len(units) == 0 or units.min() < 0 or units.max() >= betas.shape[1]:
                raise InputError(
                    f"ROI {name!r} names units outside 0..{betas.shape[1] - 1}, or none",
                    "unit indices (columns) of the response array",
                )


def as_rgb(image: Image.Image) -> Image.Image:
    """An image as RGB: alpha on white, 16 bits as 8, the first frame of an animation.

    Raises
    ------
    InputError
        If it has more than 100 million pixels, and is then not decoded, or holds floats.
    """
    if image.width * image.height > MAX_PIXELS:
        raise InputError(
            f"The image has {image.width} x {image.height} pixels",
            f"at most {MAX_PIXELS // 1_000_000} million",
        )
    if image.mode == "F":
        raise InputError("The image holds floats", "8 or 16 bits for each channel")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    if image.mode.startswith("I"):
        grey = np.asarray(image).clip(0, 65_535) // 257
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    return image.convert("RGB")


def complete_stimuli(stimuli: pd.DataFrame) -> pd.DataFrame:
    """Add the standard columns that a stimulus list lacks: empty text, empty label tuples."""
    table = stimuli.reset_index(drop=True).copy()
    for column in STIMULUS_COLUMNS:
        if column not in table:
            table[column] = [()] * len(table) if column == "labels" else ""
    table["id"] = table["id"].astype(str)
    further = [column for column in table.columns if column not in STIMULUS_COLUMNS]
    return table[[*STIMULUS_COLUMNS, *further]]


def stimuli_csv(stimuli: pd.DataFrame) -> str:
    """A stimulus list as CSV, as the folder layout reads it: labels separated by '|'."""
    return stimuli.assign(labels=stimuli["labels"].map("|".join)).to_csv(index=False)
