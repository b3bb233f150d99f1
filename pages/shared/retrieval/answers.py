"""What decoders make of the responses of the test set, computed once and shared by the sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import decoders, retrieval
from core.datasets import Dataset
from core.decoders import Run
from core.decoders.retrieving.decoded import Decoded, Retrieved, category_hits, decode, retrieve
from core.decoders.retrieving.queries import ResponseModel
from core.decoders.retrieving.repeats import Repeats, RepeatScore, decode_repeats, score_repeats
from core.decoders.retrieving.training_images import Nearest, Relation, nearest_training, relate
from core.galleries import ImageSet
from pages.shared.frame import recording

KEPT, SHOWN = 50, 10
# Of a search on one core of 2024: two products a pass, for the nearest and for the ranks.
PRODUCTS_A_SECOND = 1.5e10


@dataclass(frozen=True, eq=False)
class Answer:
    """A decoder, what it predicts, and the images of a gallery nearest to that.

    Attributes
    ----------
    key : str
        Names decoder, recording, subject and gallery for caches.
    name : str
        Of the decoder, short.
    decoded : Decoded
    images : ImageSet
        The gallery.
    parts : tuple of retrieval.Gallery
        Of the gallery, and of the test images where these were added to it.
    retrieved : Retrieved
    hits, expected : np.ndarray of shape (q,)
        Images of the right category among the ten nearest, and by chance.
    """

    key: str
    name: str
    decoded: Decoded
    images: ImageSet
    parts: tuple[retrieval.Gallery, ...]
    retrieved: Retrieved
    hits: np.ndarray
    expected: np.ndarray

    @property
    def own_categories(self) -> np.ndarray:
        """Of the seen images; '' where unknown."""
        return category_of(self.decoded)


def rank_in_words(rank: float) -> str:
    """A rank, which ties may halve, for the reader; '–' where there is none."""
    if np.isnan(rank):
        return "–"
    return f"{rank:,.1f}" if rank < 100 and rank % 1 else f"{rank:,.0f}"


def category_of(decoded: Decoded) -> np.ndarray:
    """Category of the image seen in each response, '' where unknown."""
    data = decoded.data
    return np.array([*data.names, ""])[data.category[decoded.stimulus]]


def answer(ds: Dataset, run: Run, images: ImageSet) -> Answer | None:
    """What a decoder retrieves from a gallery; None until the gallery is encoded."""
    decoded, config = decoded_of(ds, run), run.config
    encoded = [part.features(config.encoder, **config.encoder_parameters) for part in images.parts]
    features = [rows for rows in encoded if rows is not None]
    if len(features) < len(images.parts):
        return None
    key = f"{_name(run)} {ds.fingerprint} {images.fingerprint}"
    return _answer(key, decoded, features, images)


@st.cache_resource(max_entries=8, show_spinner="Searching the gallery …")
def _answer(
    key: str, _decoded: Decoded, _features: Sequence[np.ndarray], _images: ImageSet
) -> Answer:
    run = _decoded.run
    parts = tuple(retrieval.Gallery(rows, centre=run.centre) for rows in _features)
    retrieved = retrieve(
        _decoded.predicted, _decoded.seen, parts, KEPT, holds_seen=_images.holds_stimuli
    )
    hits, expected = category_hits(retrieved, _images.categories, category_of(_decoded), SHOWN)
    name = decoders.short_name(run.key, run.config.head)
    return Answer(key, name, _decoded, _images, parts, retrieved, hits, expected)


def seconds_of(decoded: Decoded, images: ImageSet) -> float:
    """About how long it takes to search a gallery for every response of the test set."""
    responses, dimensions = decoded.predicted.shape
    return responses * len(images.ids) * dimensions / PRODUCTS_A_SECOND


def decoded_of(ds: Dataset, run: Run) -> Decoded:
    """Predictions of a decoder for the subject in view."""
    return _decoded(_name(run), ds.fingerprint, run, ds)


def _name(run: Run) -> str:
    """Names a decoder for caches: one that goes on training keeps its key."""
    return f"{run.key} {run.digest}"


@st.cache_resource(max_entries=8, show_spinner="Decoding the test set …")
def _decoded(key: str, fingerprint: str, _run: Run, _ds: Dataset) -> Decoded:
    opened = [recording.other_subject(_ds, name) for name in _run.config.subjects]
    return decode(_run, opened, _ds.subject)


def _named(decoded: Decoded) -> str:
    return f"{_name(decoded.run)} {decoded.ds.fingerprint}"


@st.cache_resource(
    max_entries=8, show_spinner="Predicting responses …", hash_funcs={Decoded: _named}
)
def response_model(decoded: Decoded) -> ResponseModel:
    """The regression from embeddings to responses of a decoder's training set."""
    return ResponseModel(decoded)


@st.cache_resource(
    max_entries=8, show_spinner="Decoding single trials …", hash_funcs={Decoded: _named}
)
def repeats_of(decoded: Decoded) -> tuple[Repeats, Sequence[RepeatScore]]:
    """Predictions from single trials and their averages, and how these score."""
    repeats = decode_repeats(decoded)
    return repeats, score_repeats(decoded, repeats)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={Decoded: _named})
def nearest_training_of(decoded: Decoded) -> Nearest:
    """The three training images nearest to each seen one."""
    return nearest_training(decoded)


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs={Answer: lambda answer: answer.key})
def relation_of(answer: Answer) -> Relation:
    """How similarity to the training set and rank go together."""
    nearest = nearest_training_of(answer.decoded)
    return relate(answer.decoded, nearest.similarity[:, 0], answer.retrieved.rank)
