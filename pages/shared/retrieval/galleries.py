"""Which images are searched: the gallery, whether the test images are in it, its embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from core import galleries, paths
from core.datasets import Dataset
from core.errors import NeurogalleryError
from core.galleries import STIMULI, GalleryInfo, ImageSet
from pages.shared.frame import recording, results, widgets
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import counted, plain

GALLERY, ADD_TEST = "retrieval.gallery", "retrieval.add_test"


def choose(ds: Dataset, encoder: str, test: np.ndarray) -> ImageSet | None:
    """A gallery; None, and how to add one, where there is none.

    Parameters
    ----------
    ds : Dataset
    encoder : str
        Precomputed embeddings are of the stimuli, which then come first.
    test : int array
        Rows of the stimuli that may be added.
    """
    infos = {info.id: info for info in galleries.available(ds)}
    if not infos:
        st.info(f"There is no gallery to search yet. {_how_to_add()}", icon=":material/info:")
        return None
    if encoder.startswith("precomputed:") and STIMULI in infos:
        infos = {STIMULI: infos.pop(STIMULI), **infos}
    widgets.warn_unknown(GALLERY, infos, "There is no gallery")
    former = st.session_state.get(GALLERY)
    if former is not None and former not in infos:
        st.warning(f"The gallery {plain(former)} is gone.", icon=":material/warning:")
    name = st.selectbox(
        "Gallery",
        list(infos),
        key=GALLERY,
        bind="query-params",
        width=180,
        help="\n".join(map(_described, infos.values())) + f"\n\n{_how_to_add()}",
    )
    try:
        gallery = galleries.open_gallery(name, ds, _opened)
    except NeurogalleryError as error:
        show_error(error)
        return None
    is_added = st.session_state.get(ADD_TEST, st.query_params.get(ADD_TEST) == "true")
    if is_added and ds.images is not None:
        return galleries.with_images(gallery, ds, test)
    return gallery


def offer_test_images(ds: Dataset, gallery: ImageSet) -> None:
    """Whether the images of the test set are searched too."""
    st.toggle(
        "Add the test images",
        key=ADD_TEST,
        bind="query-params",
        disabled=gallery.parts[0].holds_stimuli or ds.images is None,
        help="The seen image itself can be retrieved only where it is in the gallery.",
    )


def is_ready(images: ImageSet, encoder: str, parameters: Mapping[str, Any]) -> bool:
    """Whether a gallery has embeddings of an encoder; until then what to do, or how far it is."""
    try:
        return all(_is_there(part, encoder, parameters) for part in images.parts)
    except NeurogalleryError as error:
        show_error(error)
        return False


def _is_there(images: ImageSet, encoder: str, parameters: Mapping[str, Any]) -> bool:
    """Whether images have embeddings; until then their job, or a button that starts it."""
    if images.encoded(encoder, **parameters) is not None:
        return True
    others = galleries.encoded_with(images)
    if encoder in others:
        st.caption(
            f"{plain(images.title)}: encoded with {plain(encoder)} before, but other images than "
            "are there now, or with other settings."
        )
    elif others:
        st.caption(
            f"{plain(images.title)}: encoded with {plain(', '.join(others))} so far; this decoder "
            f"predicts embeddings of {plain(_in_words(encoder, parameters))}, and needs those."
        )
    request = images.request(encoder, parameters)
    encoded = results.get(
        request, images.load, on_click=True, icon=":material/memory:", when_changed=galleries.forget
    )
    return encoded is not None


def describe(images: ImageSet, encoder: str, parameters: Mapping[str, Any]) -> None:
    """Whether the seen image can be retrieved, and which images cannot."""
    gallery, *added = images.parts
    words = f"{counted(len(gallery.ids), 'image')}: {plain(gallery.title)}"
    if added:
        words += (
            f", and {counted(len(added[0].ids), 'test image')}. The seen image is in the gallery "
            "and can itself be retrieved."
        )
    elif gallery.holds_stimuli:
        words += (
            ". The seen image is in the gallery and can itself be retrieved; so can the images of "
            "the training set."
        )
    else:
        words += (
            ". The seen image is not in the gallery: what is retrieved may be similar, and is "
            "never the same image."
        )
    st.caption(words)
    for part in images.parts:
        encoded = part.encoded(encoder, **parameters)
        if encoded is not None and encoded.failures:
            _list_failures(encoded.failures, encoded.facts.get("failed", len(encoded.failures)))


def _list_failures(failures: Mapping[str, str], count: int) -> None:
    with st.expander(f"{counted(count, 'image')} could not be read and cannot be retrieved"):
        st.dataframe({"Image": list(failures), "Reason": list(failures.values())}, hide_index=True)
        if len(failures) < count:
            st.caption(f"The first {len(failures):,} are listed.")


def _described(info: GalleryInfo) -> str:
    """A line of a list: what the id of a gallery stands for."""
    count = [] if info.count is None else [counted(info.count, "image")]
    about = ", ".join([*count, *filter(None, [info.note])])
    return f"- **{plain(info.id)}**: {plain(info.title)}" + (f" ({plain(about)})" if about else "")


def _in_words(encoder: str, parameters: Mapping[str, Any]) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in parameters.items())
    return f"{encoder} ({settings})" if settings else encoder


def _opened(name: str) -> Dataset:
    """Another recording, its first subject, as the sidebar would open it."""
    return recording.opened(name, None, {})


def _how_to_add() -> str:
    return (
        "To add one of your own, put its images into "
        f"`{paths.data_root() / 'galleries'}/NAME/CLASS/`, a folder for each class."
    )
