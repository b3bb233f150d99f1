"""Zoomable dissimilarity matrix that answers clicks on cells and category strips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent
SCRIPTS = ("geometry.js", "draw.js", "text.js", "heatmap.js")

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


def heatmap(
    *,
    key: str,
    n: int,
    overview: str,
    identity: str = "",
    crop: Mapping[str, Any] | None = None,
    crop_needed: bool = False,
    labels: Sequence[str] | None = None,
    bands: Sequence[Mapping[str, Any]] = (),
    cell: tuple[int, int] | None = None,
    block: tuple[int, int] | None = None,
    legend: Mapping[str, Any],
    description: str,
    on_event: Callable[[HeatmapEvent], None],
    pair: bool = True,
    height: int = 640,
) -> None:
    """Show an ordered (n, n) matrix with zoom, readout and category strips.

    Parameters
    ----------
    key : str
        Key of the element; ``window`` reads the wanted window under it.
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
    bands : sequence of mappings
        ``start``, ``stop``, ``label`` and ``colour`` of the category blocks.
    cell : tuple of int, optional
        The picked cell.
    block : tuple of int, optional
        Start and stop of the picked category, which gets a frame.
    legend : mapping
        ``colours`` (list or CSS gradient), ``minimum``, ``maximum``, ``label``,
        ``missing`` (whether cells are missing), optional ``missing_colour``.
    description : str
        What screen readers say of the matrix.
    on_event : callable
        Told what the user did, before the run that follows.
    pair : bool
        (i, j) and (j, i) are the same pair: mark both.
    height : int
        Largest side of the matrix in pixels.
    """

    def tell() -> None:
        told = st.session_state[key]
        on_event(HeatmapEvent(_cell(told.get("picked"), n), _band(told.get("band"), len(bands))))

    _mount(
        key=key,
        data={
            "n": int(n),
            "identity": identity,
            "overview": overview,
            "crop": dict(crop) if crop else None,
            "crop_needed": crop_needed,
            "labels": None if labels is None else list(labels),
            "bands": [dict(band) for band in bands],
            "cell": None if cell is None else [int(place) for place in cell],
            "block": None if block is None else [int(place) for place in block],
            "legend": dict(legend),
            "description": description,
            "pair": pair,
            "height": int(height),
        },
        on_picked_change=tell,
        on_band_change=tell,
        on_view_change=_nothing,
    )


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
    found = _integers(value, 3)
    if found is None or not all(0 <= place < n for place in found[:2]):
        return None
    return found[0], found[1]


def _band(value: Any, count: int) -> int | None:
    found = _integers(value, 3)
    return found[0] if found is not None and 0 <= found[0] < count else None


def _window(value: Any, n: int) -> tuple[int, int, int] | None:
    found = _integers(value, 3)
    if found is None:
        return None
    row, column, size = found
    fits = row >= 0 and column >= 0 and size > 0 and max(row, column) + size <= n
    return (row, column, size) if fits else None
