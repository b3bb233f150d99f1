"""The textual modality of a decoder: what is said of each image, as an encoder reads it."""

from __future__ import annotations

from typing import Any

import numpy as np

from core import encoders
from core.datasets import Dataset
from core.decoders.config import Config
from core.errors import InputError
from core.splits.pool import texts

CAPTION = "caption"
WITHOUT = "Train with features=V, or name others by text=, such as precomputed:GPTNeo."


def textual_features(config: Config, ds: Dataset) -> np.ndarray:
    """Textual features of every stimulus, NaN where it has none. (n, t) float32

    Those that come with the recording are taken as they are; else the text of an image is its
    caption, where the stimuli have such a column, or the prompt with its category.

    Returns
    -------
    np.ndarray of shape (n, t), float32
        t is 0 where the head asks for no text.

    Raises
    ------
    InputError
        If the encoder reads no text, no image has any, or all have the same.
    NotFoundError
        If the recording has no such features.
    """
    name = config.text_encoder
    if name is None:
        return np.empty((len(ds.stimuli), 0), dtype=np.float32)
    own = name == config.encoder
    encoder = encoders.get(name)
    precomputed = None if own else encoder.precomputed(ds, "stimuli")
    if precomputed is not None:
        features = np.asarray(precomputed, dtype=np.float32)
    elif encoder.info.has_text:
        values = config.encoder_parameters if own else {}
        features = _read(texts_of(ds), name, dict(values))
    else:
        brought = [f"precomputed:{each}" for each in ds.embeddings]
        raise InputError(
            f"{name} reads no text",
            "an encoder that does, or features that come with the recording",
            WITHOUT,
            choices=[each for each in brought if each != name],
        )
    _check(features, name)
    return features


def texts_of(ds: Dataset) -> np.ndarray:
    """Caption of each stimulus, else the prompt with its category, else ''. (n,) object"""
    named = texts(ds.stimuli, "category")
    prompted = np.array([*encoders.prompts(named)], dtype=object)
    said = np.where(named == "", "", prompted)
    if CAPTION not in ds.stimuli:
        return said
    captions = texts(ds.stimuli, CAPTION)
    return np.where(captions == "", said, captions)


def _read(said: np.ndarray, encoder: str, values: dict[str, Any]) -> np.ndarray:
    """Each text is read once. (n, t)"""
    wordings, number = np.unique(said.astype(str), return_inverse=True)
    read = np.flatnonzero(wordings != "")
    if len(read) == 0:
        raise InputError(
            "No image has a caption or a category to read", "a text for some images", WITHOUT
        )
    features = encoders.encode_text(wordings[read].tolist(), encoder, **values)
    every = np.full((len(wordings), features.shape[1]), np.nan, dtype=np.float32)
    every[read] = features
    return every[number]


def _check(features: np.ndarray, name: str) -> None:
    there = features[np.isfinite(features).all(axis=1)]
    if len(there) == 0:
        raise InputError(f"No image has textual features of {name}", "some", WITHOUT)
    if (there == there[0]).all():
        raise InputError(
            f"The textual features of {name} are the same for all images",
            "images of two categories or more, or captions that differ",
            WITHOUT,
        )
