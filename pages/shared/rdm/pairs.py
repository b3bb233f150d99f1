"""The stimuli of the pairs at the ends of an RDM, and the distribution of its values."""

from __future__ import annotations

import streamlit as st

from core import rdm
from core.datasets import Dataset
from core.figures import charts
from core.words import counted
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import images
from pages.shared.frame.address_parts import left_out
from pages.shared.frame.text import plain
from pages.shared.rdm import explorer, matrices
from pages.shared.rdm.matrices import Shown, View

COLUMNS = 4


def extremes(ds: Dataset, shown: list[Shown], view: View) -> None:
    """Smallest, largest and nearest pairs (study B, tables 1 and 2)."""
    with st.container(horizontal=True):
        left_out.forget_infinite("rdm.pairs")
        count = st.number_input(
            "Pairs of each kind", 1, 100, 4, key="rdm.pairs", bind="query-params", width=160
        )
        target = _choose_target(shown[0], view) if shown[0].summary is None else None
    for place, matrix in enumerate(shown):
        extreme = matrices.extremes(matrix.key, view.metric, count, target, ds, matrix)
        if len(shown) > 1:
            st.header(plain(matrix.source.label))
        with st.container(key=f"extremes_{place}"):
            _row(ds, matrix, "Most similar", extreme.smallest)
            _row(ds, matrix, "Most dissimilar", extreme.largest)
            if extreme.nearest:
                _row(ds, matrix, f"Nearest to {extreme.target:g}", extreme.nearest)


def distribution(shown: list[Shown]) -> None:
    """Histogram of the values of each RDM, with mean and ends in words."""
    for place, matrix in zip(st.columns(len(shown)), shown, strict=True):
        with place:
            spread = matrix.spread
            chart = drawn(charts.value_histogram, spread, matrix.label, [(spread.mean, "mean")])
            alt = f"Histogram of {counted(spread.pairs, 'value')} of {matrix.source.label}"
            show_chart(chart, key=f"values_{matrix.source.label}", alt=alt)
            st.caption(
                f"{plain(matrix.source.label)}: {counted(spread.pairs, 'pair')}, "
                f"{spread.minimum:.4g} to "
                f"{spread.maximum:.4g}, mean {spread.mean:.4g}"
            )


def _choose_target(shown: Shown, view: View) -> float:
    neutral = rdm.METRICS[view.metric].neutral
    middle = shown.spread.mean
    inside = neutral is not None and shown.spread.minimum < neutral < shown.spread.maximum
    default = neutral if neutral is not None and inside else middle
    return st.number_input(
        "Nearest to",
        min_value=shown.spread.minimum,
        max_value=shown.spread.maximum,
        value=float(default),
        format="%.4g",
        key=f"rdm.nearest.{shown.key}",
        width=160,
        help="1 is no correlation under 1 − Pearson r; elsewhere the mean of the values.",
    )


def _row(ds: Dataset, shown: Shown, title: str, pairs: tuple[rdm.Pair, ...]) -> None:
    st.markdown(f"**{title}**")
    for start in range(0, len(pairs), COLUMNS):
        places = st.columns(COLUMNS)
        for place, pair in zip(places, pairs[start : start + COLUMNS], strict=False):
            with place, st.container(border=True):
                images.pair(ds, pair.i, pair.j, size=140, brief=True)
                first, second = (images.stimulus_at(ds, row)["id"] for row in (pair.i, pair.j))
                st.button(
                    f"{pair.value:.4f} · {plain(first)}, {plain(second)}",
                    key=f"{title}_{shown.source.label}_{pair.i}_{pair.j}",
                    help="Show this pair in the matrix",
                    on_click=explorer.pick,
                    args=(ds, pair.i, pair.j),
                    width="stretch",
                )
