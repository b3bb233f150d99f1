"""Heatmaps that answer a click: a cell gives its two stimuli, a block its mean."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import streamlit as st

from core import rdm
from core.datasets import Dataset
from core.figures import heatmap as drawing
from core.figures import strips
from core.figures.export import ColourBar, MatrixDrawing, MatrixPanel
from core.words import counted
from pages.shared.components.heatmap.heatmap import (
    HeatmapEvent,
    Legend,
    Matrix,
    Picked,
    heatmap,
    window,
)
from pages.shared.export import figures
from pages.shared.frame import guard, images, selection
from pages.shared.frame.text import plain
from pages.shared.rdm import matrices
from pages.shared.rdm.matrices import Arrangement, Shown, View
from pages.shared.selections import finding

SIDE_ALONE, SIDE_BESIDE = 640, 400
MOST_NAMES, FIGURE_SIDE = 1500, 1000
# Of a large RDM those are computed within a second.
MOST_CELLS = 5_000_000
MILLION = 1_000_000
PICK = selection.RDM_PICK
HINT = "Click a cell for its pair; where categories lie together, a strip for its block."


@guard.fragment()
def explore(ds: Dataset, shown: list[Shown], arranged: Arrangement, view: View) -> None:
    """Heatmaps with the stimuli of what is picked; a click redraws only this part."""
    focus = _focus(ds, shown[0], arranged)
    alone = len(shown) == 1
    all_ends = matrices.colour_ends(shown, arranged, view, SIDE_ALONE if alone else SIDE_BESIDE)
    figures.add("rdm", _named(shown), functools.partial(drawing_of, ds, shown, arranged, view))
    with st.container(key="explorer" if alone else "explorer_beside"):
        places = st.columns([3, 2], gap="medium") if alone else st.columns(len(shown))
    for place, matrix, ends in zip(places, shown, all_ends, strict=False):
        with place:
            if not alone:
                st.markdown(f"**{plain(matrix.source.label)}**")
            _heatmap(ds, matrix, arranged, view, focus, ends, alone)
    with places[1] if alone else st.container(key="explorer_detail"):
        reveal = functools.partial(_reveal, ds, shown[0])
        finding.results(ds, "rdm", finding.field(ds, "rdm", reveal), reveal)
        with st.container(key="picked_beside" if alone else "picked_below"):
            _detail(ds, shown, arranged, focus)


Focus = tuple[int, int] | rdm.Block


def _focus(ds: Dataset, shown: Shown, arranged: Arrangement) -> Focus | None:
    """What is picked: the pair or category of the address, else the most similar pair."""
    picked = selection.picked(ds, PICK)
    for block in arranged.blocks:
        if picked == [block.label]:
            return block
    if len(picked) == 2 and picked[0] != picked[1] and all(map(ds.has_stimulus, picked)):
        return ds.row(picked[0]), ds.row(picked[1])
    best = matrices.most_similar(shown.key, shown)
    return (best.i, best.j) if best else None


def pick(ds: Dataset, first: int, second: int) -> None:
    """Put a pair of stimuli into the address."""
    selection.pick(ds, PICK, ds.stimuli["id"].iloc[[first, second]].tolist())


def _reveal(ds: Dataset, shown: Shown, row: int) -> None:
    """Pick a stimulus with the one that is most similar to it."""
    other = rdm.most_similar_to(shown.values, row)
    if other is not None:
        pick(ds, row, other)


def _follow(ds: Dataset, arranged: Arrangement, event: HeatmapEvent) -> None:
    if event.picked and event.picked[0] != event.picked[1]:
        row, column = event.picked
        pick(ds, int(arranged.rows[row]), int(arranged.rows[column]))
    elif event.band is not None:
        selection.pick(ds, PICK, [arranged.blocks[event.band].label])


def _heatmap(
    ds: Dataset,
    shown: Shown,
    arranged: Arrangement,
    view: View,
    focus: Focus | None,
    ends: matrices.Ends,
    alone: bool,
) -> None:
    side = SIDE_ALONE if alone else SIDE_BESIDE
    key = f"heatmap_{shown.source.label}"
    n = ds.n_stimuli
    stimuli = counted(n, "stimulus", "stimuli")
    zoomed = window(key, n) if n > side else None
    names = _names(ds.fingerprint, ds) if n <= MOST_NAMES else None
    low, high = _ends(shown, view, ends, side)
    heatmap(
        Matrix(
            n,
            matrices.image(shown, arranged, view, side, ends),
            identity=f"{shown.key}/{arranged.name}",
            crop=matrices.crop(shown, arranged, view, ends, zoomed) if zoomed else None,
            crop_needed=n > side,
            labels=[names[row] for row in arranged.rows] if names else None,
            strips=strips.category_strips(ds.stimuli, arranged.rows, arranged.blocks),
        ),
        key=key,
        description=f"RDM of {shown.source.label}, {stimuli}, {shown.label}",
        legend=Legend(
            drawing.hex_colours(view.colours),
            low,
            high,
            f"{shown.label}{', percentile' if view.by_percentile else ''}",
            missing=bool(len(shown.missing)),
        ),
        picked=Picked(
            cell=_position(arranged, focus),
            block=focus[:2] if isinstance(focus, rdm.Block) else None,
        ),
        on_event=functools.partial(_follow, ds, arranged),
    )


def _ends(shown: Shown, view: View, ends: matrices.Ends, side: int) -> tuple[str, str]:
    """What stands at the ends of the colour bar; values beyond the ends of means are clipped."""
    if view.by_percentile:
        return "0", "100"
    low, high = (f"{end:.3g}" for end in ends)
    averaged = len(shown.values) > side
    return (f"≤ {low}", f"≥ {high}") if averaged else (low, high)


@st.cache_resource(max_entries=16, show_spinner=False)
def _names(fingerprint: str, _ds: Dataset) -> list[str]:
    """What a stimulus is called at the pointer."""
    return [f"{row.id} {row.category}".strip() for row in _ds.stimuli.itertuples()]


def _named(shown: list[Shown]) -> str:
    return "RDM of " + ", ".join(each.source.label for each in shown)


def drawing_of(ds: Dataset, shown: list[Shown], arranged: Arrangement, view: View) -> MatrixDrawing:
    """The RDMs in view as they are printed."""
    panels = [
        MatrixPanel(
            matrices.display_levels(each, arranged, view, FIGURE_SIDE, ends),
            ColourBar(view.colours, ends, each.label, view.by_percentile),
            each.source.label if len(shown) > 1 else "",
        )
        for each, ends in zip(
            shown, matrices.colour_ends(shown, arranged, view, FIGURE_SIDE), strict=True
        )
    ]
    beside = strips.category_strips(ds.stimuli, arranged.rows, arranged.blocks)
    notes = (note for each in shown for note in each.notes)
    return MatrixDrawing(panels, ds.n_stimuli, beside, "\n".join([_named(shown), *notes]))


def _position(arranged: Arrangement, focus: Focus | None) -> tuple[int, int] | None:
    if focus is None or isinstance(focus, rdm.Block):
        return None
    place = np.empty(len(arranged.rows), dtype=int)
    place[arranged.rows] = np.arange(len(arranged.rows))
    return int(place[focus[0]]), int(place[focus[1]])


def _detail(ds: Dataset, shown: list[Shown], arranged: Arrangement, focus: Focus | None) -> None:
    if focus is None:
        st.info(HINT)
    elif isinstance(focus, rdm.Block):
        _block(ds, shown, arranged, focus, focus)
    else:
        beside = st.columns(2, gap="large") if len(shown) > 1 else [st.container()] * 2
        with beside[0]:
            _pair(ds, shown, focus)
        with beside[1]:
            _block_of(ds, shown, arranged, focus)


def _pair(ds: Dataset, shown: list[Shown], focus: tuple[int, int]) -> None:
    if not selection.picked(ds, PICK):
        st.caption(f"The most similar pair. {HINT}")
    images.pair(ds, *focus)
    cells = [matrices.cell(matrix, *focus) for matrix in shown]
    if any(np.isnan(cell.value) for cell in cells):
        st.warning("Missing: a response of this pair is absent or constant.")
    elif len(shown) == 1:
        _figures(shown[0], cells[0])
    else:
        _table(shown, cells)
    if st.button("Select these two", key="rdm.select_pair", icon=":material/add:"):
        selection.add(ds, ds.stimuli["id"].iloc[list(focus)])
        st.rerun()


def _figures(shown: Shown, cell: rdm.Cell) -> None:
    with st.container(key="figures"):
        value, rank, percentile = st.columns(3)
    value.metric(shown.label.split(",")[0], f"{cell.value:.4g}")
    meaning = f"1 is the most similar of {cell.pairs:,} pairs"
    rank.metric("Rank", _rank(shown, cell), help=meaning)
    percentile.metric("Percentile", f"{cell.percentile:.1f}")


def _rank(shown: Shown, cell: rdm.Cell) -> str:
    """A rank; that of a large RDM is known by its step of the distribution."""
    if shown.summary is None:
        return f"{cell.rank:,}"
    return f"≈ {cell.rank / MILLION:,.0f} M" if cell.rank >= MILLION else f"≈ {cell.rank:,}"


def _table(shown: list[Shown], cells: list[rdm.Cell]) -> None:
    rows = {
        matrix.source.label: {
            matrix.label: f"{cell.value:.4g}",
            "Rank": f"{_rank(matrix, cell)} of {cell.pairs:,}",
            "Percentile": f"{cell.percentile:.1f}",
        }
        for matrix, cell in zip(shown, cells, strict=True)
    }
    st.table(pd.DataFrame.from_dict(rows, orient="index"))


def _block_of(
    ds: Dataset, shown: list[Shown], arranged: Arrangement, focus: tuple[int, int]
) -> None:
    position = _position(arranged, focus)
    if not arranged.blocks or position is None:
        return
    row, column = (
        next(block for block in arranged.blocks if block.start <= place < block.stop)
        for place in position
    )
    _block(ds, shown, arranged, row, column)


def _block(
    ds: Dataset, shown: list[Shown], arranged: Arrangement, row: rdm.Block, column: rdm.Block
) -> None:
    """Mean of the pairs of two categories, and their stimuli."""
    groups = [arranged.rows[block.start : block.stop] for block in dict.fromkeys((row, column))]
    names = [block.label or "without category" for block in dict.fromkeys((row, column))]
    title = " × ".join(names) if len(names) > 1 else f"within {names[0]}"
    st.markdown(f"**Block {plain(title)}**")
    for matrix in shown:
        source = f"{plain(matrix.source.label)}: " if len(shown) > 1 else ""
        cells = len(groups[0]) * len(groups[-1])
        if matrix.summary is not None and cells > MOST_CELLS:
            st.caption(f"{source}{cells:,} cells are too many for the mean of a block.")
            continue
        block = rdm.block_mean(matrix.values, groups[0], groups[-1])
        spread = f"mean {block.mean:.4g} ± {block.deviation:.2g} SD" if block.pairs else "no pair"
        st.caption(f"{source}{spread}, {counted(block.pairs, 'pair')} ({matrix.label})")
    for group in groups:
        images.strip(ds, group.tolist(), size=44)
    if st.button("Select this block", key="rdm.select_block", icon=":material/add:"):
        selection.add(ds, ds.stimuli["id"].iloc[np.concatenate(groups)])
        st.rerun()
