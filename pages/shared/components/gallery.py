"""Grid of selectable thumbnails under group headings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent

_mount = st.components.v2.component(
    "neurogallery_gallery",
    html=(HERE / "gallery.html").read_text("utf-8"),
    css=(HERE / "gallery.css").read_text("utf-8"),
    js=(HERE / "gallery.js").read_text("utf-8"),
)


@dataclass(frozen=True)
class Tile:
    """One thumbnail.

    Attributes
    ----------
    id : str
        Unique among the tiles shown.
    image : str
        Data URI; '' where there is no picture, the id is shown then.
    caption : str
        Shown on hover, or below where captions are on.
    group : str
        Heading that the tile stands under; '' for none.
    alt : str
        The picture in words.
    """

    id: str
    image: str
    caption: str
    group: str
    alt: str


def gallery(
    tiles: Sequence[Tile],
    *,
    key: str,
    selected: Collection[str],
    size: int = 96,
    selectable: bool = True,
    show_captions: bool = False,
) -> list[str] | None:
    """Show tiles; a click toggles, Shift adds a range, a heading toggles its group.

    Parameters
    ----------
    tiles : sequence of Tile
        Grouped in the order in which the groups first appear.
    key : str
        Key of the element.
    selected : collection of str
        Ids that are marked now; others than those shown are ignored.
    size : int
        Side of a tile in pixels.
    selectable : bool
        Whether tiles answer clicks.
    show_captions : bool
        Write each caption below its tile.

    Returns
    -------
    list of str or None
        Selected ids among the tiles shown, in their order, when the user has just
        changed them; else None.
    """
    serial_key = f"{key}__serial"
    changed: Any = (st.session_state.get(key) or {}).get("changed")
    marked = _chosen(changed, tiles)
    if marked is None:
        marked = [tile.id for tile in tiles if tile.id in selected]
    else:
        # This run's caller does not know the change yet: unmarking it now, until the next
        # run, would lose it if the user clicks in between.
        st.session_state[serial_key] = changed["serial"]
    result = _mount(
        key=key,
        data={
            "tiles": [asdict(tile) for tile in tiles],
            "selected": marked,
            "size": int(size),
            "selectable": selectable,
            "captions": show_captions,
            "serial": st.session_state.get(serial_key, 0),
        },
        on_changed_change=_nothing,
    )
    return _chosen(result.get("changed"), tiles)


def _nothing() -> None:
    """Results exist only for values that have a callback."""


def _chosen(changed: Any, tiles: Sequence[Tile]) -> list[str] | None:
    """The ids of a change that are shown; a late change may name tiles of another sheet."""
    if not isinstance(changed, dict):
        return None
    ids = set(changed.get("ids", ()))
    return [tile.id for tile in tiles if tile.id in ids]
