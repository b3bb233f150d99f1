"""Zoomable 2-D map of up to 30,000 points, drawn with WebGL, with box and lasso selection."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image, ImageOps

from core.errors import InputError

HERE = Path(__file__).parent
SCRIPTS = (
    "../canvas.js",
    "data.js",
    "view.js",
    "points.js",
    "draw.js",
    "text.js",
    "input.js",
    "scatter.js",
)
MISSING_COLOUR = "#8c959d"
MOST_SPRITES = 1500
# An atlas of so many bytes and the points of a map of 100,000 stimuli are sent within 2 MiB.
ATLAS_BYTES, QUALITIES = 900_000, (85, 70, 50, 30)
# More points are sent in steps of a 65,535th of the map, which takes half the bytes.
MOST_UNPACKED, UNPLACED = 20_000, 65_535
ATLAS_COLUMNS = 40
# Fewer than the browser keeps (STORED in data.js) for each of several maps.
REMEMBERED = 16

_mount = st.components.v2.component(
    "neurogallery_scatter",
    html=(HERE / "scatter.html").read_text("utf-8"),
    css=(HERE / "scatter.css").read_text("utf-8"),
    js="\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS),
)


@dataclass(frozen=True)
class Colours:
    """Colour of every point.

    Attributes
    ----------
    codes : array_like of int, shape (n,)
        Index into ``palette``; below 0 where the value is missing.
    palette : sequence of str
        ``#rrggbb``, or ``#rrggbbaa`` where the points of a colour are to be fainter. One
        entry a category, or the (up to 256) steps of a colour scale.
    missing : str
        Colour of the points without a value.
    """

    codes: np.ndarray | Sequence[int]
    palette: Sequence[str]
    missing: str = MISSING_COLOUR


@dataclass(frozen=True)
class Sprites:
    """Small images side by side in one image, drawn at their points.

    Attributes
    ----------
    image : str
        Data URI of the atlas; tiles run along its rows.
    side : int
        Side of a tile in pixels.
    columns : int
        Tiles in a row of the atlas.
    rows : tuple of int
        The point of each tile; where images overlap, earlier ones are kept.
    """

    image: str
    side: int
    columns: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Line:
    """A segment across the map, in its coordinates, and what is written on it."""

    start: tuple[float, float]
    end: tuple[float, float]
    label: str = ""


@dataclass(frozen=True)
class Tip:
    """What the tooltip of one point shows; ``image`` is a data URI or ''."""

    row: int
    image: str
    text: str


@dataclass(frozen=True)
class Points:
    """What a map shows, row by row. It is sent when it changes.

    Attributes
    ----------
    coordinates : np.ndarray of shape (n, 2)
        With equal axes, y upwards; rows that are not finite are not drawn.
    colours : Colours, optional
        Colour of every point; one colour for all by default.
    labels : sequence of str, optional
        The tooltip of every point. None where they are asked for, see ``Callbacks``.
    thumbnails : mapping of int to str, optional
        Data URIs of some points' images, for the tooltip.
    atlas : Sprites, optional
        Images for points, from ``sprites``.
    images : bool
        Draw the images of ``atlas`` as points.
    size : float, optional
        Diameter of a point in pixels; by default it follows from n.
    identity : str
        Names the map; the zoom is kept until it changes. By default it changes with the
        coordinates.
    items : str
        Names what the rows are; answers of ``on_hover`` are kept until it changes. By
        default it changes with the coordinates.
    """

    coordinates: np.ndarray
    colours: Colours | None = None
    labels: Sequence[str] | None = None
    thumbnails: Mapping[int, str] | None = None
    atlas: Sprites | None = None
    images: bool = True
    size: float | None = None
    identity: str = ""
    items: str = ""


@dataclass(frozen=True)
class Marks:
    """What is marked on a map.

    Attributes
    ----------
    selected : collection of int
        Rows that are selected now; others than those of the map are ignored.
    numbered : sequence of int
        Rows that get the numbers 1, 2, ... in this order, e.g. nearest neighbours.
    star : int, optional
        The row that gets a star, e.g. the one whose neighbours are numbered.
    line : Line, optional
        A segment drawn across the map.
    hovered : Tip, optional
        Answer to the row told last to ``on_hover``; the browser keeps the answers.
    """

    selected: Collection[int] | np.ndarray = ()
    numbered: Sequence[int] = ()
    star: int | None = None
    line: Line | None = None
    hovered: Tip | None = None


@dataclass(frozen=True)
class Callbacks:
    """Who is told what the user does, before the run that follows.

    Attributes
    ----------
    on_select : callable, optional
        Told all selected rows, in order, when the user has changed them; without it
        nothing can be selected.
    on_click : callable, optional
        Told the row of a point that was clicked.
    on_hover : callable, optional
        Told the row under the pointer, once, where its label or thumbnail is unknown.
    """

    on_select: Callable[[list[int]], None] | None = None
    on_click: Callable[[int], None] | None = None
    on_hover: Callable[[int], None] | None = None


UNMARKED, SILENT = Marks(), Callbacks()


def scatter(
    points: Points,
    *,
    key: str,
    description: str,
    marks: Marks = UNMARKED,
    callbacks: Callbacks = SILENT,
    height: int = 520,
    name: str = "map",
) -> None:
    """Show points that can be hovered, clicked and selected.

    A new selection or colouring keeps zoom and mode. Row i is point i in everything that
    is passed to the map and told by it.

    Parameters
    ----------
    points : Points
    key : str
        Key of the element.
    description : str
        What screen readers say of the map.
    marks : Marks
    callbacks : Callbacks
    height : int
        Height of the map in pixels, less where the column is narrower.
    name : str
        Name of the exported image, without ending.

    Raises
    ------
    InputError
        If coordinates, colours or labels do not fit together.
    """
    places = _checked(points.coordinates)
    n = len(places)

    def follow() -> None:
        for message in (st.session_state.get(key) or {}).get("messages") or ():
            if message["serial"] > st.session_state.get(_serial_key(key), 0):
                st.session_state[_serial_key(key)] = message["serial"]
                _act(key, callbacks, message, n)

    _mount(
        key=key,
        data={
            **_content(key, places, points),
            **_marked(marks, n),
            "height": int(height),
            "name": name,
            "description": description,
            "selectable": callbacks.on_select is not None,
            "asks": callbacks.on_hover is not None,
            "clickable": callbacks.on_click is not None,
            "serial": st.session_state.get(_serial_key(key), 0),
        },
        on_messages_change=follow,
    )


def _act(key: str, callbacks: Callbacks, message: Mapping[str, Any], n: int) -> None:
    row = _rows([message.get("row")], n)
    match message["event"]:
        case "missing":
            st.session_state.pop(_sent_key(key), None)
        case "selected" if callbacks.on_select is not None:
            callbacks.on_select(_rows(message.get("rows"), n))
        case "clicked" if callbacks.on_click is not None and row:
            callbacks.on_click(row[0])
        case "hover" if callbacks.on_hover is not None and row:
            callbacks.on_hover(row[0])


def sprites(
    images: Sequence[Image.Image | None], side: int = 32, rows: Sequence[int] | None = None
) -> Sprites:
    """Put images into one atlas, cut to squares.

    Parameters
    ----------
    images : sequence of PIL.Image.Image or None
        One a point, or one for each of ``rows``; None where there is no image.
    side : int
        Side of a tile in pixels.
    rows : sequence of int, optional
        The points of the images; 0, 1, ... by default.

    Returns
    -------
    Sprites

    Raises
    ------
    InputError
        If there are more than 1,500 images, or rows and images differ in number.
    """
    places = range(len(images)) if rows is None else rows
    if len(places) != len(images):
        raise InputError(f"{len(images)} images for {len(places)} rows", "one for each row")
    present = [
        (int(row), image) for row, image in zip(places, images, strict=True) if image is not None
    ]
    if len(present) > MOST_SPRITES:
        raise InputError(
            f"{len(present):,} images", f"at most {MOST_SPRITES:,}", "Show images for a sample."
        )
    columns = max(1, min(ATLAS_COLUMNS, len(present)))
    lines = max(1, -(-len(present) // columns))
    atlas = Image.new("RGB", (columns * side, lines * side), "white")
    for place, (_, image) in enumerate(present):
        atlas.paste(_tile(image, side), (place % columns * side, place // columns * side))
    return Sprites(_jpeg(atlas), side, columns, tuple(row for row, _ in present))


def _tile(image: Image.Image, side: int) -> Image.Image:
    if image.mode != "RGB":
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return ImageOps.fit(image, (side, side), Image.Resampling.BILINEAR)


def _jpeg(image: Image.Image) -> str:
    for quality in QUALITIES:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, subsampling=0)
        if file.tell() <= ATLAS_BYTES:
            break
    return f"data:image/jpeg;base64,{_base64(file.getvalue())}"


def _checked(points: np.ndarray) -> np.ndarray:
    places = np.asarray(points)
    if places.ndim != 2 or places.shape[1] != 2 or places.dtype.kind not in "biuf":
        raise InputError(
            f"points have the shape {places.shape} and dtype {places.dtype}", "real numbers (n, 2)"
        )
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(places, dtype="<f4")


def _content(key: str, places: np.ndarray, points: Points) -> dict[str, Any]:
    """What changes rarely, each part with a version that stands for it once it was sent."""
    if points.labels is not None and len(points.labels) != len(places):
        raise InputError(
            f"{len(points.labels)} labels for {len(places)} points", "one for each point"
        )
    codes, palette = _coded(points.colours, len(places))
    words = None if points.labels is None else [str(label) for label in points.labels]
    packed, box = _packed(places)
    faces = {str(int(row)): uri for row, uri in (points.thumbnails or {}).items()}
    atlas = points.atlas
    return {
        "n": len(places),
        "points": _packet(key, places.tobytes(), lambda: _base64(packed.tobytes())) | {"box": box},
        "colours": _packet(key, codes.tobytes(), lambda: _base64(codes.tobytes()))
        | {"wide": codes.itemsize == 2, "palette": palette},
        "labels": None if words is None else _packet(key, "\0".join(words).encode(), lambda: words),
        "thumbnails": _packet(key, repr(sorted(faces.items())).encode(), lambda: faces)
        if faces
        else None,
        "atlas": None
        if atlas is None
        else asdict(atlas) | {"image": _packet(key, atlas.image.encode(), lambda: atlas.image)},
        "images": points.images,
        "size": points.size,
        "identity": points.identity,
        "items": points.items,
    }


def _marked(marks: Marks, n: int) -> dict[str, Any]:
    return {
        "selected": _bits(marks.selected, n),
        "marks": _rows(marks.numbered, n, ordered=False),
        "star": next(iter(_rows([marks.star], n)), None),
        "line": None if marks.line is None else asdict(marks.line),
        "hovered": None if marks.hovered is None else asdict(marks.hovered),
    }


def _packet(key: str, content: bytes, payload: Callable[[], Any]) -> dict[str, Any]:
    """The payload, or only its version where the browser has it; it asks where it has not."""
    version = blake2b(content, digest_size=12).hexdigest()
    sent: dict[str, None] = st.session_state.setdefault(_sent_key(key), {})
    known = version in sent
    sent.pop(version, None)
    sent[version] = None
    for oldest in list(sent)[:-REMEMBERED]:
        del sent[oldest]
    return {"version": version, "content": None if known else payload()}


def _sent_key(key: str) -> str:
    return f"{key}__sent"


def _serial_key(key: str) -> str:
    return f"{key}__serial"


def _packed(places: np.ndarray) -> tuple[np.ndarray, list[float] | None]:
    """Places as they are sent; of very many each is one of 65,535 steps of the box around all.

    The box is left, low, width and height, None where places are sent as they are.
    """
    finite = np.isfinite(places).all(axis=1)
    if len(places) <= MOST_UNPACKED or not finite.any():
        return places, None
    low = places[finite].min(axis=0).astype(np.float64)
    size = places[finite].max(axis=0) - low
    steps = np.full(places.shape, UNPLACED, dtype="<u2")
    steps[finite] = np.rint((places[finite] - low) / np.where(size > 0, size, 1.0) * (UNPLACED - 1))
    return steps, [*low.tolist(), *size.tolist()]


def _coded(colours: Colours | None, n: int) -> tuple[np.ndarray, list[str]]:
    """Codes in the smallest type; the last palette entry is the colour of missing values."""
    if colours is None:
        return np.zeros(n, dtype="<u1"), [""]
    codes = np.asarray(colours.codes, dtype=np.int64)
    count = len(colours.palette)
    if codes.shape != (n,) or codes.max(initial=-1) >= min(count, 2**16 - 1):
        raise InputError(
            f"colours have codes of shape {codes.shape} up to {codes.max(initial=-1)}",
            f"shape ({n},) and codes below {count}, the length of the palette",
        )
    small = count < 2**8
    filled = np.where(codes < 0, count, codes).astype("<u1" if small else "<u2")
    return filled, [*colours.palette, colours.missing]


def _bits(selected: Collection[int] | np.ndarray, n: int) -> str:
    """Selected rows as a bit mask, lowest bit first."""
    mask = np.zeros(n, dtype=bool)
    mask[_rows(selected, n)] = True
    return _base64(np.packbits(mask, bitorder="little").tobytes()) if mask.any() else ""


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _rows(value: Any, n: int, ordered: bool = True) -> list[int]:
    """The rows of the map in ``value``; a late event may name rows of another map."""
    if value is None:
        return []
    rows = [int(row) for row in value if _is_row(row) and 0 <= row < n]
    return sorted(set(rows)) if ordered else list(dict.fromkeys(rows))


def _is_row(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
