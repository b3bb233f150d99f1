"""Stimuli as images on a page: tiles, pairs, strips, and pages to browse and select."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.datasets import Dataset
from core.figures.images import HasImages, thumbnail
from pages.shared.components.gallery.gallery import Tile, gallery
from pages.shared.frame import selection
from pages.shared.frame.text import Markup

PAGE_SIZE = 120
THUMBNAIL, PREVIEW, TILE = 96, 224, 84
MOST_THUMBNAILS = MOST_STIMULI = 20_000

_thumbnails: dict[tuple[str, str, int], str] = {}
_stimuli: dict[tuple[str, int], dict[Any, Any]] = {}


def thumbnail_of(fingerprint: str, stimulus_id: str, size: int, ds: HasImages) -> str:
    """Thumbnail as a data URI, made once for an image and size.

    Kept here: to look 120 of them up in Streamlit's cache takes half of a page's time.
    """
    key = (fingerprint, stimulus_id, size)
    uri = _thumbnails.get(key)
    if uri is None:
        uri = _thumbnails[key] = thumbnail(ds, stimulus_id, size)
        while len(_thumbnails) > MOST_THUMBNAILS:
            _thumbnails.pop(next(iter(_thumbnails)), None)
    return uri


def uri(ds: Dataset, stimulus_id: str, size: int = THUMBNAIL) -> str:
    """Thumbnail of a stimulus as a data URI; '' where there is no image."""
    return thumbnail_of(ds.fingerprint, stimulus_id, size, ds)


def stimulus_at(ds: Dataset, row: int) -> dict[Any, Any]:
    """What is known of the stimulus in a row, looked up once: a page asks for the same again."""
    key = (ds.fingerprint, row)
    known = _stimuli.get(key)
    if known is None:
        known = _stimuli[key] = ds.stimuli.iloc[row].to_dict()
        while len(_stimuli) > MOST_STIMULI:
            _stimuli.pop(next(iter(_stimuli)), None)
    return known


def describe(stimulus: Mapping[Any, Any] | pd.Series) -> str:
    """A stimulus in words: its id and what is known of it."""
    known = dict.fromkeys([stimulus["category"], stimulus["supercategory"], *stimulus["labels"]])
    words = ", ".join(word for word in known if word)
    return f"{stimulus['id']}: {words}" if words else str(stimulus["id"])


def tiles(ds: Dataset, stimuli: pd.DataFrame, group: str | None = None) -> list[Tile]:
    """Tiles of some stimuli, grouped by a column."""
    return [
        Tile(
            id=stimulus["id"],
            image=uri(ds, stimulus["id"]),
            caption=describe(stimulus),
            group=str(stimulus[group] or "without category") if group else "",
            alt=describe(stimulus),
        )
        for stimulus in stimuli.to_dict("records")
    ]


def browse(ds: Dataset, stimuli: pd.DataFrame, key: str, group: str | None = None) -> None:
    """Selectable thumbnails, a page at a time; a click changes the shared selection."""
    pages = -(-len(stimuli) // PAGE_SIZE)
    page = 1
    if pages > 1:
        page = st.number_input(f"Page (of {pages})", 1, pages, key=f"{key}.page", width=160)
    shown = stimuli.iloc[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    chosen = set(selection.current(ds).ids)

    def change(ids: list[str]) -> None:
        elsewhere = set(selection.current(ds).ids) - set(shown["id"])
        selection.select(ds, elsewhere | set(ids))

    gallery(
        tiles(ds, shown, group),
        key=f"{key}_{page}",
        selected=chosen,
        on_change=change,
        size=TILE,
    )


def ends(values: np.ndarray, count: int, words: str) -> dict[str, list[tuple[int, str]]]:
    """The rows of the highest and of the lowest values, as ``grouped`` takes them.

    Parameters
    ----------
    values : np.ndarray of shape (n,)
        One a stimulus; those that are not finite are passed over.
    count : int
        Rows at each end.
    words : str
        Form of a value, such as 'response {:.1f} z'.
    """
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(-values[known], kind="stable")]
    both = {"Highest": order[:count], "Lowest": order[::-1][:count]}
    return {
        name: [(row, words.format(values[row])) for row in rows.tolist()]
        for name, rows in both.items()
    }


def grouped(
    ds: Dataset, groups: Mapping[str, Sequence[tuple[int, str]]], key: str, size: int = TILE
) -> None:
    """Selectable images in rows under a heading each; an image may stand in several.

    Parameters
    ----------
    ds : Dataset
    groups : mapping of str to sequence of (int, str)
        For each heading the rows of stimuli, and what is said of each beside its own words.
    key : str
        Key of the element.
    size : int
        Side of an image in pixels.
    """
    shown = []
    for group, members in groups.items():
        for row, said in members:
            stimulus = stimulus_at(ds, row)
            words, name = f"{describe(stimulus)}; {said}", str(stimulus["id"])
            shown.append(Tile(f"{group} {row}", uri(ds, name), words, group, words, name))
    names = {tile.id: tile.name for tile in shown}

    def change(ids: list[str]) -> None:
        elsewhere = set(selection.current(ds).ids) - set(names.values())
        selection.select(ds, elsewhere | {names[i] for i in ids})

    chosen = set(selection.current(ds).ids)
    marked = {tile for tile, name in names.items() if name in chosen}
    gallery(shown, key=key, selected=marked, on_change=change, size=size)


def pair(ds: Dataset, first: int, second: int, size: int = PREVIEW, brief: bool = False) -> None:
    """The two stimuli of a cell, side by side, with their words and alternative texts."""
    figures = "".join(_figure(ds, stimulus_at(ds, row), size, brief) for row in (first, second))
    st.html(Markup(f'<div class="pair">{figures}</div>'))


def pairs(ds: Dataset, rows: Sequence[tuple[int, int]], sets: Sequence[tuple[str, str]]) -> None:
    """Small pairs of images that stay together, each image with the set that it is in."""
    boxes = "".join(
        '<div style="display:flex;gap:4px">'
        + "".join(_in_set(ds, row, name) for row, name in zip(*pair, strict=True))
        + "</div>"
        for pair in zip(rows, sets, strict=True)
    )
    st.html(Markup(f'<div style="display:flex;flex-wrap:wrap;gap:16px">{boxes}</div>'))


def strip(ds: Dataset, rows: Sequence[int], size: int = 64, limit: int = 16) -> None:
    """A row of small images of one group of stimuli."""
    shown = [stimulus_at(ds, row) for row in rows[:limit]]
    figures = "".join(_thumb(ds, stimulus, size) for stimulus in shown)
    more = f"<span>and {len(rows) - limit:,} more</span>" if len(rows) > limit else ""
    row = "display:flex;flex-wrap:wrap;gap:4px;align-items:center"
    st.html(Markup(f'<div style="{row}">{figures}{more}</div>'))


def _figure(ds: Dataset, stimulus: Mapping[Any, Any], size: int, brief: bool) -> str:
    words = html.escape(describe(stimulus))
    caption = html.escape(f"{stimulus['id']} {stimulus['category']}") if brief else words
    return (
        f'<figure title="{words}" style="max-width:{size}px">'
        f"{_image(uri(ds, stimulus['id'], PREVIEW), words, stimulus['id'])}"
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _in_set(ds: Dataset, row: int, name: str) -> str:
    stimulus = stimulus_at(ds, row)
    caption = html.escape(f"{name}: {stimulus['id']}")
    return (
        f'<figure style="margin:0;width:{TILE}px">{_thumb(ds, stimulus, TILE)}'
        '<figcaption style="font-size:.75rem;overflow:hidden;text-overflow:ellipsis;'
        f'white-space:nowrap" title="{caption}">{caption}</figcaption></figure>'
    )


def _thumb(ds: Dataset, stimulus: Mapping[Any, Any], size: int) -> str:
    caption = html.escape(describe(stimulus))
    shown = _image(uri(ds, stimulus["id"]), caption, stimulus["id"])
    return f'<span title="{caption}" style="width:{size}px;display:inline-block">{shown}</span>'


def _image(uri: str, caption: str, stimulus_id: str) -> str:
    if uri:
        style = "width:100%;aspect-ratio:1;object-fit:cover;border-radius:6px;display:block"
        return f'<img src="{uri}" alt="{caption}" loading="lazy" style="{style}">'
    box = (
        "aspect-ratio:1;border:1px dashed currentColor;border-radius:6px;display:flex;"
        "align-items:center;justify-content:center;opacity:.6;font-size:.7rem;overflow:hidden;overflow-wrap:anywhere;line-height:1.1"
    )
    words = f'role="img" aria-label="no image of {caption}"'
    return f'<div {words} style="{box}">{html.escape(stimulus_id)}</div>'
