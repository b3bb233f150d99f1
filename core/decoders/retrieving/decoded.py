"""What a decoder predicts from responses that it never saw, and the images nearest to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core import retrieval
from core.datasets import Dataset
from core.decoders.runs import Run
from core.decoders.scoring.evaluation import check_same
from core.decoders.training.batches import targets_of
from core.decoders.training.data import Data, prepare
from core.errors import InputError
from core.galleries import search_parts
from core.progress import Progress, silent
from core.vectors import unit_rows


@dataclass(frozen=True, eq=False)
class Decoded:
    """Predictions for the test set of one subject, repeats averaged.

    Attributes
    ----------
    run : Run
    data : Data
    subject : int
        Number of the subject in ``data.opened``.
    stimulus : np.ndarray of shape (q,), intp
        Row of ``stimuli`` of each response, in the order of the stimulus list.
    predicted : np.ndarray of shape (q, d), float32
        Predicted embeddings, as seen from the mean of the training images.
    """

    run: Run
    data: Data
    subject: int
    stimulus: np.ndarray
    predicted: np.ndarray

    @property
    def ds(self) -> Dataset:
        return self.data.opened[self.subject]

    @property
    def ids(self) -> list[str]:
        """Ids of the images that were seen."""
        ids: list[str] = self.ds.stimuli["id"].iloc[self.stimulus].tolist()
        return ids

    @property
    def seen(self) -> np.ndarray:
        """Embeddings of the images that were seen, as the encoder gives them. (q, d) float32"""
        return self.data.embeddings[self.stimulus]

    def targets(self) -> np.ndarray:
        """Unit embeddings of all stimuli, seen from the same mean. (n, d) float32"""
        return targets_of(self.data.embeddings, self.run.centre)


@dataclass(frozen=True, eq=False)
class Retrieved:
    """The images of a gallery nearest to each prediction.

    Attributes
    ----------
    places : np.ndarray of shape (q, k), intp
        Places in the gallery, the most similar first; -1 where there are no more.
    scores : np.ndarray of shape (q, k), float32
        Cosine similarity.
    own : np.ndarray of shape (q,), float32
        That of the image that was seen.
    rank : np.ndarray of shape (q,), float64
        Of the image that was seen among ``candidates``, 1 the most similar, ties their mean
        rank; NaN where it has no embedding, or the prediction no direction.
    candidates : int
        Images of the gallery with an embedding, and the image that was seen.
    """

    places: np.ndarray
    scores: np.ndarray
    own: np.ndarray
    rank: np.ndarray
    candidates: int

    @property
    def chance(self) -> float:
        """Expected rank in random order."""
        return (self.candidates + 1) / 2


def decode(
    run: Run,
    opened: Sequence[Dataset] = (),
    subject: str | None = None,
    progress: Progress = silent,
) -> Decoded:
    """Predict the embeddings of the images of the test set from the responses to them.

    Parameters
    ----------
    run : Run
    opened : sequence of Dataset
        The recording of every subject of the decoder, where it is open already.
    subject : str, optional
        Whose responses; those of the decoder's first subject where none is named.
    progress : callable, optional

    Raises
    ------
    InputError
        If the recording is not the one that the decoder was trained on, the decoder has no such
        subject, or no test image has a usable response.
    NotFoundError
        If the recording or the encoder is not here any more.
    """
    data = prepare(run.config, progress, opened)
    check_same(run, data)
    subjects = [ds.subject for ds in data.opened]
    if subject is not None and subject not in subjects:
        raise InputError(f"The decoder was not trained on {subject}", choices=subjects)
    number = subjects.index(subject) if subject is not None else 0
    rows = data.rows(data.fold.test, "mean", run.scaling)
    own = rows.subject == number
    if not own.any():
        raise InputError(
            f"No image of the test set has a usable response of {subjects[number]}",
            "a test set",
            "Choose a decoder with another split, or another subject.",
        )
    order = np.flatnonzero(own)[np.argsort(rows.stimulus[own], kind="stable")]
    predicted = run.predict(rows.x[order], rows.subject[order])
    return Decoded(run, data, number, rows.stimulus[order], predicted)


def retrieve(
    predicted: np.ndarray,
    seen: np.ndarray,
    parts: Sequence[retrieval.Gallery],
    k: int,
    holds_seen: bool = False,
) -> Retrieved:
    """The k images of a gallery nearest to each prediction, and the rank of the seen one.

    Parameters
    ----------
    predicted : np.ndarray of shape (q, d)
    seen : np.ndarray of shape (q, d)
        Embedding of the image seen in each response, as the encoder gives it.
    parts : sequence of retrieval.Gallery
        Which make up the gallery one after another; each with the centre of the decoder.
    k : int
    holds_seen : bool
        Whether the seen images are in the gallery: each is then ranked where it stands,
        otherwise as if it alone were added.
    """
    targets = parts[0].directions(seen)
    own = np.einsum("ij,ij->i", unit_rows(predicted), targets).astype(np.float32)
    better, equal = np.sum([retrieval.standings(predicted, seen, part) for part in parts], axis=0)
    others = np.maximum(equal - int(holds_seen), 0)
    own[better < 0] = np.nan  # that of a prediction without a direction would be 0
    rank = np.where(np.isfinite(own), 1.0 + better + others / 2.0, np.nan)
    candidates = sum(part.usable for part in parts) + int(not holds_seen)
    return Retrieved(*search_parts(predicted, parts, k, fewer=True), own, rank, candidates)


def category_hits(
    retrieved: Retrieved, categories: np.ndarray, own: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """How many of the k best images are of the category of the seen one, and by chance.

    Parameters
    ----------
    retrieved : Retrieved
    categories : np.ndarray of shape (m,), str
        Of the gallery; '' where unknown.
    own : np.ndarray of shape (q,), str
        Of the seen images.
    k : int

    Returns
    -------
    hits : np.ndarray of shape (q,), int
    expected : np.ndarray of shape (q,), float64
        The share of the category in the gallery times k, or the images that were retrieved where
        these are fewer; NaN where the category is unknown.
    """
    places = retrieved.places[:, :k]
    same = (categories[places] == own[:, None]) & (places >= 0) & (own[:, None] != "")
    names, counts = np.unique(categories, return_counts=True)
    share = dict(zip(names, counts / max(1, len(categories)), strict=True))
    expected = [share.get(name, 0.0) if name else np.nan for name in own]
    return same.sum(axis=1), (places >= 0).sum(axis=1) * np.array(expected)
