"""Dissimilarity matrices, and the two images behind any of their cells."""

import streamlit as st

from core.datasets import Dataset
from core.errors import NeurogalleryError
from pages.shared.frame import recording
from pages.shared.frame.text import plain
from pages.shared.rdm import downloads as rdm_downloads
from pages.shared.rdm import explorer as rdm_explorer
from pages.shared.rdm import matrices
from pages.shared.rdm import pairs as rdm_pairs
from pages.shared.rdm.matrices import Shown, Source, View
from pages.shared.rdm.settings import in_view, settings


def explain_matrix() -> None:
    with st.popover("How to read it", icon=":material/help:"):
        st.markdown(
            "Each row and each column is one image; a cell is the dissimilarity of the "
            "**responses** to two of them. Dark cells are pairs that the region answers alike, "
            "bright ones pairs that it tells apart. Dark squares on the diagonal are groups that "
            "the region holds together: order the stimuli by category, or let clustering find "
            "the order. The diagonal is each image with itself, 0, and counts nowhere."
        )


def explain_missing(ds: Dataset, shown: list[Shown]) -> None:
    """Name the stimuli without a defined dissimilarity."""
    for matrix in shown:
        rows = matrix.missing
        if len(rows):
            names = ", ".join(ds.stimuli["id"].iloc[rows[:8]])
            more = f" and {len(rows) - 8} more" if len(rows) > 8 else ""
            st.caption(
                f":material/info: {plain(matrix.source.label)}: {len(rows)} stimuli are shown as "
                "missing, their response being absent, incomplete or constant: "
                f"{plain(names + more)}."
            )


def get(ds: Dataset, source: Source, view: View) -> Shown | None:
    """One RDM; what is wrong with it is told, and the others are shown."""
    try:
        return matrices.get(ds, source, view)
    except NeurogalleryError as error:
        st.error(f"**{plain(source.label)}.** {plain(error)}", icon=":material/error:")
        return None


def page(ds: Dataset) -> None:
    recording.title(ds, "Representational dissimilarity")
    sources, view = settings(ds)
    with st.container(horizontal=True, vertical_alignment="center"):
        ds = in_view(ds)
        explain_matrix()
    if not sources:
        st.info("Choose at least one RDM.", icon=":material/info:")
        return
    shown = [matrix for source in sources if (matrix := get(ds, source, view))]
    if not shown:
        return
    arranged = matrices.arrangement(ds, shown[0], view.order)
    rdm_explorer.explore(ds, shown, arranged, view)
    explain_missing(ds, shown)
    pairs, distribution, downloads = st.tabs(
        ["Extreme pairs", "Distribution", "Download"],
        key="rdm.tab",
        on_change="rerun",
        bind="query-params",
    )
    with pairs:
        if pairs.open:
            rdm_pairs.extremes(ds, shown, view)
    with distribution:
        if distribution.open:
            rdm_pairs.distribution(shown)
    with downloads:
        if downloads.open:
            rdm_downloads.offer(ds, shown, arranged, view)


page(recording.require())
