"""What an encoding model is fitted to: embeddings and responses of the images of each set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core import splits
from core.datasets import Dataset
from core.decoders.config import Config
from core.decoders.training.data import Data, groups_of, prepare
from core.dissimilarity.data import embed
from core.dissimilarity.model import split_text
from core.encoding.model import bands_of
from core.errors import InputError
from core.progress import Progress, portion
from core.splits.pool import texts
from core.words import counted

INNER_FOLDS = 5
FEWEST_TRAINING = 2 * INNER_FOLDS


@dataclass(frozen=True)
class Band:
    """Scaling of one embedding, fitted on the training images.

    Each feature is centred, and the whole band divided by one number, so that its features
    vary by 1 on average and keep their relative sizes.

    Attributes
    ----------
    mean : np.ndarray of shape (p,), float64
    scale : float
    """

    mean: np.ndarray
    scale: float

    @classmethod
    def of(cls, features: np.ndarray) -> Band:
        """Fitted on rows (n, p)."""
        mean = features.mean(axis=0, dtype=np.float64)
        variance = np.mean((features - mean) ** 2, dtype=np.float64)
        return cls(mean, float(np.sqrt(variance)) if variance > 0 else 1.0)

    def apply(self, features: np.ndarray) -> np.ndarray:
        """Scaled features (m, p) float32."""
        return ((features - self.mean) / self.scale).astype(np.float32)


@dataclass(frozen=True, eq=False)
class EncodingData:
    """The material of one encoding model.

    Attributes
    ----------
    ds : Dataset
    units : np.ndarray of shape (v,), intp
    train, test : np.ndarray, intp
        Rows of ``ds.stimuli`` with a response and every embedding; training and validation set
        are one, for nothing is stopped early.
    bands : dict of str to Band
    features : dict of str to np.ndarray of shape (n, p), float32
        As scaled, of every stimulus.
    mean, deviation : np.ndarray of shape (v,)
        Of each unit over the training images; the deviation is 1 where a unit does not vary.
    group : np.ndarray of shape (train,), intp
        What the split keeps together, which inner folds do too.
    """

    ds: Dataset
    units: np.ndarray
    train: np.ndarray
    test: np.ndarray
    bands: dict[str, Band]
    features: dict[str, np.ndarray]
    mean: np.ndarray
    deviation: np.ndarray
    group: np.ndarray

    @property
    def category(self) -> np.ndarray:
        """Category of each test image, '' where unknown. (test,) str"""
        return texts(self.ds.stimuli, "category")[self.test].astype(str)

    def responses(self, rows: np.ndarray) -> np.ndarray:
        """Averaged responses to some stimuli, z by the training images. (m, v) float32"""
        return measured(self.ds, self.units, rows, self.mean, self.deviation)

    def inner(self, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Five inner folds of the training images: places to fit on, and places to compare on."""
        groups = np.unique(self.group, return_inverse=True)[1]
        order = np.random.default_rng([seed, 3]).permutation(groups.max() + 1)
        sizes = np.bincount(groups)[order]
        # Groups in random order, cut where a fifth of the images is reached.
        fold_of = np.empty(len(order), dtype=np.intp)
        fold_of[order] = (np.cumsum(sizes) - sizes / 2) * INNER_FOLDS // sizes.sum()
        fold = fold_of[groups]
        folds = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(INNER_FOLDS)]
        if min(len(rows) for _, rows in folds) == 0:
            raise InputError(
                f"The training set has {counted(len(order), 'group')} that stay together",
                f"enough for {INNER_FOLDS} inner folds",
                "Choose leave-one-out, or another split.",
            )
        return folds


def measured(
    ds: Dataset, units: np.ndarray, rows: np.ndarray, mean: np.ndarray, deviation: np.ndarray
) -> np.ndarray:
    """Averaged responses to some stimuli, z by the training images. (m, v) float32"""
    return ((ds.responses_of(units)[rows] - mean) / deviation).astype(np.float32)


def config_of(
    model: str, dataset: str, subject: str | None, options: Mapping[str, object], **settings: object
) -> Config:
    """The decoder that goes the other way round, whose split and audit a model shares."""
    encoder, parameters = split_text(bands_of(model)[0])
    return Config(
        dataset,
        subjects=() if subject is None else (subject,),
        options=options,
        encoder=encoder,
        encoder_parameters=parameters,
        **settings,  # type: ignore[arg-type]
    )


def prepare_model(
    model: str, config: Config, ds: Dataset, progress: Progress | None = None
) -> EncodingData:
    """Embed the images in every band, divide them, and scale by the training images.

    Raises
    ------
    InputError
        If a set has too few usable images, or the split needs features of its own, so that
        models would be compared on different images.
    NotFoundError
        If the recording has no responses, no such ROI or no such encoder.
    """
    check_split(config)
    data = prepare(config, portion(progress, 0.0, 0.5), [ds])
    embedded = {}
    for place, band in enumerate(bands := bands_of(model)):
        ends = (0.5 + 0.5 * (place + k) / len(bands) for k in (0, 1))
        embedded[band] = embed(ds, band, portion(progress, *ends))
    return _prepared(data, config, ds, embedded)


def check_split(config: Config) -> None:
    """Raise InputError for a split that leaks, or that the embedding decides."""
    kind = splits.KINDS[config.split]
    usable = [
        k for k in splits.KINDS if not (splits.KINDS[k].needs_features or splits.KINDS[k].leaks)
    ]
    by_features = config.split == "kfold" and config.split_parameters["by"] == "cluster"
    if kind.leaks or kind.needs_features or by_features:
        raise InputError(
            f"The split is {config.split!r}",
            "one that is the same for every embedding, so that models can be compared",
            choices=usable,
        )


def _prepared(
    data: Data, config: Config, ds: Dataset, embedded: dict[str, np.ndarray]
) -> EncodingData:
    units = data.layout.units[0]
    responses = ds.responses_of(units)
    usable = np.isfinite(responses[:, 0])
    for features in embedded.values():
        usable &= np.isfinite(features[:, 0])
    groups = groups_of(config, data).codes
    alone = groups < 0
    groups = np.where(alone, groups.max(initial=0) + 1 + np.arange(len(groups)), groups)
    sets = (np.concatenate([data.fold.train, data.fold.validation]), data.fold.test)
    train, test = (np.sort(rows)[usable[np.sort(rows)]] for rows in sets)
    if len(train) < FEWEST_TRAINING or len(test) < 3:
        raise InputError(
            f"{counted(len(train), 'training image')} and {counted(len(test), 'test image')} have "
            "a response and an embedding",
            f"at least {FEWEST_TRAINING} and 3",
        )
    bands = {band: Band.of(features[train]) for band, features in embedded.items()}
    scaled = {band: bands[band].apply(features) for band, features in embedded.items()}
    mean = responses[train].mean(axis=0, dtype=np.float64)
    deviation = responses[train].std(axis=0, dtype=np.float64)
    largest = np.abs(responses[train]).max(axis=0)
    rounding = 8 * np.finfo(responses.dtype).eps
    deviation = np.where(deviation > rounding * largest, deviation, 1.0)
    return EncodingData(ds, units, train, test, bands, scaled, mean, deviation, groups[train])
