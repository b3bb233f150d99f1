"""Two selections beside each other: sizes, labels that differ, mean responses of regions."""

from __future__ import annotations

import streamlit as st

from core import selections
from core.datasets import Dataset
from core.errors import NeurogalleryError
from core.figures.selections import charts
from core.selections import SelectionComparison
from core.words import counted
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import images, selection
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import plain
from pages.shared.selections import naming

PRESENT, OTHERS = "what is selected", "all others"
SHOWN, TILE = 24, 52


def show(ds: Dataset) -> None:
    """Choose two selections, and see what differs."""
    named = naming.named_or_problem(ds)
    options = [PRESENT, OTHERS, *(name for name in named if name not in (PRESENT, OTHERS))]
    names = _choose(options)
    try:
        first, second = ids = [_ids(ds, name, named) for name in names]
        comparison = _compared(ds.fingerprint, first, second, ds)
    except NeurogalleryError as error:
        if selection.ids_of(ds):
            show_error(error)
        else:
            st.info(
                "Select some stimuli first: they are compared with all others, or with a "
                "selection that has a name.",
                icon=":material/info:",
            )
        return
    _sizes(ds, comparison, names, ids)
    if not comparison.labels.empty:
        _labels(comparison, names)
    if not comparison.regions.empty:
        _regions(ds, comparison, names)


def _choose(options: list[str]) -> tuple[str, str]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first, second = (
            st.selectbox(label, options, index=place, key=key, bind="query-params", width=260)
            for place, (label, key) in enumerate(
                (("First", "selection.first"), ("Second", "selection.second"))
            )
        )
    return first, second


def _ids(ds: Dataset, name: str, named: dict[str, str]) -> tuple[str, ...]:
    if name == PRESENT:
        return selection.ids_of(ds)
    if name == OTHERS:
        chosen = set(selection.ids_of(ds))
        return tuple(each for each in ds.stimuli["id"] if each not in chosen)
    return naming.ids_named(ds, named[name])


@st.cache_resource(max_entries=8, show_spinner="Comparing the selections …")
def _compared(
    fingerprint: str, first: tuple[str, ...], second: tuple[str, ...], _ds: Dataset
) -> SelectionComparison:
    return selections.compare(_ds, first, second)


def _sizes(
    ds: Dataset, comparison: SelectionComparison, names: tuple[str, str], ids: list[tuple[str, ...]]
) -> None:
    shared = counted(comparison.shared, "stimulus is", "stimuli are")
    st.markdown(
        f"**{plain(names[0])}**: {counted(comparison.first, 'stimulus', 'stimuli')} · "
        f"**{plain(names[1])}**: {counted(comparison.second, 'stimulus', 'stimuli')} · "
        f"{shared} in both" + ("; differences are of the others." if comparison.shared else ".")
    )
    with st.container(key="halves"):
        for place, own in zip(st.columns(2, gap="large"), ids, strict=True):
            with place:
                images.strip(ds, [ds.row(name) for name in own[:SHOWN]], TILE, SHOWN)


def _labels(comparison: SelectionComparison, names: tuple[str, str]) -> None:
    st.header("Labels that differ most")
    show_chart(
        drawn(charts.labels, comparison, names),
        key="selection_labels",
        alt=f"Share of each label in {names[0]} and in {names[1]}",
    )
    with st.expander("As a table"):
        st.dataframe(charts.label_rows(comparison), hide_index=True)
    st.caption(
        "Labels, categories and supercategories of the stimuli in one selection alone. Intervals "
        "of differences of shares (Newcombe); p by Fisher's exact test, corrected for the "
        f"{counted(len(comparison.labels), 'label')} (Holm). The unit is the stimulus; chance is a "
        "difference of 0."
    )


def _regions(ds: Dataset, comparison: SelectionComparison, names: tuple[str, str]) -> None:
    st.header("Mean responses of regions")
    show_chart(
        drawn(charts.regions, comparison, names, ds.info.units),
        key="selection_regions",
        alt=f"Mean response of each region to {names[0]} and to {names[1]}, with intervals",
    )
    with st.expander("As a table"):
        st.dataframe(charts.region_rows(comparison), hide_index=True)
    st.caption(
        f"Mean ± SD over stimuli (n) of {plain(ds.subject)}. The difference is of the stimuli in "
        "one selection alone, by Welch's t, with p and interval corrected for the "
        f"{counted(len(comparison.regions), 'region')} (Holm). Chance is a difference of 0."
    )
