"""A new image or text, and the response that a model predicts to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from core import encoders, encoding
from core.datasets import Dataset
from core.encoding import EncodingFit
from core.errors import NeurogalleryError
from core.figures import encoding as figures
from pages.shared.encoding.settings import EncodingView
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import plain

BY, TEXT, IMAGE = "encoding.query", "encoding.text", "encoding.image"
WAYS = ("image", "upload", "text")
WIDTH = 200


def show(ds: Dataset, fits: Sequence[EncodingFit], view: EncodingView) -> None:
    """The response to an image of the gallery, an uploaded one or a text, over regions."""
    st.header("A new image, a predicted response")
    able = [fit for fit in fits if encoding.has_text(fit.model)]
    ways = WAYS if able else WAYS[:-1]
    if st.session_state.get(BY, ways[0]) not in ways:
        del st.session_state[BY]
    with st.container(key="encoding_new"):
        left, right = st.columns([1, 3], gap="medium")
    with left:
        way = st.segmented_control(
            "From", ways, default=ways[0], required=True, key=BY, bind="query-params"
        )
        fit = able[-1] if way == "text" else fits[-1]
        try:
            response = _response(ds, fit, way or ways[0])
        except NeurogalleryError as error:
            show_error(error)
            return
    if response is None:
        return
    with right:
        _show_response(fit, response, view)


def _show_response(fit: EncodingFit, response: np.ndarray, view: EncodingView) -> None:
    table = encoding.by_roi(fit, response)
    table = table[table["roi"].isin(view.regions)]
    show_chart(
        drawn(figures.over_regions, table),
        key="encoding_over_regions",
        alt="Predicted response over regions: "
        + ", ".join(f"{row.roi} {row.response:.2f}" for row in table.itertuples()),
    )
    st.caption(
        f"Predicted by {plain(encoding.model_label(fit.model))}; mean over the units of each "
        "region, z by the training images. A prediction is worth no more than the r of its region."
    )


def _response(ds: Dataset, fit: EncodingFit, way: str) -> np.ndarray | None:
    return {"image": _of_image, "upload": _of_upload, "text": _of_text}[way](ds, fit)


def _of_image(ds: Dataset, fit: EncodingFit) -> np.ndarray | None:
    """An image of the recording that no model was fitted to."""
    held = [str(name) for name in ds.stimuli["id"].to_numpy()[fit.test]]
    offered = [*ds.gallery["id"].astype(str), *held] if ds.images is not None else []
    if not offered:
        st.caption("The recording comes without images.")
        return None
    key = st.session_state.get(IMAGE, offered[0])
    if key not in offered:
        del st.session_state[IMAGE]
    name = st.selectbox("Image", offered, key=IMAGE, bind="query-params")
    st.image(ds.image(name), width=WIDTH, alt=f"Image {name}")
    return _predicted(f"{fit.facts['key']} {name}", fit, ds.image(name))


def _of_upload(ds: Dataset, fit: EncodingFit) -> np.ndarray | None:
    file = st.file_uploader(
        "An image of your own (at most 20 MB; it is not kept)",
        type=[name.lower() for name in (*encoders.UPLOAD_FORMATS, "JPG", "TIF")],
        key="encoding.upload",
    )
    if file is None:
        return None
    image = encoders.check_upload(file.getvalue(), file.name)
    st.image(image, width=WIDTH, caption=plain(file.name), alt="The image, uploaded")
    return fit.predict_image(image)


def _of_text(ds: Dataset, fit: EncodingFit) -> np.ndarray | None:
    text = st.text_input(
        "A text", "a red car", key=TEXT, bind="query-params", max_chars=200
    ).strip()
    if not text:
        return None
    for note in encoders.check_text([text], _encoder(fit)):
        st.warning(plain(note), icon=":material/dictionary:")
    words = [word for word in encoding.words_of(ds) if word != text]
    st.caption("Relative to the words of the recording, by the text encoder.")
    return encoding.predict_texts(fit, ds, [text, *words])[0]


def _encoder(fit: EncodingFit) -> str:
    return next(iter(fit.bands)).partition(",")[0]


@st.cache_data(max_entries=64, show_spinner="Reading the image …")
def _predicted(key: str, _fit: EncodingFit, _image: Image.Image) -> np.ndarray:
    return _fit.predict_image(_image)
