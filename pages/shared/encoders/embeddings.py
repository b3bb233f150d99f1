"""Embeddings in view: which encoder, with which settings; stored, or made by a job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from core import encoders
from core.datasets import Dataset
from core.encoders import Encoded, EncodeRequest, EncoderInfo
from core.errors import NeurogalleryError
from core.words import p_words
from pages.shared.frame import results
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import counted, plain


@dataclass(frozen=True)
class Space:
    """An encoder with its settings: the space in which images lie."""

    info: EncoderInfo
    parameters: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def reads_text(self) -> bool:
        """Whether text lies in it; a CLIP's layer before the projection holds no text."""
        return self.info.has_text and self.parameters.get("output") != "visual"

    @property
    def label(self) -> str:
        changed = {p.name: self.parameters.get(p.name, p.default) for p in self.info.parameters}
        words = [
            f"{p.label.lower()} {changed[p.name]}"
            for p in self.info.parameters
            if changed[p.name] != p.default
        ]
        return ", ".join([self.info.id, *words])


def listed(ds: Dataset) -> dict[str, EncoderInfo]:
    """Encoders by id; an address opens only these.

    Without images, only the precomputed embeddings of the recording.
    """
    infos = {info.id: info for info in encoders.available(ds)}
    if ds.images is None:
        return {name: info for name, info in infos.items() if info.kind == "precomputed"}
    return infos


def stored(ds: Dataset, space: Space, which: str) -> Encoded | None:
    """Embeddings that are there without computing; None where they are not."""
    if space.info.kind == "precomputed":
        features = encoders.encode_images(ds, space.info.id, which)
        return Encoded(features, {}, 0.0, features.nbytes, {"device": "precomputed"})
    if not space.info.is_here or len(table(ds, which)) == 0:
        return None
    return encoders.load(encoders.result_key(ds, space.info.id, which, **space.parameters))


def get(ds: Dataset, space: Space, which: str) -> Encoded | None:
    """Embeddings, or a button that computes them; then progress and cancel."""
    if space.info.kind == "precomputed" and which != "stimuli":
        st.info("These precomputed embeddings are of the stimuli only.")
        return None
    try:
        if space.info.kind == "precomputed":
            return stored(ds, space, which)
        if not space.info.is_here:
            st.caption(plain(space.info.description))
        return results.get(
            EncodeRequest.of(ds, space.info.id, which, space.parameters),
            encoders.load,
            on_click=True,
            icon=":material/memory:",
        )
    except NeurogalleryError as error:
        show_error(error)
        return None


def table(ds: Dataset, which: str) -> Any:
    """The stimuli, or the gallery."""
    return ds.stimuli if which == "stimuli" else ds.gallery


def name(ds: Dataset, space: Space, which: str) -> str:
    """Names an embedding for caches; precomputed ones follow the content of the recording."""
    if space.info.kind == "precomputed":
        return f"{ds.fingerprint} {space.info.id}"
    return encoders.result_key(ds, space.info.id, which, **space.parameters)


def describe(encoded: Encoded) -> str:
    """Size and time of embeddings in words."""
    count, dimensions = encoded.features.shape
    words = f"{count:,} × {dimensions:,} · {encoded.size / 2**20:.1f} MiB"
    if encoded.seconds:
        words += f" · computed in {encoded.seconds:.1f} s on {encoded.facts['device']}"
    return words


def tell_failures(encoded: Encoded) -> None:
    """Name the images that could not be encoded."""
    if encoded.failures:
        first, reason = next(iter(encoded.failures.items()))
        st.caption(
            f":material/warning: {counted(len(encoded.failures), 'image')} could not be encoded "
            f"and are never retrieved; the first, {plain(first)}: {plain(reason)}"
        )


def tell_notes(space: Space, text: str) -> None:
    """Say what of a text the encoder does not read, and which words it never learned."""
    for note in encoders.check_text([text], space.info.id, **space.parameters):
        st.warning(plain(note), icon=":material/dictionary:")


def tell_strength(ds: Dataset, space: Space, which: str, encoded: Encoded, best: float) -> None:
    """Whether the best match of a text is stronger than those of texts without a meaning."""
    null = _null(name(ds, space, which), encoded.features, space)
    texts, cosine, needed = len(null.best), f"{best:.2f}", f"{null.threshold:.2f}"
    if null.is_weak(best):
        st.warning(
            f"**A weak match**: perhaps no image here shows this. The best has the cosine "
            f"{cosine}; of {texts} texts of random words one in twenty reaches more than {needed} "
            f"({p_words(null.p(best))}).",
            icon=":material/search_off:",
        )
    else:
        st.caption(
            f"Best match: cosine {cosine}, stronger than 95 % of {texts} texts of random words "
            f"({needed}; {p_words(null.p(best))})."
        )


@st.cache_data(max_entries=32, show_spinner="Searching texts of random words …")
def _null(embedding: str, _features: np.ndarray, _space: Space) -> encoders.TextNull:
    return encoders.measure_null(_features, _space.info.id, **_space.parameters)


def query(space: Space, key: str, value: str | Callable[[], Image.Image]) -> np.ndarray | None:
    """Where one text or image lies in a space.

    Parameters
    ----------
    space : Space
    key : str
        Names space and query for the cache.
    value : str or callable
        A text, or what gives an image.
    """
    try:
        with st.spinner(f"{plain(space.info.label)} reads the query …", show_time=True):
            return _queried(key, space, value)
    except NeurogalleryError as error:
        show_error(error)
        return None


@st.cache_data(max_entries=256, show_spinner=False)
def _queried(key: str, _space: Space, _value: str | Callable[[], Image.Image]) -> np.ndarray:
    encoder, parameters = _space.info.id, _space.parameters
    if isinstance(_value, str):
        return encoders.encode_text([_value], encoder, **parameters)[0]
    return encoders.encode_image(_value(), encoder, **parameters)
