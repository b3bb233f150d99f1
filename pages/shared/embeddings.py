"""Embeddings in view: which encoder, with which settings; stored, or made by a job."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from core import encoders, jobs
from core.datasets import Dataset
from core.encoders import Encoded, EncoderInfo
from core.errors import NeurogalleryError
from pages.shared import jobs_panel, recording
from pages.shared.text import counted, plain

OPERATION = "encode"
PICTURES = {"stimuli": "stimuli", "gallery": "gallery pictures"}


@dataclass(frozen=True)
class Space:
    """An encoder with its settings: the space in which pictures lie."""

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
    """Encoders by id; only these may be asked for by an address."""
    return {info.id: info for info in encoders.available(ds)}


def space(info: EncoderInfo) -> Space:
    """Settings of an encoder, from its declared parameters."""
    values = {
        parameter.name: recording.option_widget(parameter, prefix=f"{info.id}.")
        for parameter in info.parameters
    }
    return Space(info, values)


def stored(ds: Dataset, wanted: Space, which: str) -> Encoded | None:
    """Embeddings that are there without computing; None where they are not."""
    if wanted.info.kind == "brought":
        if which != "stimuli":
            return None
        features = encoders.encode_images(ds, wanted.info.id, which)
        return Encoded(features, {}, 0.0, features.nbytes, {"device": "brought"})
    if not wanted.info.is_here or len(table(ds, which)) == 0:
        return None
    return encoders.load(encoders.result_key(ds, wanted.info.id, which, **wanted.parameters))


def get(ds: Dataset, wanted: Space, which: str) -> Encoded | None:
    """Embeddings, or a button that computes them; then progress and cancel."""
    try:
        found = stored(ds, wanted, which)
        if found is not None:
            return found
        if wanted.info.kind == "brought":
            st.info("The recording brings these embeddings of its stimuli only.")
            return None
        return _from_job(ds, wanted, which)
    except NeurogalleryError as error:
        st.error(plain(error), icon=":material/error:")
        return None


def table(ds: Dataset, which: str) -> Any:
    """The stimuli, or the gallery."""
    return ds.stimuli if which == "stimuli" else ds.gallery


def describe(found: Encoded) -> str:
    """Size and time of embeddings in words."""
    count, dimensions = found.features.shape
    words = f"{count:,} × {dimensions:,} · {found.size / 2**20:.1f} MiB"
    if found.seconds:
        words += f" · computed in {found.seconds:.1f} s on {found.facts['device']}"
    return words


def tell_failures(found: Encoded) -> None:
    """Name the pictures that could not be encoded."""
    if found.failures:
        first, reason = next(iter(found.failures.items()))
        st.caption(
            f":material/warning: {counted(len(found.failures), 'picture')} could not be encoded "
            f"and will not be found; the first, {plain(first)}: {plain(reason)}"
        )


def query(wanted: Space, value: str | Image.Image) -> np.ndarray | None:
    """Embedding of one text or picture; the encoder stays in memory for the next one."""
    try:
        with st.spinner(f"{wanted.info.label} reads the query …", show_time=True):
            if isinstance(value, str):
                return encoders.encode_text([value], wanted.info.id, **wanted.parameters)[0]
            return encoders.encode_picture(value, wanted.info.id, **wanted.parameters)
    except NeurogalleryError as error:
        st.error(plain(error), icon=":material/error:")
        return None


def _from_job(ds: Dataset, wanted: Space, which: str) -> Encoded | None:
    request = {
        "dataset": ds.info.name,
        "options": {name: list(v) if isinstance(v, tuple) else v for name, v in ds.options.items()},
        "encoder": wanted.info.id,
        "which": which,
        "parameters": wanted.parameters,
        "fingerprint": ds.pictures_fingerprint,
    }
    job = jobs.find(OPERATION, request)
    if job is not None and job.status == "done":  # its embeddings were deleted
        job.remove()
    count = len(table(ds, which))
    label = f"Encode {count:,} {PICTURES[which]} with {wanted.info.id}"
    if not wanted.info.is_here:
        st.caption(plain(wanted.info.description))
    if jobs_panel.run_here(OPERATION, request, label, on_click=True, icon=":material/memory:"):
        st.rerun()
    return None
