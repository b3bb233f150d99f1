"""What a decoder is trained and tested on: responses and embeddings, row for row, by set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from core import datasets, encoders, splits, store
from core.datasets import Dataset, Reference
from core.decoders.config import Config
from core.decoders.heads import Shape, divide_units
from core.decoders.training.textual import textual_features
from core.errors import InputError
from core.progress import Progress, portion, silent
from core.splits import Fold
from core.splits.pool import texts
from core.statistics import noise_ceilings
from core.vectors import unit_rows

ENCODED = 0.9
ROUNDING = {4: 1e-6, 8: 2e-15}  # of numbers of so many bytes


@dataclass(frozen=True)
class ColumnLayout:
    """Where the units of each subject stand among the columns of a decoder.

    Attributes
    ----------
    columns : tuple of int arrays
        Column of each unit of each subject, in the order of ``units``.
    units : tuple of int arrays
        Units of each subject.
    groups : tuple of (int, int)
        The columns of each token: an ROI, or a group of units where fewer than two are named.
    width : int
    """

    columns: tuple[np.ndarray, ...]
    units: tuple[np.ndarray, ...]
    groups: tuple[tuple[int, int], ...]
    width: int


class Scaling(NamedTuple):
    """Mean and standard deviation of each column in the training set. (subjects, V) each."""

    mean: np.ndarray
    deviation: np.ndarray


class ResponseRows(NamedTuple):
    """Responses (m, V) as a decoder takes them, whose, and to which row of ``stimuli``."""

    x: np.ndarray
    subject: np.ndarray
    stimulus: np.ndarray


@dataclass(frozen=True)
class Data:
    """The material of one decoder.

    Attributes
    ----------
    opened : tuple of Dataset
        One subject each, all with the same stimuli.
    embeddings : np.ndarray of shape (n, d), float32
        As the encoder gave them, NaN rows where an image is missing.
    fold : Fold
    layout : ColumnLayout
    category : np.ndarray of shape (n,), int64
        Number of each stimulus' category, -1 where unknown.
    names : tuple of str
        Of the categories.
    fingerprint : str
        Changes with the responses, the embeddings and the textual features.
    text : np.ndarray of shape (n, t), float32
        Textual features, NaN rows where an image has none; no column where the head asks for
        none.
    """

    opened: tuple[Dataset, ...]
    embeddings: np.ndarray
    fold: Fold
    layout: ColumnLayout
    category: np.ndarray
    names: tuple[str, ...]
    fingerprint: str
    text: np.ndarray

    @property
    def shape(self) -> Shape:
        sizes = (self.layout.width, self.layout.groups, len(self.opened))
        return Shape(*sizes, outputs=self.embeddings.shape[1], texts=self.text.shape[1])

    def centre(self) -> np.ndarray:
        """Mean unit embedding of the training images. (d,), in the precision of the embeddings"""
        mean = unit_rows(self.embeddings[self.fold.train]).mean(axis=0)
        return mean.astype(np.result_type(self.embeddings, np.float32))

    def scaling(self, trials: str, noise_ceiling: float = 0.0) -> Scaling:
        """Scaling of every subject, fitted on its training rows alone.

        A unit that hardly varies there, by no more than ``ROUNDING`` times its largest
        magnitude (eight steps of its precision), holds rounding errors alone: its deviation is 1.
        One with a lower noise ceiling there, in per cent, takes no part: its deviation is
        infinite.
        """
        mean = np.zeros((len(self.opened), self.layout.width))
        deviation, kind = np.ones_like(mean), np.dtype(np.float32)
        for number in range(len(self.opened)):
            ds, every = self.opened[number], self.layout.units[number]
            used = _reliable(ds, every, self.fold.train, noise_ceiling)
            units, columns = every[used], self.layout.columns[number][used]
            deviation[number, self.layout.columns[number]] = np.inf
            responses = _responses(ds, units, self.fold.train, trials)[0]
            if len(responses) == 0:
                raise InputError(f"{ds.subject} has no usable response in the training set", "some")
            kind = np.promote_types(kind, responses.dtype)
            rounding = ROUNDING[responses.dtype.itemsize]
            responses = responses.astype(np.float64)
            spread, largest = responses.std(axis=0), np.abs(responses).max(axis=0)
            mean[number, columns] = responses.mean(axis=0)
            deviation[number, columns] = np.where(spread > rounding * largest, spread, 1.0)
        # In double precision where a large offset keeps the responses in it.
        return Scaling(mean.astype(kind), deviation.astype(kind))

    def rows(self, stimuli: np.ndarray, trials: str, scaling: Scaling) -> ResponseRows:
        """Standardised responses of all subjects to some stimuli; missing ones are left out."""
        parts = [
            rows_of(ds, number, self.layout, scaling, stimuli, trials)
            for number, ds in enumerate(self.opened)
        ]
        return ResponseRows(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def rows_of(
    ds: Dataset,
    number: int,
    layout: ColumnLayout,
    scaling: Scaling,
    stimuli: np.ndarray,
    trials: str = "mean",
) -> ResponseRows:
    """Standardised responses of the subject ``number`` of a decoder to some stimuli of ``ds``."""
    used = np.isfinite(scaling.deviation[number, layout.columns[number]])
    columns = layout.columns[number][used]
    responses, stimulus = _responses(ds, layout.units[number][used], stimuli, trials)
    x = np.zeros((len(responses), layout.width), dtype=np.float32)
    x[:, columns] = (responses - scaling.mean[number, columns]) / scaling.deviation[number, columns]
    return ResponseRows(x, np.full(len(stimulus), number, dtype=np.int64), stimulus)


def _reliable(ds: Dataset, units: np.ndarray, stimuli: np.ndarray, least: float) -> np.ndarray:
    """Mark units whose noise ceiling, from the repeats of some stimuli, is high enough. (v,)

    Raises
    ------
    InputError
        If too few of the stimuli were repeated, or no unit is as good.
    """
    if not least or ds.betas is None:
        return np.ones(len(units), dtype=bool)
    chosen = np.isin(ds.trial_rows, stimuli)
    runs = None if ds.trial_runs is None else ds.trial_runs[chosen]
    known = noise_ceilings(ds.betas[np.ix_(chosen, units)], ds.trial_rows[chosen], runs)
    ceiling = 100.0 * np.nan_to_num(known.ceiling)
    if not (ceiling >= least).any():
        raise InputError(
            f"No unit of {ds.subject} has a noise ceiling of {least:g} % over the training images",
            f"at most {ceiling.max(initial=0.0):.1f} %, which the best unit has",
        )
    return np.asarray(ceiling >= least)


def _responses(
    ds: Dataset, units: np.ndarray, stimuli: np.ndarray, trials: str
) -> tuple[np.ndarray, np.ndarray]:
    """Finite responses of a subject to some stimuli, and the stimulus of each."""
    if trials == "mean":
        responses, stimulus = ds.responses_of(units)[stimuli], np.asarray(stimuli)
    else:
        chosen = np.isin(ds.trial_rows, stimuli)
        responses = ds.responses_of(units, repeats="all")[chosen]
        stimulus = ds.trial_rows[chosen]
    usable = np.isfinite(responses).all(axis=1)
    return responses[usable], stimulus[usable]


def prepare(config: Config, progress: Progress = silent, opened: Sequence[Dataset] = ()) -> Data:
    """Open the recording, encode its images and divide them.

    ``opened`` is the recording of every subject, where it is open already.

    Raises
    ------
    InputError
        If subjects saw different stimuli, a set is empty, or there is no such fold.
    NotFoundError
        If the recording has no such subject or ROI, or no responses.
    """
    folds = prepare_folds(config, progress, opened)
    if not 0 <= config.fold < len(folds):
        raise InputError(f"There is no fold {config.fold}", f"0 to {len(folds) - 1}")
    return folds[config.fold]


def prepare_folds(
    config: Config, progress: Progress = silent, opened: Sequence[Dataset] = ()
) -> list[Data]:
    """The material of every fold, as ``prepare`` gives that of one."""
    progress(0.0, "Opening the recording")
    opened = open_subjects(config, opened)
    beside = _beside(config, opened)
    embeddings = encoders.encode_images(
        opened[0],
        config.encoder,
        progress=portion(progress, 0.0, ENCODED),
        **config.encoder_parameters,
    )
    text = textual_features(config, opened[0])
    progress(ENCODED, "Dividing the images")
    kind, values = config.split, config.split_parameters
    folds = splits.make(opened[0], kind, config.seed, embeddings, beside, **values)
    categories = texts(opened[0].stimuli, "category")
    names = tuple(sorted(set(categories) - {""}))
    number = {name: place for place, name in enumerate(names)}
    whole = Data(
        opened,
        np.asarray(embeddings),
        folds[0],
        layout_of(opened, config.rois, config.training["groups"]),
        np.array([number.get(name, -1) for name in categories], dtype=np.int64),
        names,
        fingerprint_of((opened[0], *beside), embeddings, text),
        text,
    )
    return [replace(whole, fold=fold) for fold in folds]


def groups_of(config: Config, data: Data) -> splits.Labels:
    """What the split of a decoder keeps together in one set."""
    beside = _beside(config, data.opened)
    values = config.split_parameters
    return splits.together(
        data.opened[0], config.split, config.seed, data.embeddings, beside, **values
    )


def _beside(config: Config, opened: tuple[Dataset, ...]) -> tuple[Dataset, ...]:
    """The other subjects whose images the split divides."""
    others = [name for name in config.divided if name not in config.subjects]
    return (*opened[1:], *(_open(config, name) for name in others))


def fingerprint_of(
    recordings: Sequence[Dataset], embeddings: np.ndarray, text: np.ndarray | None = None
) -> str:
    """Of the responses of some subjects, the embeddings (n, d) of their images and texts (n, t)."""
    whose = [ds.fingerprint for ds in recordings]
    textual = [] if text is None or not text.shape[1] else [text]
    return store.fingerprint(whose, np.asarray(embeddings), *textual)


def as_opened(config: Config, data: Data) -> Config:
    """The config with subjects and options in full, defaults included."""
    options = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in data.opened[0].options.items()
    }
    return replace(config, subjects=tuple(ds.subject for ds in data.opened), options=options)


def open_subjects(config: Config, opened: Sequence[Dataset] = ()) -> tuple[Dataset, ...]:
    """The recording of every subject of a decoder; those that are open are not opened again."""
    known = {ds.subject: ds for ds in opened if _is_meant(ds, config)}
    names = config.subjects or [None]
    opened = tuple(known[name] if name in known else _open(config, name) for name in names)
    for other in opened[1:]:
        if other.stimuli["id"].tolist() != opened[0].stimuli["id"].tolist():
            raise InputError(
                f"{opened[0].subject} and {other.subject} saw different stimuli",
                "one stimulus list for all subjects of a decoder",
                "Train a decoder for each subject.",
            )
    return opened


def _is_meant(ds: Dataset, config: Config) -> bool:
    """Whether an open recording is that of a decoder, whose config names every option."""
    own = Reference.of(ds)
    return (own.dataset, own.options, own.stimuli) == (config.dataset, config.options, ())


def _open(config: Config, subject: str | None) -> Dataset:
    return datasets.load_with(config.dataset, subject, config.options)


def layout_of(opened: Sequence[Dataset], rois: Sequence[str], groups: int) -> ColumnLayout:
    """Columns for the units of every subject: ROI beside ROI, each as wide as the largest."""
    named = list(rois) if len(rois) > 1 else [tuple(rois) or None]
    blocks = [[ds.units(_roi(name)) for ds in opened] for name in named]
    widths = [max(len(units) for units in block) for block in blocks]
    edges = np.concatenate([[0], np.cumsum(widths)])
    columns = tuple(
        np.concatenate([edges[b] + np.arange(len(block[s])) for b, block in enumerate(blocks)])
        for s in range(len(opened))
    )
    units = tuple(np.concatenate([block[s] for block in blocks]) for s in range(len(opened)))
    width = int(edges[-1])
    if len(named) > 1:
        tokens = tuple((int(start), int(stop)) for start, stop in pairwise(edges))
    else:
        tokens = divide_units(width, min(groups, width))
    return ColumnLayout(columns, units, tokens, width)


def _roi(name: str | tuple[str, ...] | None) -> str | list[str] | None:
    return list(name) if isinstance(name, tuple) else name
