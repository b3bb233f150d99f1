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
from pages.shared.frame import recording, results, widgets
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
    """Encoders by id; only these may be asked for by an address.

    Without images, only the precomputed embeddings of the recording.
    """
    infos = {info.id: info for info in encoders.available(ds)}
    if ds.images is None:
        return {name: info for name, info in infos.items() if info.kind == "precomputed"}
    return infos


def space(info: EncoderInfo, prefix: str) -> Space:
    """Settings of an encoder, from its declared parameters."""
    for parameter in info.parameters:
        widgets.warn_of_option(parameter, prefix + parameter.name)
    values = {
        parameter.name: widgets.option_widget(parameter, prefix=prefix)
        for parameter in info.parameters
    }
    return Space(info, values)


def stored(ds: Dataset, wanted: Space, which: str) -> Encoded | None:
    """Embeddings that are there without computing; None where they are not."""
    if wanted.info.kind == "precomputed":
        features = encoders.encode_images(ds, wanted.info.id, which)
        return Encoded(features, {}, 0.0, features.nbytes, {"device": "precomputed"})
    if not wanted.info.is_here or len(table(ds, which)) == 0:
        return None
    return encoders.load(encoders.result_key(ds, wanted.info.id, which, **wanted.parameters))


def get(ds: Dataset, wanted: Space, which: str) -> Encoded | None:
    """Embeddings, or a button that computes them; then progress and cancel."""
    if wanted.info.kind == "precomputed" and which != "stimuli":
        st.info("These precomputed embeddings are of the stimuli only.")
        return None
    try:
        if wanted.info.kind == "precomputed":
            return stored(ds, wanted, which)
        if not wanted.info.is_here:
            st.caption(plain(wanted.info.description))
        return results.get(
            EncodeRequest.of(ds, wanted.info.id, which, wanted.parameters),
            encoders.load,
            on_click=True,
            icon=":material/memory:",
            when_changed=recording.load.clear,
        )
    except NeurogalleryError as error:
        st.error(plain(error), icon=":material/error:")
        return None


def table(ds: Dataset, which: str) -> Any:
    """The stimuli, or the gallery."""
    return ds.stimuli if which == "stimuli" else ds.gallery


def name(ds: Dataset, wanted: Space, which: str) -> str:
    """Names an embedding for caches; precomputed ones follow the content of the recording."""
    if wanted.info.kind == "precomputed":
        return f"{ds.fingerprint} {wanted.info.id}"
    return encoders.result_key(ds, wanted.info.id, which, **wanted.parameters)


def describe(found: Encoded) -> str:
    """Size and time of embeddings in words."""
    count, dimensions = found.features.shape
    words = f"{count:,} × {dimensions:,} · {found.size / 2**20:.1f} MiB"
    if found.seconds:
        words += f" · computed in {found.seconds:.1f} s on {found.facts['device']}"
    return words


def tell_failures(found: Encoded) -> None:
    """Name the images that could not be encoded."""
    if found.failures:
        first, reason = next(iter(found.failures.items()))
        st.caption(
            f":material/warning: {counted(len(found.failures), 'image')} could not be encoded "
            f"and will not be found; the first, {plain(first)}: {plain(reason)}"
        )


def query(wanted: Space, found: str, value: str | Callable[[], Image.Image]) -> np.ndarray | None:
    """Where one text or image lies in a space.

    Parameters
    ----------
    wanted : Space
    found : str
        Names space and query for the cache.
    value : str or callable
        A text, or what gives an image.
    """
    try:
        with st.spinner(f"{plain(wanted.info.label)} reads the query …", show_time=True):
            return _queried(found, wanted, value)
    except NeurogalleryError as error:
        st.error(plain(error), icon=":material/error:")
        return None


@st.cache_data(max_entries=256, show_spinner=False)
def _queried(found: str, _wanted: Space, _value: str | Callable[[], Image.Image]) -> np.ndarray:
    encoder, parameters = _wanted.info.id, _wanted.parameters
    if isinstance(_value, str):
        return encoders.encode_text([_value], encoder, **parameters)[0]
    return encoders.encode_image(_value(), encoder, **parameters)
