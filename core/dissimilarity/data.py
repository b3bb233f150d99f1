"""The images of a setting, dealt to sets, and the dissimilarity of each pair of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from core import encoders, rdm, splits
from core.datasets import Dataset
from core.dissimilarity.model import split_text
from core.dissimilarity.pairs import PairSet
from core.errors import InputError, NotFoundError
from core.progress import Progress, portion
from core.rdm import METRICS
from core.words import counted

LEAKING = "pair"
# Of the images, or, where the split leaks, of the pairs.
TEST, VALIDATION = 0.2, 0.1
FEWEST = 20
# Up to so many images every true dissimilarity is kept in one matrix: 64 MB.
MOST_DENSE = 4000
SIDE = 128
MOST_AXES = 256
GATHERED = 256


@dataclass(frozen=True, eq=False)
class PairData:
    """What a model is fitted to. Rows 0 to n - 1 are the images that were taken.

    Attributes
    ----------
    ids : tuple of str
    embedding : np.ndarray of shape (n, d), float32
        As the encoder gives it.
    responses : np.ndarray of shape (n, v), float32
        Each unit standardised by the training images.
    metric : str
    training, validation, test : PairSet
        Disjoint sets of pairs; of disjoint images, too, unless the split leaks.
    shown : np.ndarray of shape (s,), intp
        Images of the test set of an image split, in both splits the same.
    ds : Dataset
    """

    ids: tuple[str, ...]
    embedding: np.ndarray
    responses: np.ndarray
    metric: str
    training: PairSet
    validation: PairSet
    test: PairSet
    shown: np.ndarray
    ds: Dataset = field(repr=False)

    @cached_property
    def features(self) -> np.ndarray:
        """The embedding, each dimension standardised by the training images. (n, d) float32"""
        return standardised(self.embedding, self.training.rows)

    @cached_property
    def components(self) -> np.ndarray:
        """The features, on at most 256 principal axes of the training images. (n, k) float32

        For models whose cost grows with the square of the dimensions or more.
        """
        rows = self.training.rows
        if self.features.shape[1] <= MOST_AXES:
            return self.features
        from sklearn.decomposition import PCA

        axes = min(MOST_AXES, len(rows) - 1)
        reduced = PCA(axes, svd_solver="randomized", random_state=0).fit(self.features[rows])
        scores = reduced.transform(self.features)
        return (scores / np.sqrt(reduced.explained_variance_[0])).astype(np.float32)

    @cached_property
    def images(self) -> np.ndarray:
        """Greyscale images, each from its darkest to its lightest value. (n, 128, 128) uint8

        Raises
        ------
        NotFoundError
            If the recording has no images, or lacks one of these.
        """
        grey = np.empty((len(self.ids), SIDE, SIDE), dtype=np.uint8)
        for row, name in enumerate(self.ids):
            image = self.ds.image(name).convert("L").resize((SIDE, SIDE))
            pixels = np.asarray(image, dtype=np.float32)
            low, high = pixels.min(), pixels.max()
            grey[row] = np.round(255.0 * (pixels - low) / max(high - low, 1.0))
        return grey

    @cached_property
    def _dense(self) -> np.ndarray | None:
        if len(self.ids) > MOST_DENSE:
            return None
        return rdm.compute(self.responses, self.metric)

    def truth(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Dissimilarity of the responses of pairs. (k,) float64"""
        if self._dense is not None:
            return self._dense[i, j].astype(np.float64)
        values = np.empty(len(i))
        # Blocks that stay in the cache: rows are gathered and used up at once.
        for start in range(0, len(i), GATHERED):
            block = slice(start, start + GATHERED)
            values[block] = METRICS[self.metric].pairs(self.responses, i[block], j[block])
        return values


def standardised(values: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Columns less the mean of some rows and over their deviation; constant ones are 0.

    Parameters
    ----------
    values : np.ndarray of shape (n, v)
    training : np.ndarray of shape (m,), intp
    """
    mean = values[training].mean(axis=0, dtype=np.float64)
    deviation = values[training].std(axis=0, dtype=np.float64)
    scale = np.where(deviation > 0, 1.0 / np.where(deviation > 0, deviation, 1.0), 0.0)
    return ((values - mean) * scale).astype(np.float32)


def embed(ds: Dataset, embedding: str, progress: Progress | None = None) -> np.ndarray:
    """Embeddings of ``ENCODER[,NAME=VALUE...]``, such as 'clip-vit-b32,output=visual'."""
    name, parameters = split_text(embedding)
    return encoders.encode_images(ds, name, progress=progress, **parameters)


def check_metric(metric: str) -> str:
    """Give the metric, or raise InputError where a pair alone does not have it."""
    if METRICS[metric].needs_folds:
        usable = [name for name in METRICS if not METRICS[name].needs_folds]
        raise InputError(f"The metric is {metric!r}", "a metric of single pairs", choices=usable)
    return metric


def prepare(setting: Any, progress: Progress | None = None) -> PairData:
    """The data of a ``PairSetting``.

    Images without a usable response or a finite embedding are left out; of the others
    ``setting.images`` are drawn by the seed. The same images are taken in every split, and
    the images of the image split's test set are the ones shown.

    Raises
    ------
    InputError
        If fewer than 20 images are usable, the metric is undefined over so few units, or
        the split cannot be made.
    NotFoundError
        If the recording has no responses, no such ROI or no such encoder.
    """
    ds = setting.recording.open()
    roi = list(setting.rois) or None
    METRICS[check_metric(setting.metric)].check_units(len(ds.units(roi)))
    embedding = embed(ds, setting.embedding, portion(progress, 0.0, 0.9))
    responses = ds.responses(roi)
    usable = np.flatnonzero(np.isfinite(embedding).all(axis=1) & ~np.isnan(responses[:, 0]))
    if len(usable) < FEWEST:
        raise InputError(
            f"{counted(len(usable), 'image has', 'images have')} a response and an embedding",
            f"at least {FEWEST}",
            "Choose another encoder or subject.",
        )
    rng = np.random.default_rng([setting.seed, len(usable)])
    taken = np.sort(rng.permutation(usable)[: setting.images or len(usable)])
    ids = tuple(ds.stimuli["id"].iloc[taken])
    some = ds.subset(ids)
    training, validation, test, shown = _sets(some, embedding[taken], setting)
    return PairData(
        ids,
        np.asarray(embedding[taken]),
        standardised(responses[taken], training.rows),
        setting.metric,
        training,
        validation,
        test,
        shown,
        some,
    )


def _sets(
    ds: Dataset, features: np.ndarray, setting: Any
) -> tuple[PairSet, PairSet, PairSet, np.ndarray]:
    kind = setting.split
    shares = {"test": TEST, "validation": VALIDATION}
    apart = _fold(ds, "image" if kind == LEAKING else kind, features, setting.seed, shares)
    if kind != LEAKING:
        sets = [PairSet(rows) for rows in (apart.train, apart.validation, apart.test)]
        return sets[0], sets[1], sets[2], apart.test
    rows = splits.make(ds, LEAKING, setting.seed)[0].train
    ends = (0.0, 1.0 - TEST - VALIDATION, 1.0 - TEST, 1.0)
    training, validation, test = (
        PairSet(rows, low, high, setting.seed) for low, high in itertools.pairwise(ends)
    )
    return training, validation, test, apart.test


def _fold(
    ds: Dataset, kind: str, features: np.ndarray, seed: int, shares: dict[str, float]
) -> splits.Fold:
    if kind not in splits.KINDS:
        raise NotFoundError(f"There is no kind of split {kind!r}", choices=splits.KINDS)
    declared = [parameter.name for parameter in splits.KINDS[kind].parameters]
    values: dict[str, Any] = {name: shares[name] for name in shares if name in declared}
    return splits.make(ds, kind, seed, features, **values)[0]
