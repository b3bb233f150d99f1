"""A gallery with the images that a subject saw beside it, searched as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from core import retrieval, store
from core.datasets import Dataset
from core.encoders import Encoded
from core.errors import InputError
from core.galleries.image_set import ImageSet, RecordingImages
from core.galleries.names import ChainedNames
from core.jobs.request import Request
from core.vectors import has_direction

# An image of the gallery may have the id of a stimulus.
SEEN = "seen:"


class SeenImages(RecordingImages):
    """Some stimuli of a recording; their ids begin with ``SEEN``."""

    holds_stimuli = True

    def __init__(self, ds: Dataset, rows: np.ndarray) -> None:
        super().__init__("stimuli", f"stimuli of {ds.info.title}", ds, "stimuli")
        self.rows = np.asarray(rows, dtype=np.intp)
        self._ids = [f"{SEEN}{self._ids[row]}" for row in self.rows]
        self._categories = self._categories[self.rows]

    @property
    def fingerprint(self) -> str:
        return store.fingerprint(super().fingerprint, self.rows)

    def image(self, name: str) -> Image.Image:
        return super().image(name.removeprefix(SEEN))

    def encoded(self, encoder: str, **parameters: Any) -> Encoded | None:
        whole = super().encoded(encoder, **parameters)
        if whole is None:
            return None
        features = whole.features[self.rows]
        chosen = {name.removeprefix(SEEN) for name in self._ids}
        failures = {name: why for name, why in whole.failures.items() if name in chosen}
        return Encoded(features, failures, whole.seconds, features.nbytes, whole.facts)


class JoinedImages(ImageSet):
    """A gallery, then the stimuli that were added to it; search its ``parts``."""

    holds_stimuli = True

    def __init__(self, gallery: ImageSet, seen: SeenImages) -> None:
        self.id, self.title = gallery.id, f"{gallery.title} with {len(seen.ids):,} test images"
        self._parts = (gallery, seen)
        self._seen = frozenset(seen.ids)

    @property
    def parts(self) -> tuple[ImageSet, ...]:
        return self._parts

    @property
    def ids(self) -> Sequence[str]:
        return ChainedNames([part.ids for part in self._parts])

    @property
    def categories(self) -> np.ndarray:
        return np.concatenate([part.categories for part in self._parts])

    @property
    def fingerprint(self) -> str:
        return store.fingerprint(*(part.fingerprint for part in self._parts))

    def image(self, name: str) -> Image.Image:
        return self._parts[name in self._seen].image(name)

    def encoded(self, encoder: str, **parameters: Any) -> Encoded | None:
        """Both in one array, a copy: of a large gallery take those of its parts."""
        each = [part.encoded(encoder, **parameters) for part in self._parts]
        there = [encoded for encoded in each if encoded is not None]
        if len(there) < len(each):
            return None
        features = np.concatenate([encoded.features for encoded in there])
        failures = {name: why for encoded in there for name, why in encoded.failures.items()}
        seconds = sum(encoded.seconds for encoded in there)
        return Encoded(features, failures, seconds, features.nbytes, there[0].facts)

    def request(self, encoder: str, parameters: Mapping[str, Any]) -> Request:
        """That of the part which has no embeddings yet."""
        for part in self._parts:
            if part.encoded(encoder, **parameters) is None:
                return part.request(encoder, parameters)
        return self._parts[0].request(encoder, parameters)


def with_images(gallery: ImageSet, ds: Dataset, rows: np.ndarray) -> ImageSet:
    """A gallery with stimuli of a recording added at its end; nothing large is copied.

    Parameters
    ----------
    gallery : ImageSet
        Returned as it is where it holds the stimuli already.
    ds : Dataset
    rows : int array of shape (r,)
        Rows of ``ds.stimuli``, such as those of the test set.
    """
    return gallery if gallery.holds_stimuli else JoinedImages(gallery, SeenImages(ds, rows))


def search_parts(
    queries: np.ndarray, parts: Sequence[Any], k: int, fewer: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """``retrieval.search`` of galleries that stand one after another, exact, ties in order.

    Parameters
    ----------
    queries : np.ndarray of shape (q, d)
    parts : sequence of array_like of shape (m, d), or of what ``retrieval.search`` takes
    k : int
    fewer : bool
        Where fewer than k rows have a direction, fill up with -1 and NaN, and do not raise.

    Returns
    -------
    places : np.ndarray of shape (q, k), intp
        Places in the concatenated parts, most similar first, of equals the lower place.
    scores : np.ndarray of shape (q, k), float32

    Raises
    ------
    InputError
        If k exceeds the usable rows, or shapes do not fit.
    """
    if len(parts) == 1:
        return retrieval.search(queries, parts[0], k, fewer=fewer)
    starts = np.cumsum([0, *(len(part) for part in parts)])
    each = [retrieval.search(queries, part, k, fewer=True) for part in parts]
    places = [
        np.where(row < 0, starts[-1], row + start)
        for (row, _), start in zip(each, starts[:-1], strict=True)
    ]
    place = np.concatenate(places, axis=1)
    score = np.concatenate([scores for _, scores in each], axis=1)
    # NaN is ordered last, beyond the end of every part.
    order = np.lexsort((place, -score), axis=1)[:, :k]
    place, score = (np.take_along_axis(array, order, axis=1) for array in (place, score))
    place = np.where(np.isnan(score), -1, place)
    usable = (place >= 0).sum(axis=1)
    lacking = has_direction(queries) & (usable < k)
    if lacking.any() and not fewer:
        raise InputError(
            f"k is {k}, the gallery has {usable[lacking][0]} usable rows of {starts[-1]}",
            "k of at most the usable rows",
            "Lower k, or encode the missing images.",
        )
    return place, score
