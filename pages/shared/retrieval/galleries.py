"""Which images are searched: the gallery, whether the test images are in it, its embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from core import galleries, paths
from core.datasets import Dataset
from core.errors import NeurogalleryError
from core.galleries import ImageSet
from pages.shared.frame import recording, results, widgets
from pages.shared.frame.text import counted, plain

GALLERY, ADD_TEST = "retrieval.gallery", "retrieval.add_test"


def choose(
    ds: Dataset, encoder: str, parameters: Mapping[str, Any], test: np.ndarray | None = None
) -> ImageSet | None:
    """A gallery with embeddings of an encoder; None, and what to do, while there is none.

    Parameters
    ----------
    ds : Dataset
    encoder : str
    parameters : mapping
        Of the encoder.
    test : int array, optional
        Rows of the stimuli that may be added; those of the test set that comes with the
        recording, or all of them, where none are named.
    """
    try:
        images = _chosen(ds, _test_rows(ds) if test is None else test)
        if images is None or not all(_is_there(part, encoder, parameters) for part in images.parts):
            return None
        _describe(images, encoder, parameters)
        return images
    except NeurogalleryError as error:
        st.error(plain(error), icon=":material/error:")
        return None


def _chosen(ds: Dataset, test: np.ndarray) -> ImageSet | None:
    infos = {info.id: info for info in galleries.available(ds)}
    if not infos:
        st.info(f"There is no gallery to search yet. {_how_to_add()}", icon=":material/info:")
        return None
    widgets.warn_unknown(GALLERY, infos, "There is no gallery")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Gallery",
            list(infos),
            key=GALLERY,
            bind="query-params",
            width=300,
            help=f"The images that are searched. {_how_to_add()}",
        )
        gallery = galleries.open_gallery(name, ds, _opened)
        add = st.toggle(
            "Add the test images",
            key=ADD_TEST,
            bind="query-params",
            disabled=gallery.holds_stimuli or ds.images is None,
            help="The seen image itself can be retrieved only where it is in the gallery.",
        )
    return galleries.with_images(gallery, ds, test) if add and ds.images is not None else gallery


def _is_there(images: ImageSet, encoder: str, parameters: Mapping[str, Any]) -> bool:
    """Whether images have embeddings; until then their job, or a button that starts it."""
    if images.encoded(encoder, **parameters) is not None:
        return True
    others = galleries.encoded_with(images)
    if others:
        st.caption(
            f"{plain(images.title)}: encoded with {plain(', '.join(others))} so far; this decoder "
            f"predicts embeddings of {plain(_in_words(encoder, parameters))}, and needs those."
        )
    request = images.request(encoder, parameters)
    encoded = results.get(
        request, images.load, on_click=True, icon=":material/memory:", when_changed=_forget
    )
    return encoded is not None


def _describe(images: ImageSet, encoder: str, parameters: Mapping[str, Any]) -> None:
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


def _in_words(encoder: str, parameters: Mapping[str, Any]) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in parameters.items())
    return f"{encoder} ({settings})" if settings else encoder


def _test_rows(ds: Dataset) -> np.ndarray:
    rows = np.flatnonzero(ds.stimuli["split"] == "test")
    return rows if len(rows) else np.arange(ds.n_stimuli)


def _opened(name: str) -> Dataset:
    """Another recording, its first subject, as the sidebar would open it."""
    return recording.opened(name, None, {})


def _forget() -> None:
    galleries.forget()
    recording.load.clear()


def _how_to_add() -> str:
    return (
        "To add one of your own, put its images into "
        f"`{paths.data_root() / 'galleries'}/NAME/CLASS/`, a folder for each class."
    )
