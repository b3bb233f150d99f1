"""Legend whose entries can be shown alone, and select what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent

_mount = st.components.v2.component(
    "neurogallery_legend",
    html=(HERE / "legend.html").read_text("utf-8"),
    css=(HERE / "legend.css").read_text("utf-8"),
    js=(HERE / "legend.js").read_text("utf-8"),
)


@dataclass(frozen=True)
class Entry:
    """One colour of a legend.

    Attributes
    ----------
    name : str
    colour : str
        Of CSS.
    count : int
        Points of this colour.
    selected : int
        How many of them are selected.
    """

    name: str
    colour: str
    count: int
    selected: int = 0


def legend(
    entries: Sequence[Entry],
    *,
    key: str,
    shown: Collection[int],
    on_show: Callable[[list[int]], None],
    on_select: Callable[[int], None] | None = None,
) -> None:
    """Show entries; a name shows its colour alone, a box selects it.

    Parameters
    ----------
    entries : sequence of Entry
    key : str
        Key of the element.
    shown : collection of int
        Entries that are shown alone; none is all.
    on_show : callable
        Told the entries to show alone, before the run that follows.
    on_select : callable, optional
        Told the entry whose box was pressed; without it there are no boxes.
    """

    def follow() -> None:
        chosen = _chosen(st.session_state[key].get("chosen"), len(entries))
        if chosen is None:
            return
        event, index, more = chosen
        if event == "select" and on_select is not None:
            on_select(index)
        elif event == "show":
            others = [place for place in shown if place != index] if more or index in shown else []
            on_show(sorted(others if index in shown else [*others, index]))

    _mount(
        key=key,
        data={
            "entries": [asdict(entry) for entry in entries],
            "shown": sorted(shown),
            "selectable": on_select is not None,
        },
        on_chosen_change=follow,
    )


def _chosen(value: Any, n: int) -> tuple[str, int, bool] | None:
    """What was pressed; a late event may be of another legend."""
    if not isinstance(value, dict):
        return None
    index = value.get("index")
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < n:
        return None
    return str(value.get("event")), index, bool(value.get("more"))
