"""Zoomable dissimilarity matrix that answers clicks on cells and category strips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.figures.strips import NO_STRIPS, Strips

HERE = Path(__file__).parent
SCRIPTS = ("../canvas.js", "geometry.js", "draw.js", "text.js", "heatmap.js")

_mount = st.components.v2.component(
    "neurogallery_heatmap",
    html=(HERE / "heatmap.html").read_text("utf-8"),
    css=(HERE / "heatmap.css").read_text("utf-8"),
    js="\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS),
)


@dataclass(frozen=True)
class HeatmapEvent:
    """What the user did since the last run; positions in display order.

    Attributes
    ----------
    picked : tuple of int or None
        Row and column of the cell just picked.
    band : int or None
        Index of the category strip just picked.
    """

    picked: tuple[int, int] | None = None
    band: int | None = None


@dataclass(frozen=True)
class Matrix:
    """An ordered (n, n) matrix as images, with what is known of its rows.

    Attributes
    ----------
    n : int
        Rows of the matrix.
    overview : str
        Data URI of the coloured matrix, or of its block means where n is large.
    identity : str
        Names the matrix and its order; the zoom is kept until it changes.
    crop : mapping, optional
        ``row0``, ``column0``, ``size`` and ``image`` (data URI) of exact cells.
    crop_needed : bool
        Ask for exact cells when the zoom outgrows the overview.
    labels : sequence of str, optional
        A short text for each row; None where n is too large to send them.
    strips : Strips
        Of the categories, and those whose names are written beside them.
    pair : bool
        (i, j) and (j, i) are the same pair: mark both.
    """

    n: int
    overview: str
    identity: str = ""
    crop: Mapping[str, Any] | None = None
    crop_needed: bool = False
    labels: Sequence[str] | None = None
    strips: Strips = NO_STRIPS
    pair: bool = True


@dataclass(frozen=True)
class Legend:
    """What the colours stand for.

    Attributes
    ----------
    colours : sequence of str or str
        The steps of the scale, or a CSS gradient.
    minimum, maximum, label : str
    missing : bool
        Whether cells are missing.
    missing_colour : str, optional
    """

    colours: Sequence[str] | str
    minimum: str
    maximum: str
    label: str
    missing: bool = False
    missing_colour: str | None = None


@dataclass(frozen=True)
class Picked:
    """The picked cell; start and stop of the picked category, which gets a frame."""

    cell: tuple[int, int] | None = None
    block: tuple[int, int] | None = None


NOTHING_PICKED = Picked()


def heatmap(
    matrix: Matrix,
    *,
    key: str,
    description: str,
    legend: Legend,
    on_event: Callable[[HeatmapEvent], None],
    picked: Picked = NOTHING_PICKED,
    height: int = 640,
) -> None:
    """Show an ordered (n, n) matrix with zoom, readout and category strips.

    Parameters
    ----------
    matrix : Matrix
    key : str
        Key of the element; ``window`` reads the wanted window under it.
    description : str
        What screen readers say of the matrix.
    legend : Legend
    on_event : callable
        Told what the user did, before the run that follows.
    picked : Picked
    height : int
        Largest side of the matrix in pixels.
    """

    def report() -> None:
        state = st.session_state[key]
        cell, band = _cell(state.get("picked"), matrix.n), _band(state.get("band"), matrix)
        on_event(HeatmapEvent(cell, band))

    _mount(
        key=key,
        data={
            **_content(matrix),
            "cell": None if picked.cell is None else [int(place) for place in picked.cell],
            "block": None if picked.block is None else [int(place) for place in picked.block],
            "legend": asdict(legend),
            "description": description,
            "height": int(height),
        },
        on_picked_change=report,
        on_band_change=report,
        on_view_change=_nothing,
    )


def _content(matrix: Matrix) -> dict[str, Any]:
    return {
        "n": int(matrix.n),
        "identity": matrix.identity,
        "overview": matrix.overview,
        "crop": dict(matrix.crop) if matrix.crop else None,
        "crop_needed": matrix.crop_needed,
        "labels": None if matrix.labels is None else list(matrix.labels),
        "bands": [strip._asdict() for strip in matrix.strips.categories],
        "names": [strip._asdict() for strip in matrix.strips.named],
        "pair": matrix.pair,
    }


def window(key: str, n: int) -> tuple[int, int, int] | None:
    """The window of exact cells that the heatmap under ``key`` asks for.

    Read it before the mount, to pass its cells as ``crop`` in the same run; None
    where none is wanted or where it was asked of a matrix of another size.
    """
    return _window(_kept(key, "view"), n)


def _kept(key: str, name: str) -> Any:
    return (st.session_state.get(key) or {}).get(name)


def _nothing() -> None:
    """The window is kept by Streamlit, which asks for a callback; ``window`` reads it."""


def _integers(value: Any, count: int) -> tuple[int, ...] | None:
    if not isinstance(value, list | tuple) or len(value) != count:
        return None
    return tuple(int(part) for part in value)


def _cell(value: Any, n: int) -> tuple[int, int] | None:
    places = _integers(value, 3)
    if places is None or not all(0 <= place < n for place in places[:2]):
        return None
    return places[0], places[1]


def _band(value: Any, matrix: Matrix) -> int | None:
    places = _integers(value, 3)
    return (
        places[0] if places is not None and 0 <= places[0] < len(matrix.strips.categories) else None
    )


def _window(value: Any, n: int) -> tuple[int, int, int] | None:
    places = _integers(value, 3)
    if places is None:
        return None
    row, column, size = places
    fits = row >= 0 and column >= 0 and size > 0 and max(row, column) + size <= n
    return (row, column, size) if fits else None
