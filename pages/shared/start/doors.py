"""Three doors, each with images of the built-in experiment: to a matrix, a retrieval, a lesson."""

from __future__ import annotations

import html
from dataclasses import dataclass
from urllib.parse import urlencode

import streamlit as st

from core.datasets import Dataset
from pages.shared.frame import images, navigation, recording
from pages.shared.frame.address import DEFAULT
from pages.shared.rdm import matrices
from pages.shared.rdm.matrices import Source, View

WHAT = (
    "Look at images through a brain's responses: which ones it holds alike, which groups they "
    "form, and which image was seen, told from the response alone."
)
ROI, ORDER = "LOC", "category"
PAIR = ("fish-05", "fish-07")
SEEN, RETRIEVED = "giraffe-02", ("gallery-giraffe-47", "gallery-horse-20")
CLASS = ("woman-06", "old-man-05", "baby-10")
SIDE = 200


@dataclass(frozen=True)
class Door:
    """A page with settings, and what stands on its card.

    Attributes
    ----------
    label, text : str
    address : str
        Of a page with its settings.
    large : str
        Data URI of the large image.
    small : tuple of (str, str)
        Data URI and alternative text of the small ones.
    alt : str
        Of the large image.
    """

    label: str
    text: str
    address: str
    large: str
    alt: str
    small: tuple[tuple[str, str], ...]


def tell() -> None:
    """What this is, in a sentence."""
    st.title("Neurogallery", anchor=False)
    st.markdown(WHAT)


def show() -> None:
    """The doors side by side."""
    st.html(f'<div class="doors">{"".join(_card(door) for door in _doors())}</div>')


def _doors() -> tuple[Door, ...]:
    ds = recording.opened(DEFAULT, None, {})
    return (
        Door(
            "Look at a brain's similarities",
            "A cell of the matrix is two images: how alike are the responses to them?",
            f"rdm?{urlencode({'rdm.pick': PAIR}, doseq=True)}",
            matrix_image(ds.fingerprint, ds),
            f"Matrix of dissimilarities of {ROI}, in the order of categories",
            tuple(_image(ds, name) for name in PAIR),
        ),
        Door(
            "What did they see?",
            "A decoder reads one response, and finds images like the seen one among thousands.",
            f"retrieval?retrieval.response={SEEN}",
            images.uri(ds, SEEN, images.PREVIEW),
            f"Seen: {_words(ds, SEEN)}",
            tuple(_image(ds, name, "retrieved: ") for name in RETRIEVED),
        ),
        Door(
            "Teach a class",
            "Five lessons, step by step, with questions, and a code for every phone.",
            "lessons",
            images.uri(ds, CLASS[0], images.PREVIEW),
            _words(ds, CLASS[0]),
            tuple(_image(ds, name) for name in CLASS[1:]),
        ),
    )


@st.cache_resource(max_entries=2, show_spinner=False)
def matrix_image(fingerprint: str, _ds: Dataset) -> str:
    """The matrix as the page RDM draws it, small."""
    view = View("correlation", "none", ORDER, "viridis", False)
    shown = matrices.get(_ds, Source(ROI, rois=(ROI,)), view)
    if shown is None:
        return ""
    arranged = matrices.arrangement(_ds, shown, ORDER)
    (ends,) = matrices.colour_ends([shown], arranged, view, SIDE)
    return matrices.image(shown, arranged, view, SIDE, ends)


def _image(ds: Dataset, name: str, what: str = "") -> tuple[str, str]:
    return images.uri(ds, name), what + _words(ds, name)


def _words(ds: Dataset, name: str) -> str:
    if name in ds.gallery["id"].to_numpy():
        return name
    return images.describe(ds.stimuli.iloc[ds.row(name)])


def _card(door: Door) -> str:
    """Images in the shape of two to three, a sentence, and what looks like a button."""
    small = "".join(_img(uri, alt) for uri, alt in door.small)
    href = html.escape(navigation.path_to(door.address))
    return (
        f'<a class="door" href="{href}"><span class="images">{_img(door.large, door.alt)}'
        f"<span>{small}</span></span><span>{html.escape(door.text)}</span>"
        f'<span class="button main">{html.escape(door.label)}</span></a>'
    )


def _img(uri: str, alt: str) -> str:
    return f'<img src="{uri}" alt="{html.escape(alt)}">'
