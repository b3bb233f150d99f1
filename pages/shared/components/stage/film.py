"""Rows of small images of a stage, each of which a browser gets once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent

_mount = st.components.v2.component(
    "neurogallery_film",
    html='<div class="film"></div>',
    css=(HERE / "film.css").read_text("utf-8"),
    js="\n".join((HERE / name).read_text("utf-8") for name in ("shelf.js", "film.js")),
)


@dataclass(frozen=True)
class FilmImage:
    """An image: its id in the scope, what stands below it, and the image in words."""

    id: str
    caption: str
    alt: str


@dataclass(frozen=True)
class FilmRow:
    """Images beside one another, under a label; '' for none."""

    label: str
    images: Sequence[FilmImage]


@st.fragment
def film(
    rows: Sequence[FilmRow], *, key: str, scope: str, thumbnail: Callable[[str], str], size: int
) -> None:
    """Show rows of images; the browser asks for those that it has not shown in this scope.

    Parameters
    ----------
    rows : sequence of FilmRow
    key : str
        Key of the element.
    scope : str
        As of the stage, whose thumbnails are the same.
    thumbnail : callable
        The data URI of an id, '' where there is no image.
    size : int
        Side of an image in pixels.
    """
    known = {image.id for row in rows for image in row.images}
    needed_key = f"{key}.needed"
    needed = st.session_state.get(needed_key, {})
    ids = needed.get("ids", ()) if needed.get("scope") == scope else ()

    def note() -> None:
        message = (st.session_state.get(key) or {}).get("needed")
        if isinstance(message, dict):
            st.session_state[needed_key] = message

    _mount(
        key=key,
        data={
            "rows": [vars(row) | {"images": [vars(image) for image in row.images]} for row in rows],
            "scope": scope,
            "size": size,
            "thumbnails": {name: thumbnail(name) for name in ids if name in known},
            "answered": needed.get("at", 0),
        },
        on_needed_change=note,
    )
    # Only now: where a run is stopped before, the one that follows answers.
    st.session_state.pop(needed_key, None)
