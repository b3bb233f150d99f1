"""Which category is taken for which, and the images behind a cell."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import zero_shot
from core.datasets import Dataset
from core.figures import zero_shot as figures
from core.zero_shot import Confusion, ZeroShot
from pages.shared.components.gallery.gallery import Tile, gallery
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import images, selection
from pages.shared.frame.text import counted, plain

CHART = "zero_shot_confusion"
SHOWN = 24


def show_confusion(analysis: ZeroShot, protocol: str) -> tuple[str, str, str] | None:
    """Draw the confusions; gives level, name seen and name predicted of the cell in view."""
    answers = analysis.answers[analysis.answers["protocol"] == protocol]
    levels = zero_shot.levels_of(answers)
    if not levels:
        st.info(
            "The test images are of fewer than two known categories: nothing to confuse. Images "
            "are identified among one another all the same.",
            icon=":material/info:",
        )
        return None
    level = levels[0]
    if len(levels) > 1:
        chosen = st.segmented_control(
            "Confusions by",
            levels,
            default=levels[0],
            required=True,
            key="zero_shot.level",
            bind="query-params",
        )
        level = chosen or levels[0]  # None where the address names none
    counts = zero_shot.confusion(answers, level)
    keys = tuple(f"zero_shot.{level}_{name}" for name in ("seen", "nearest"))

    def pick() -> None:
        points = st.session_state[CHART].selection.points
        if points:
            place = points[0]["point_index"]
            for key, part in zip(keys, divmod(place, len(counts.names)), strict=True):
                st.session_state[key] = counts.names[part]

    show_chart(
        drawn(figures.confusion, counts),
        key=CHART,
        on_select=pick,
        selection_mode="points",
        alt=f"Confusions by {level}: {described(counts)}",
    )
    st.caption(f"{described(counts)} Click a cell, or choose it below, to see its images.")
    return _choose_cell(counts, level, keys)


def described(counts: Confusion) -> str:
    """How many responses stand on the diagonal, and how many would if nothing was decoded."""
    return (
        f"Shares of each row. {counts.right:.1%} of {counts.counts.sum():,} responses are nearest "
        f"to their own {counts.level}; {counts.chance:.1%} would be if the two were independent."
    )


def _choose_cell(counts: Confusion, level: str, keys: tuple[str, ...]) -> tuple[str, str, str]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = [
            _choose(label, counts, key, first)
            for label, key, first in zip(
                ("Seen", "Nearest to"), keys, counts.most_confused, strict=True
            )
        ]
    return level, names[0], names[1]


def _choose(label: str, counts: Confusion, key: str, first: int) -> str:
    if st.session_state.get(key, counts.names[0]) not in counts.names:
        del st.session_state[key]  # of another test set
    return st.selectbox(label, counts.names, index=first, key=key, bind="query-params", width=180)


def show_images(ds: Dataset, analysis: ZeroShot, protocol: str, cell: tuple[str, str, str]) -> None:
    """The images seen in the responses of a cell, each with the category predicted."""
    level, seen, nearest = cell
    answers = analysis.answers[analysis.answers["protocol"] == protocol]
    rows = zero_shot.responses_of(answers, level, seen, nearest)
    st.markdown(
        f"**Seen {plain(seen)}, nearest to {plain(nearest)}**: {counted(len(rows), 'response')} "
        f"to {counted(rows['id'].nunique(), 'image')}"
    )
    if rows.empty:
        return
    gallery(
        _tiles(ds, rows.iloc[:SHOWN]),
        key=f"zero_shot_cell_{level}_{seen}_{nearest}_{protocol}",
        selected=(),
        on_change=lambda ids: None,
        selectable=False,
        show_captions=True,
    )
    if len(rows) > SHOWN:
        st.caption(f"The first {SHOWN} are shown.")
    st.button(
        "Add these to the selection",
        icon=":material/add:",
        on_click=selection.add,
        args=(ds, rows["id"].tolist()),
    )


def _tiles(ds: Dataset, rows: pd.DataFrame) -> list[Tile]:
    tiles = []
    several = rows["subject"].nunique() > 1
    for place, row in enumerate(rows.to_dict("records")):
        who = f"{row['subject']}: " if several else ""
        caption = f"{who}{row['category']} → {row['predicted']}"
        about = f"{who}{row['category']}, nearest to {row['predicted']}"
        words = f"{images.describe(images.stimulus_at(ds, ds.row(row['id'])))}; {about}"
        uri, name = images.uri(ds, row["id"]), str(row["id"])
        tiles.append(Tile(f"{place} {name}", uri, caption, "", words, name))
    return tiles
