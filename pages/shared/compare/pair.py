"""Two RDMs beside each other, cell by cell, and the images of the pairs on which they disagree."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.datasets import Dataset
from core.figures import heatmap as drawing
from core.figures.comparison import cells, multiples
from core.figures.export import ChartDrawing
from core.rdm.disagreement import Disagreement
from core.rsa.results import RsaResult
from pages.shared.compare import results
from pages.shared.compare.bars import FIRST, SECOND
from pages.shared.compare.settings import Look
from pages.shared.components.heatmap.heatmap import (
    HeatmapEvent,
    Legend,
    Matrix,
    Picked,
    heatmap,
)
from pages.shared.components.scatter.scatter import Callbacks, Colours, Marks, Points, scatter
from pages.shared.export import figures
from pages.shared.frame import guard, images, selection
from pages.shared.frame.text import plain

PICK = selection.COMPARE_PICK
SIDE, COUNT, TILE = 400, 4, 84
HINT = "Click a cell, a point or a button below for the two images of a pair."


def choose(result: RsaResult, best: str) -> tuple[str, str]:
    """The two RDMs that are open, by name; at first a part of the brain and its best model."""
    names = list(result.names)
    usual = {FIRST: names[0], SECOND: best if best in names else names[-1]}
    for key, name in usual.items():
        if st.session_state.get(key, name) not in names:  # of another comparison
            del st.session_state[key]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first, second = (
            st.selectbox(
                label, names, index=names.index(usual[key]), key=key, bind="query-params", width=230
            )
            for label, key in (("First RDM", FIRST), ("Second RDM", SECOND))
        )
        similarity = result.similarities[names.index(first), names.index(second)]
        method = result.parts[0].evaluation.method
        st.markdown(f"{plain(method)} of the two: **{similarity:.2f}**")
    return first, second


@guard.fragment()
def show(
    ds: Dataset, key: str, result: RsaResult, chosen: tuple[str, str], look: Look, rows: np.ndarray
) -> None:
    """Matrices and scatter, then the pair that is picked and those that differ most."""
    sub = results.stimuli_of(ds.fingerprint, result.gathered.ids, ds)
    picked = _picked(sub, key, result, chosen)
    title = f"RDMs of {' and '.join(chosen)}"
    figures.add(
        "pair",
        title,
        lambda: multiples.drawing(
            title,
            {name: result.vector(name) for name in chosen},
            rows,
            look.colours,
            results.strips_of(sub, rows),
        ),
    )
    with st.container(key="compare_pair"):
        places = st.columns(3)
        for number, name in enumerate(chosen):
            with places[number]:
                st.markdown(f"**{plain(name)}**")
                _matrix(sub, key, result, name, look, rows, picked, number)
        with places[2]:
            st.markdown("**Cell by cell**")
            _scatter(sub, result, chosen, picked)
    with st.container(key="picked_below"):
        _detail(sub, result, chosen, picked)
    with st.container(key="compare_images"):
        _apart(sub, key, result, chosen)


def _picked(
    sub: Dataset, key: str, result: RsaResult, chosen: tuple[str, str]
) -> tuple[int, int] | None:
    """The pair of the address, else the one on which the two disagree most."""
    names = selection.picked(sub, PICK)
    if len(names) == 2 and names[0] != names[1] and all(map(sub.has_stimulus, names)):
        return sub.row(names[0]), sub.row(names[1])
    lists = results.apart(key, *chosen, COUNT, result)
    first = next(iter((*lists.nearer, *lists.further)), None)
    return None if first is None else (first.i, first.j)


def _pick(sub: Dataset, first: int, second: int) -> None:
    selection.pick(sub, PICK, sub.stimuli["id"].iloc[[first, second]].tolist())


def _matrix(
    sub: Dataset,
    key: str,
    result: RsaResult,
    name: str,
    look: Look,
    rows: np.ndarray,
    picked: tuple[int, int] | None,
    number: int,
) -> None:
    place = np.argsort(rows)

    def follow(event: HeatmapEvent) -> None:
        if event.picked and event.picked[0] != event.picked[1]:
            _pick(sub, *(int(rows[position]) for position in event.picked))

    heatmap(
        Matrix(
            len(rows),
            results.small(key, name, look, SIDE, result.vector(name), rows),
            identity=f"{key}/{name}/{look.order}",
            labels=[f"{s.id} {s.category}".strip() for s in sub.stimuli.iloc[rows].itertuples()],
            strips=results.strips_of(sub, rows),
        ),
        key=f"compare_matrix_{number}",
        description=f"RDM of {name}, {len(rows):,} stimuli, in percentiles of its pairs",
        legend=Legend(drawing.hex_colours(look.colours), "0", "100", "percentile"),
        picked=Picked(
            cell=None if picked is None else (int(place[picked[0]]), int(place[picked[1]]))
        ),
        on_event=follow,
        height=330,
    )


def _scatter(
    sub: Dataset,
    result: RsaResult,
    chosen: tuple[str, str],
    picked: tuple[int, int] | None,
) -> None:
    points = cells.scatter_of(result.vector(chosen[0]), result.vector(chosen[1]), picked)
    same = cells.within(sub.stimuli, points.rows)

    def follow(row: int) -> None:
        _pick(sub, *(int(place) for place in points.rows[row]))

    figures.add(
        "cells",
        f"{chosen[0]} and {chosen[1]}, pair by pair",
        lambda: ChartDrawing(cells.chart(points, same, chosen), "Pairs of stimuli in two RDMs"),
    )
    ids = sub.stimuli["id"].tolist()
    scatter(
        Points(
            points.coordinates,
            None if same is None else Colours(same.astype(int), [cells.ACROSS, cells.WITHIN]),
            labels=[f"{ids[i]}, {ids[j]}" for i, j in points.rows],
            size=4.0,
            identity=f"{chosen}",
        ),
        key="compare_scatter",
        description=f"Percentile of each pair in {chosen[0]} (across) and {chosen[1]} (upward)",
        marks=Marks(star=points.star),
        callbacks=Callbacks(on_click=follow),
        height=330,
        name="cells",
    )
    drawn = "" if points.total == len(points.rows) else f"{len(points.rows):,} drawn at random of "
    within = " Orange: within a category." if same is not None else ""
    st.caption(
        f"Across {plain(chosen[0])}, upward {plain(chosen[1])}, in percentiles; {drawn}"
        f"{points.total:,} pairs.{within}"
    )


def _detail(
    sub: Dataset, result: RsaResult, chosen: tuple[str, str], picked: tuple[int, int] | None
) -> None:
    if picked is None:
        st.info(HINT)
        return
    if not selection.picked(sub, PICK):
        st.caption(f"The pair on which the two disagree most. {HINT}")
    images.pair(sub, *picked, size=200)
    shares = [
        f"{plain(name)}: **{value:.0f}**"
        for name in chosen
        for value in [multiples.in_percentiles(result.vector(name))[picked]]
    ]
    st.markdown(f"Percentile in {', in '.join(shares)} of 100")
    if st.button("Select these two", key="compare.select", icon=":material/add:"):
        selection.add(sub, sub.stimuli["id"].iloc[list(picked)])
        st.rerun()


def _apart(sub: Dataset, key: str, result: RsaResult, chosen: tuple[str, str]) -> None:
    lists = results.apart(key, *chosen, COUNT, result)
    _row(sub, f"Nearer in {chosen[0]} than in {chosen[1]}", lists.nearer)
    _row(sub, f"Further apart in {chosen[0]} than in {chosen[1]}", lists.further)


def _row(sub: Dataset, title: str, pairs: Sequence[Disagreement]) -> None:
    st.markdown(f"**{plain(title)}**")
    if not pairs:
        st.caption("No pair.")
        return
    for place, pair in zip(st.columns(COUNT), pairs, strict=False):
        with place:
            images.pair(sub, pair.i, pair.j, size=TILE, brief=True)
            first, second = sub.stimuli["id"].iloc[[pair.i, pair.j]]
            st.button(
                f"{pair.first:.0f} · {pair.second:.0f} · {plain(first)}, {plain(second)}",
                key=f"{title}_{pair.i}_{pair.j}",
                help="Percentiles in the first and the second RDM: show this pair in both",
                on_click=functools.partial(_pick, sub, pair.i, pair.j),
                width="stretch",
            )
