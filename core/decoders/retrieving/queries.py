"""The other way round: an image or a text, and the measured responses that are nearest to it.

A query is a direction in the space of the decoder's targets. Two ways lead to responses: decoding
takes each measured response into that space, and encoding predicts the response to the query by a
ridge regression from embeddings to responses, fitted on the training set alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core import encoders, retrieval, ridge
from core.decoders.retrieving.decoded import Decoded
from core.decoders.training.batches import targets_of
from core.decoders.training.data import rows_of
from core.errors import InputError
from core.vectors import has_direction, unit_rows

WAYS = ("decoding", "encoding")


@dataclass(frozen=True, eq=False)
class Profile:
    """The response of regions to a query, in standard deviations of a unit.

    Attributes
    ----------
    names : tuple of str
        Of the regions.
    predicted : np.ndarray of shape (regions,)
        Mean over the units of a region.
    r : np.ndarray of shape (regions,)
        Correlation over test images of predicted and measured means of a region: how far the
        prediction can be trusted. NaN where a region does not vary.
    """

    names: tuple[str, ...]
    predicted: np.ndarray
    r: np.ndarray


class ResponseModel:
    """Ridge regression from embeddings to the responses of one subject.

    Parameters
    ----------
    decoded : Decoded
        Its units, training set and scaling are taken.

    Raises
    ------
    InputError
        If fewer than three training images have both a response and an embedding.

    Source: Hoerl & Kennard (1970); alpha by leave-one-out, see :func:`core.ridge.fit`.
    """

    def __init__(self, decoded: Decoded) -> None:
        self.decoded = decoded
        x, y = self._rows(decoded.data.fold.train)
        if len(x) < 3:
            raise InputError(
                f"{len(x)} training images have both a response and an embedding", "at least three"
            )
        self.ridge = ridge.fit(x, y)

    def predict(self, query: np.ndarray) -> np.ndarray:
        """Response to a direction of the space. (d,) -> (units,) float32, standardised."""
        return np.asarray(self.ridge.predict(unit_rows(query[None]))[0])

    def profile(self, query: np.ndarray) -> Profile:
        """Predicted response of each region to a direction of the space."""
        return Profile(
            tuple(self.regions), self._means(self.predict(query)[None])[0], self._reliability
        )

    def measured(self, place: int) -> np.ndarray:
        """Measured mean of each region in the response at a place of ``decoded``. (regions,)"""
        return np.asarray(self._means(self.test[place][None])[0])

    @cached_property
    def test(self) -> np.ndarray:
        """Measured responses to the test images of ``decoded``. (q, units) float32"""
        return self._responses(self.decoded.stimulus)[0]

    @cached_property
    def regions(self) -> dict[str, np.ndarray]:
        """Places of the units of each region among the units of the decoder."""
        ds, layout, number = self.decoded.ds, self.decoded.data.layout, self.decoded.subject
        deviation = self.decoded.run.scaling.deviation[number, layout.columns[number]]
        used = np.flatnonzero(np.isfinite(deviation))
        place = {layout.units[number][at]: at for at in used}
        inside = {name: [place[u] for u in ds.rois[name] if u in place] for name in ds.regions}
        return {name: np.array(units) for name, units in inside.items() if units}

    @cached_property
    def _reliability(self) -> np.ndarray:
        x, y = self._rows(self.decoded.data.fold.test)
        predicted, measured = self._means(self.ridge.predict(x)), self._means(y)
        predicted, measured = predicted - predicted.mean(axis=0), measured - measured.mean(axis=0)
        lengths = np.sqrt((predicted**2).sum(axis=0) * (measured**2).sum(axis=0))
        return np.asarray(
            (predicted * measured).sum(axis=0) / np.where(lengths > 0, lengths, np.nan)
        )

    def _rows(self, stimuli: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Embeddings and responses of the stimuli that have both."""
        y, stimulus = self._responses(stimuli)
        x = targets_of(self.decoded.data.embeddings[stimulus], self.decoded.run.centre)
        usable = has_direction(x)
        return x[usable], y[usable]

    def _responses(self, stimuli: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        decoded, data = self.decoded, self.decoded.data
        rows = rows_of(decoded.ds, decoded.subject, data.layout, decoded.run.scaling, stimuli)
        return rows.x[:, data.layout.columns[decoded.subject]], rows.stimulus

    def _means(self, responses: np.ndarray) -> np.ndarray:
        means = [responses[:, units].mean(axis=1) for units in self.regions.values()]
        return np.stack(means, axis=1) if means else np.empty((len(responses), 0))


def image_query(decoded: Decoded, embedding: np.ndarray) -> np.ndarray:
    """Direction of an image in the space of the targets. (d,) -> (d,) float32

    Raises
    ------
    InputError
        If the embedding has no direction, or other dimensions.
    """
    return np.asarray(targets_of(_row(decoded, embedding), decoded.run.centre)[0])


def text_query(decoded: Decoded, embedding: np.ndarray) -> np.ndarray:
    """Direction of a text in the space of the targets. (d,) -> (d,) float32

    Texts lie apart from images in a CLIP's space; as in zero-shot classification by names, a
    text is seen from the mean of the names of the categories, or, where fewer than two are
    known, from that of the training images.

    Raises
    ------
    InputError
        As ``image_query``.
    """
    names, config = decoded.data.names, decoded.run.config
    if len(names) < 2:
        return image_query(decoded, embedding)
    texts = encoders.prompts(names)
    rows = encoders.encode_text(texts, config.encoder, **config.encoder_parameters)
    centre = unit_rows(rows).mean(axis=0)
    return np.asarray(unit_rows(unit_rows(_row(decoded, embedding)) - centre)[0])


def nearest_by_decoding(
    decoded: Decoded, query: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Responses of the test set whose prediction is nearest: places (k,) and cosines (k,)."""
    places, scores = retrieval.search(query[None], decoded.predicted, k, fewer=True)
    return places[0][places[0] >= 0], scores[0][places[0] >= 0]


def nearest_by_encoding(
    model: ResponseModel, query: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Responses of the test set most correlated with the predicted: places (k,) and r (k,)."""
    pattern = model.predict(query)
    measured = model.test - model.test.mean(axis=1, keepdims=True)
    places, scores = retrieval.search((pattern - pattern.mean())[None], measured, k, fewer=True)
    return places[0][places[0] >= 0], scores[0][places[0] >= 0]


def _row(decoded: Decoded, embedding: np.ndarray) -> np.ndarray:
    dimensions = decoded.data.embeddings.shape[1]
    if np.shape(embedding) != (dimensions,):
        raise InputError(
            f"The query has the shape {np.shape(embedding)}", f"an embedding ({dimensions},)"
        )
    row = np.asarray(embedding)[None]
    if not has_direction(row)[0]:
        raise InputError("The query has no direction", "finite numbers that are not all zero")
    return row
