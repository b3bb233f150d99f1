"""The selection of stimuli that all pages share, with undo and in the address; what is picked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import streamlit as st

from core import selections
from core.datasets import Dataset
from core.errors import NeurogalleryError

# The key of the selection in the address; what a kept selection begins with there.
ADDRESS, KEPT = "selected", "s."
UNDO_STEPS = 30
# What a click picks on a page, by its key in the address.
PICKS = RDM_PICK, MAP_POINT, COMPARE_PICK = "rdm.pick", "maps.point", "compare.pick"


@dataclass
class Selection:
    """Ids in stimulus order, what was selected before, and why an address was not followed."""

    ids: tuple[str, ...] = ()
    past: list[tuple[str, ...]] = field(default_factory=list)
    problem: str = ""

    def replace(self, ids: Iterable[str], order: Iterable[str]) -> None:
        """Select exactly ``ids``, kept in ``order``; an unchanged selection is no step."""
        selected = set(ids)
        new = tuple(stimulus for stimulus in order if stimulus in selected)
        self.problem = ""
        if new != self.ids:
            self.past = [*self.past, self.ids][-UNDO_STEPS:]
            self.ids = new

    def undo(self) -> None:
        if self.past:
            self.ids = self.past.pop()


def current(ds: Dataset) -> Selection:
    """The selection of a recording; its subjects share it."""
    kept: dict[str, Selection] = st.session_state.setdefault("selections", {})
    return kept.setdefault(ds.info.name, Selection())


def ids_of(ds: Dataset) -> tuple[str, ...]:
    """The selected stimuli that the recording in view has: its subjects and options may differ."""
    return tuple(name for name in current(ds).ids if ds.has_stimulus(name))


def select(ds: Dataset, ids: Iterable[str]) -> None:
    """Select exactly these stimuli."""
    current(ds).replace(ids, ds.stimuli["id"])


def add(ds: Dataset, ids: Iterable[str]) -> None:
    """Add stimuli to the selection."""
    select(ds, {*current(ds).ids, *ids})


def remove(ds: Dataset, ids: Iterable[str]) -> None:
    """Take stimuli out of the selection."""
    select(ds, set(current(ds).ids) - set(ids))


def keep_only(ds: Dataset, ids: Iterable[str]) -> None:
    """Keep what is selected and among some stimuli."""
    select(ds, set(current(ds).ids) & set(ids))


def follow_address(ds: Dataset) -> None:
    """Select what an address says that this session did not write; then write what is selected.

    What it wrote itself comes back with Back, or with a click that came before the browser had
    the last one: the selection goes on.
    """
    written: dict[str, None] = st.session_state.setdefault("selections_written", {})
    text, selection = st.query_params.get(ADDRESS, ""), current(ds)
    try:
        if text and text not in written:
            written[text] = None
            select(ds, _read(ds, text))
        present = _text(ds)
    except NeurogalleryError as error:
        selection.problem, present = str(error), ""
    if present == text:
        return
    if present:
        written[present] = None
        st.query_params[ADDRESS] = present
    else:
        del st.query_params[ADDRESS]


def _read(ds: Dataset, text: str) -> Sequence[str]:
    """The ids of a selection in an address; see ``selections.decode`` for what raises."""
    if text.startswith(KEPT):
        return selections.recall(ds.info.name, text.removeprefix(KEPT))
    rows = selections.decode(text, ds.stimuli["id"].tolist())
    return ds.stimuli["id"].iloc[rows].tolist()


def _text(ds: Dataset) -> str:
    """The selection as it stands in the address; one that is too long is kept on disk."""
    ids = current(ds).ids
    cached = st.session_state.get("selection_text")
    if cached and cached[0] is ids and cached[1] == ds.fingerprint:
        return str(cached[2])
    text, shown = "", ids_of(ds)
    if shown:
        text = selections.encode(map(ds.row, shown), ds.stimuli["id"].tolist())
    if len(text) > selections.MOST_CHARACTERS:
        text = KEPT + selections.keep(ds.info.name, shown)
    st.session_state["selection_text"] = ids, ds.fingerprint, text
    return text


def picked(ds: Dataset, key: str) -> list[str]:
    """What is picked under a key of the address, else what was before, on another page."""
    kept: dict[tuple[str, str], list[str]] = st.session_state.setdefault("picked", {})
    place, in_address = (ds.info.name, key), st.query_params.get_all(key)
    if in_address:
        kept[place] = in_address
    elif place in kept:
        st.query_params[key] = kept[place]
    return kept.get(place, [])


def pick(ds: Dataset, key: str, names: Sequence[str]) -> None:
    """Put what is picked into the address, and keep it for when the reader comes back."""
    st.session_state.setdefault("picked", {})[ds.info.name, key] = list(names)
    st.query_params[key] = list(names)


def forget_picks_of_others(name: str) -> None:
    """Take what was picked in another recording out of the address."""
    if st.session_state.setdefault("picks_belong_to", name) != name:
        st.session_state["picks_belong_to"] = name
        for key in PICKS:
            st.query_params.pop(key, None)
