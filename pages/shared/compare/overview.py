"""All RDMs against all: as a matrix, as a map, as a tree; and what the bank holds."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.figures.comparison import arrangement
from core.rsa.results import RsaResult
from pages.shared.compare.bars import FIRST, SECOND
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame.text import plain

MATRIX = "compare_all"


def show(result: RsaResult) -> None:
    """Matrix, map and tree beside each other; a click on a cell opens its two RDMs."""
    method = result.parts[0].evaluation.method
    if result.arranged is None:
        st.info("Two RDMs are one number: choose a third for a map.", icon=":material/info:")
        return
    order = arrangement.tree_order(result.arranged, result.names)
    names = [result.names[place] for place in order]
    values = result.similarities[order][:, order]
    brain = [part.brain.name_shown for part in result.parts]
    with st.container(key="compare_overview"):
        left, middle, right = st.columns([5, 4, 4])
    with left:
        show_chart(
            drawn(arrangement.similarities, values, names),
            key=MATRIX,
            on_select=partial(_pick, names),
            selection_mode="points",
            alt=f"{method} of every two of {', '.join(names)}",
            title=f"{method} of every two RDMs",
        )
    with middle:
        show_chart(
            drawn(arrangement.similarity_map, result.arranged, result.names, brain),
            key="compare_map",
            alt="RDMs as points, near one another where they are similar",
        )
    with right:
        show_chart(
            drawn(arrangement.tree, result.arranged, result.names, method),
            key="compare_tree",
            alt=f"Tree of the RDMs, in the order {', '.join(names)}",
            title="Tree of the RDMs, average linkage",
        )
    st.caption(
        f"Left: {plain(method)} of every two RDMs, of the brain the mean of its subjects; a click "
        "opens the two above. Middle: multidimensional scaling of 1 − similarity, stress "
        f"{result.arranged.stress:.2f} (0 is exact; above 0.2 distances say little). Right: "
        "average linkage."
    )


def _pick(names: list[str]) -> None:
    points = st.session_state[MATRIX].selection.points
    if points:
        row, column = divmod(points[0]["point_index"], len(names))
        st.session_state[FIRST], st.session_state[SECOND] = names[row], names[column]
