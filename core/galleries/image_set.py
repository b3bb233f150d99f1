"""What can be searched: images with ids, categories and embeddings, wherever they lie."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from core import encoders, store
from core.datasets import Dataset
from core.encoders import Encoded, EncodeRequest
from core.jobs.request import Request


class ImageSet(ABC):
    """Images to search; row i of the embeddings is image i.

    Attributes
    ----------
    id, title : str
        Id for ``open_gallery``, and what the reader calls it.
    holds_stimuli : bool
        Whether the images that a subject saw are among them.
    source : tuple of str
        ``dataset`` and ``which`` in the facts of their embeddings.
    """

    id: str
    title: str
    source: tuple[str, str] = ("", "")
    holds_stimuli: bool = False

    @property
    @abstractmethod
    def ids(self) -> Sequence[str]:
        """Id of each image. (m,)"""

    @property
    @abstractmethod
    def categories(self) -> np.ndarray:
        """Category of each image, '' where it is unknown. (m,) of str"""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Changes when an image does; names the images for caches."""

    @property
    def parts(self) -> tuple[ImageSet, ...]:
        """The sets that this one was put together from, each with embeddings of its own."""
        return (self,)

    @abstractmethod
    def image(self, name: str) -> Image.Image:
        """Image of an id, RGB.

        Raises
        ------
        NotFoundError
            If there is none.
        InputError, CorruptDataError
            If it leads outside, is too large or cannot be read.
        """

    @abstractmethod
    def encoded(self, encoder: str, **parameters: Any) -> Encoded | None:
        """Embeddings of an encoder with the images that failed, None where there are none yet."""

    def features(self, encoder: str, **parameters: Any) -> np.ndarray | None:
        """Embeddings of an encoder, None where the images were not encoded with it yet.

        Returns
        -------
        np.ndarray of shape (m, d), float32, or None
            Read-only and memory-mapped; NaN rows where an image could not be read.
        """
        encoded = self.encoded(encoder, **parameters)
        return None if encoded is None else encoded.features

    def load(self, key: str) -> Encoded | None:
        """Embeddings of a key in the store, where they are of these images."""
        return encoders.load(key)

    @abstractmethod
    def request(self, encoder: str, parameters: Mapping[str, Any]) -> Request:
        """The job that encodes them."""


def encoded_with(images: ImageSet) -> list[str]:
    """Ids of the encoders with which images were encoded, with whatever parameters."""
    facts = [entry.facts for entry in encoders.entries() if "encoder" in entry.facts]
    return sorted({f["encoder"] for f in facts if (f["dataset"], f["which"]) == images.source})


class RecordingImages(ImageSet):
    """The gallery of a recording, or its stimuli."""

    def __init__(self, name: str, title: str, ds: Dataset, which: str) -> None:
        self.id, self.title = name, title
        self._ds, self._which = ds, which
        self.source = (ds.info.name, which)
        table = ds.gallery if which == "gallery" else ds.stimuli
        self._ids: list[str] = table["id"].tolist()
        self._categories = table["category"].to_numpy(dtype=object)

    @property
    def ids(self) -> Sequence[str]:
        return self._ids

    @property
    def categories(self) -> np.ndarray:
        return self._categories

    @property
    def fingerprint(self) -> str:
        return store.fingerprint(self._ds.images_fingerprint, self._which)

    def image(self, name: str) -> Image.Image:
        return self._ds.image(name)

    def encoded(self, encoder: str, **parameters: Any) -> Encoded | None:
        chosen = encoders.get(encoder)
        precomputed = chosen.precomputed(self._ds, self._which)
        if precomputed is not None:
            facts = {"device": "precomputed"}
            return Encoded(precomputed, {}, 0.0, precomputed.nbytes, facts)
        if not chosen.info.is_here:
            return None
        return encoders.load(encoders.result_key(self._ds, encoder, self._which, **parameters))

    def request(self, encoder: str, parameters: Mapping[str, Any]) -> EncodeRequest:
        return EncodeRequest.of(self._ds, encoder, self._which, parameters)
