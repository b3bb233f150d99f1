"""Both hemispheres of fsaverage5, inflated or flat, coloured by one map, that answer clicks."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.cortex.fsaverage import hemispheres

HERE = Path(__file__).parent
SCRIPTS = ("../canvas.js", "surface.js", "draw.js", "cortex.js")
VIEWS = ("inflated", "flat")
# A step of colours; the last number is no value.
STEPS, NOTHING = 65_534, 65_535

_mount = st.components.v2.component(
    "neurogallery_cortex",
    html=(HERE / "cortex.html").read_text("utf-8"),
    css=(HERE / "cortex.css").read_text("utf-8"),
    js="\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS),
)


@dataclass(frozen=True)
class SurfaceMap:
    """What is shown on the cortex.

    Attributes
    ----------
    values : np.ndarray of shape (2, 10242)
        Of the left and the right hemisphere; NaN where there is none.
    ends : (float, float)
        Values at the ends of the colours, of both hemispheres.
    palette : sequence of str
        ``#rrggbb``, from the lowest to the highest value.
    label : str
        Of the values, with their unit.
    borders : np.ndarray of shape (2, 10242), uint8, optional
        Number of the ROI of each vertex, 0 in none.
    names : sequence of str
        Of the ROIs 1, 2, ...
    """

    values: np.ndarray
    ends: tuple[float, float]
    palette: Sequence[str]
    label: str
    borders: np.ndarray | None = None
    names: Sequence[str] = ()


def cortex(
    shown: SurfaceMap,
    *,
    key: str,
    description: str,
    on_pick: Callable[[int, int], None],
    picked: tuple[int, int] | None = None,
    view: str = VIEWS[0],
    height: int = 420,
) -> None:
    """Show a map on both hemispheres.

    Parameters
    ----------
    shown : SurfaceMap
    key : str
        Key of the element.
    description : str
        What screen readers say of it.
    on_pick : callable
        Told hemisphere (0 left, 1 right) and vertex that was clicked, before the next run.
    picked : (int, int), optional
        Which is marked.
    view : {'inflated', 'flat'}
    height : int
        Of the drawing in pixels, less where the column is narrower.
    """

    def follow() -> None:
        message = (st.session_state.get(key) or {}).get("message")
        if not isinstance(message, dict):
            return
        if message.get("event") == "missing":
            st.session_state.pop(_sent_key(key), None)
        elif message.get("event") == "picked":
            side, vertex = (message.get(name) for name in ("side", "vertex"))
            if side in (0, 1) and isinstance(vertex, int) and 0 <= vertex < shown.values.shape[1]:
                on_pick(side, vertex)

    borders = None if shown.borders is None else _packed(shown.borders.astype("u1"))
    _mount(
        key=key,
        data={
            "geometry": _once(key),
            "values": _packed(steps(shown.values, shown.ends)),
            "ends": [float(end) for end in shown.ends],
            "palette": list(shown.palette),
            "label": shown.label,
            "borders": borders,
            "names": list(shown.names),
            "picked": None if picked is None else list(picked),
            "view": view,
            "height": int(height),
            "description": description,
        },
        on_message_change=follow,
    )


def steps(values: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
    """Values in 65,534 steps between the ends, beyond them the ends. (2, 10242) uint16"""
    low, high = ends
    width = high - low if high > low else 1.0
    share = np.clip((values - low) / width, 0.0, 1.0)
    known = np.isfinite(values)
    return np.where(known, np.rint(np.where(known, share, 0.0) * STEPS), NOTHING).astype("<u2")


def _once(key: str) -> dict[str, Any]:
    """The geometry the first time, then its version alone; the browser asks where it lacks it."""
    content = _geometry()
    version = blake2b(content.encode(), digest_size=8).hexdigest()
    is_sent = st.session_state.get(_sent_key(key)) == version
    st.session_state[_sent_key(key)] = version
    return {"version": version, "content": None if is_sent else content}


def _sent_key(key: str) -> str:
    return f"{key}__sent"


@cache
def _geometry() -> str:
    """Both hemispheres in whole numbers, packed and in base64: some 370 kB.

    For each hemisphere the inflated places (3 of 16 bits a vertex, a hundredth of a mm), the
    flat ones (2 of 16 bits), which faces are flat (a bit each) and the depth (8 bits); before
    them the faces, which both share (3 of 16 bits).
    """
    left, right = hemispheres()
    if not np.array_equal(left.faces, right.faces):
        raise ValueError("the hemispheres of fsaverage5 have different faces")
    parts = [left.faces.astype("<u2").tobytes()]
    for side in (left, right):
        middle = (side.inflated.min(axis=0) + side.inflated.max(axis=0)) / 2
        parts.append(np.rint((side.inflated - middle) * 100).astype("<i2").tobytes())
        low, high = np.nanmin(side.flat, axis=0), np.nanmax(side.flat, axis=0)
        flat = np.nan_to_num((side.flat - (low + high) / 2) * 100)
        parts.append(np.rint(flat).astype("<i2").tobytes())
        parts.append(np.packbits(_is_flat(side), bitorder="little").tobytes())
        depth = np.clip(128 + side.depth * 64, 0, 255)
        parts.append(depth.astype("u1").tobytes())
    return _packed(np.frombuffer(b"".join(parts), dtype="u1"))


def _is_flat(side: Any) -> np.ndarray:
    """Mark the faces that the flat surface has too. (f,) bool"""
    flat = {tuple(sorted(face)) for face in side.flat_faces.tolist()}
    return np.array([tuple(sorted(face)) in flat for face in side.faces.tolist()])


def _packed(array: np.ndarray) -> str:
    """Bytes of an array, compressed, in base64."""
    return base64.b64encode(gzip.compress(array.tobytes(), 6, mtime=0)).decode("ascii")
