"""Grid of selectable thumbnails under group headings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
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
        Data URI; '' where there is no image, the name is shown then.
    caption : str
        Shown on hover, or below where captions are on.
    group : str
        Heading that the tile stands under; '' for none.
    alt : str
        The image in words.
    name : str
        Of the stimulus, where the id of the tile is another; '' for the id.
    """

    id: str
    image: str
    caption: str
    group: str
    alt: str
    name: str = ""


def gallery(
    tiles: Sequence[Tile],
    *,
    key: str,
    selected: Collection[str],
    on_change: Callable[[list[str]], None],
    size: int = 96,
    selectable: bool = True,
    show_captions: bool = False,
) -> None:
    """Show tiles; a click toggles, Shift adds a range, a heading toggles its group.

    Parameters
    ----------
    tiles : sequence of Tile
        Grouped in the order in which the groups first appear.
    key : str
        Key of the element.
    selected : collection of str
        Ids that are marked now; others than those shown are ignored.
    on_change : callable
        Told the selected ids among the tiles shown, in their order, when the user has
        changed them, before the run that follows.
    size : int
        Side of a tile in pixels.
    selectable : bool
        Whether tiles answer clicks.
    show_captions : bool
        Write each caption below its tile.
    """
    serial_key = f"{key}__serial"

    def tell() -> None:
        changed = st.session_state[key].get("changed")
        ids = _chosen(changed, tiles)
        if ids is not None:
            st.session_state[serial_key] = changed["serial"]
            on_change(ids)

    _mount(
        key=key,
        data={
            "tiles": [vars(tile) for tile in tiles],
            "selected": [tile.id for tile in tiles if tile.id in selected],
            "size": int(size),
            "selectable": selectable,
            "captions": show_captions,
            "serial": st.session_state.get(serial_key, 0),
        },
        on_changed_change=tell,
    )


def _chosen(changed: Any, tiles: Sequence[Tile]) -> list[str] | None:
    """The ids of a change that are shown; a late change may name tiles of another page."""
    if not isinstance(changed, dict):
        return None
    ids = set(changed.get("ids", ()))
    return [tile.id for tile in tiles if tile.id in ids]
