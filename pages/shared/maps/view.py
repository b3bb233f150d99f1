"""One map in view: coloured, selectable, with the neighbours of a clicked image."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import maps
from core.datasets import Dataset
from core.figures import maps as colouring
from core.figures.export import MapDrawing
from core.maps import Map
from core.words import counted
from pages.shared.components.gallery.gallery import Tile, gallery
from pages.shared.components.scatter.scatter import (
    MOST_SPRITES,
    Callbacks,
    Colours,
    Line,
    Marks,
    Points,
    Sprites,
    Tip,
    scatter,
    sprites,
)
from pages.shared.export import figures
from pages.shared.frame import images, selection
from pages.shared.frame.text import plain
from pages.shared.maps import spaces
from pages.shared.maps.spaces import MapView

POINT = selection.MAP_POINT
NEIGHBOURS, TILE = 12, 72
ATLAS_SIDE = 36
HEIGHT = 440
MOST_SELECTED = 40


def show(
    ds: Dataset,
    view: MapView,
    map_: Map,
    colours: colouring.Colouring,
    as_images: bool,
    classifier: maps.LinearClassifier | None,
    beside: DeltaGenerator | None = None,
) -> None:
    """The map with its selection and quality; beside it the neighbours of the clicked image."""
    clicked = _clicked(ds)
    near = None if clicked is None else _neighbours(ds, view, clicked)
    tip = st.session_state.get(f"maps.tip.{view.space}")
    line = _boundary(map_, classifier)
    draw = partial(drawing_of, ds, view, map_, colours, as_images, line)
    figures.add(f"map_{view.space}", f"Map of {view.space} by {view.method}", draw)
    scatter(
        Points(
            map_.coordinates,
            colours=Colours(colours.codes, colours.palette),
            atlas=_atlas(ds.fingerprint, ds) if as_images else None,
            images=as_images,
            items=ds.fingerprint,
        ),
        key=f"map_{view.space}",
        description=f"Map of {view.space} by {view.method}: "
        + counted(ds.n_stimuli, "stimulus", "stimuli"),
        marks=Marks(
            selected=_selected_rows(ds),
            numbered=() if near is None else near[0].tolist(),
            star=clicked,
            line=line,
            hovered=None if tip is None else _tip(ds, tip),
        ),
        callbacks=Callbacks(
            on_select=lambda rows: selection.select(ds, ds.stimuli["id"].iloc[rows]),
            on_click=lambda row: click(ds, row),
            on_hover=lambda row: st.session_state.update({f"maps.tip.{view.space}": row}),
        ),
        height=HEIGHT,
        name=f"{ds.info.name}_{view.space}_{view.method}",
    )
    st.caption(quality(map_))
    if classifier is not None:
        st.caption(f"Linear classifier: {colouring.described(classifier)}.")
    with beside or nullcontext():
        _show_neighbours(ds, view, clicked, near)


def drawing_of(
    ds: Dataset,
    view: MapView,
    map_: Map,
    colours: colouring.Colouring,
    as_images: bool,
    line: Line | None,
) -> MapDrawing:
    """The map as it is printed."""
    names, missing = ds.stimuli["id"].tolist(), set(ds.missing_images())
    pictured = [row for row, name in enumerate(names) if as_images and name not in missing]
    title = f"{view.space} by {view.method}: {quality(map_)}"
    ends = () if line is None else ((line.start, line.end),)
    caption = str(st.session_state.get("maps.colour", ""))
    return MapDrawing(
        map_.coordinates, colours, title, pictured, lambda row: ds.image(names[row]), caption, ends
    )


def selected(ds: Dataset) -> None:
    """The selected images."""
    rows = _selected_rows(ds)
    if len(rows):
        st.markdown(f"**Selected: {counted(len(rows), 'stimulus', 'stimuli')}**")
        images.strip(ds, rows.tolist(), size=56, limit=MOST_SELECTED)


def quality(map_: Map) -> str:
    """How far the map can be trusted, in words."""
    words = [
        f"Trustworthiness {map_.trustworthiness:.2f}",
        f"neighbourhood preservation (kNN, k = {map_.neighbours}) "
        f"{map_.neighbourhood_preservation:.0%}",
    ]
    if map_.partial:
        words.append(f"unfinished, stopped after {map_.iterations:,} iterations")
    if map_.left_out:
        words.append(
            f"{counted(map_.left_out, 'stimulus', 'stimuli')} without a usable row left out"
        )
    return " · ".join([*words, *map(plain, map_.notes)])


def is_picked(ds: Dataset) -> bool:
    """Whether a point is picked."""
    return _clicked(ds) is not None


def _clicked(ds: Dataset) -> int | None:
    point = selection.picked(ds, POINT)
    return ds.row(point[-1]) if point and ds.has_stimulus(point[-1]) else None


def click(ds: Dataset, row: int) -> None:
    """Show the neighbours of a stimulus."""
    selection.pick(ds, POINT, [ds.stimuli["id"].iloc[row]])


def _selected_rows(ds: Dataset) -> np.ndarray:
    return np.flatnonzero(ds.stimuli["id"].isin(selection.ids_of(ds)).to_numpy())


def _tip(ds: Dataset, row: int) -> Tip | None:
    if row >= ds.n_stimuli:
        return None
    stimulus = ds.stimuli.iloc[row]
    return Tip(row, images.uri(ds, stimulus["id"]), images.describe(stimulus))


@st.cache_resource(max_entries=4, show_spinner="Making the images small …")
def _atlas(fingerprint: str, _ds: Dataset) -> Sprites:
    # Spread over the list, which is often sorted by category.
    count = min(_ds.n_stimuli, MOST_SPRITES)
    rows = np.linspace(0, _ds.n_stimuli - 1, count).astype(int).tolist()
    missing = set(_ds.missing_images())
    ids = _ds.stimuli["id"].iloc[rows]
    thumbnails = [None if name in missing else _ds.image(name) for name in ids]
    return sprites(thumbnails, ATLAS_SIDE, rows)


def _boundary(map_: Map, classifier: maps.LinearClassifier | None) -> Line | None:
    if classifier is None:
        return None
    points = map_.coordinates[np.isfinite(map_.coordinates[:, 0])]
    low, high = points.min(axis=0), points.max(axis=0)
    ends = classifier.ends((float(low[0]), float(high[0])), (float(low[1]), float(high[1])))
    return None if ends is None else Line(*ends, label=f"{classifier.accuracy:.0%}")


def _neighbours(ds: Dataset, view: MapView, row: int) -> tuple[np.ndarray, np.ndarray] | None:
    space = spaces.features(ds.fingerprint, view.space, ds, view)
    if not np.isfinite(space.array[row]).any():
        return None
    return maps.neighbours(space.array, row, NEIGHBOURS, view.metric, space.is_distances)


def _show_neighbours(
    ds: Dataset, view: MapView, clicked: int | None, near: tuple[np.ndarray, np.ndarray] | None
) -> None:
    if clicked is None or near is None:
        return
    rows, distances = near
    measure = "dissimilarity" if view.is_distances else f"{view.metric} distance"
    name = ds.stimuli["id"].iloc[clicked]
    st.markdown(f"**Nearest to {plain(name)}** in the space itself ({measure})")
    gallery(
        [_tile(ds, clicked, "0: itself")]
        + [
            _tile(ds, row, f"{place}: {distance:.3g}")
            for place, (row, distance) in enumerate(zip(rows, distances, strict=True), 1)
        ],
        key=f"near_{view.space}",
        selected=(),
        on_change=lambda ids: click(ds, ds.row(ids[0])) if ids else None,
        size=TILE,
        show_captions=True,
    )


def _tile(ds: Dataset, row: int, caption: str) -> Tile:
    stimulus: pd.Series = ds.stimuli.iloc[row]
    words = f"{images.describe(stimulus)}, {caption}"
    return Tile(stimulus["id"], images.uri(ds, stimulus["id"]), caption, "", words)
