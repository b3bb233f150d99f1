"""Dissimilarity matrices, and the two stimuli of any of their cells."""

import streamlit as st

import pages.shared.rdm.presets  # noqa: F401  (registers the presets of the page)
from core.datasets import Dataset
from core.errors import NeurogalleryError
from core.rdm import METRICS
from pages.shared.frame import recording
from pages.shared.frame.text import plain
from pages.shared.head import head
from pages.shared.rdm import downloads, explorer, matrices, pairs, settings
from pages.shared.rdm.matrices import Shown, Source, View


def explain_notes(shown: list[Shown]) -> None:
    """What served as folds, and what few units can tell."""
    for matrix in shown:
        if matrix.notes:
            notes = plain(" ".join(matrix.notes))
            st.caption(f":material/info: {plain(matrix.source.label)}: {notes}")


def explain_missing(ds: Dataset, shown: list[Shown], view: View) -> None:
    """Say what an ROI goes without, and name the stimuli without a defined dissimilarity."""
    fold = " or in one fold only" if METRICS[view.metric].needs_folds else ""
    for matrix in shown:
        rois = matrix.source.rois
        if rois and (missing := recording.incomplete(ds.fingerprint, rois, ds)):
            st.caption(f":material/info: {plain(missing)}")
        rows = matrix.missing
        if len(rows):
            names = ", ".join(ds.stimuli["id"].iloc[rows[:8]])
            more = f" and {len(rows) - 8} more" if len(rows) > 8 else ""
            st.caption(
                f":material/info: {plain(matrix.source.label)}: {len(rows)} stimuli are shown as "
                f"missing, their response being absent, incomplete, constant{fold}: "
                f"{plain(names + more)}."
            )


def get(ds: Dataset, source: Source, view: View) -> Shown | None:
    """One RDM; an error is shown in its place, beside the other RDMs."""
    try:
        return matrices.get(ds, source, view)
    except NeurogalleryError as error:
        st.error(f"**{plain(source.label)}.** {plain(error)}", icon=":material/error:")
        return None


def page(ds: Dataset) -> None:
    head.show(ds)
    sources, view, ds = settings.choose(ds)
    if not sources:
        st.info("Choose at least one RDM.", icon=":material/info:")
        return
    shown = [matrix for source in sources if (matrix := get(ds, source, view))]
    if not shown:
        return
    arranged = matrices.arrangement(ds, shown[0], view.order)
    explorer.explore(ds, shown, arranged, view)
    explain_notes(shown)
    explain_missing(ds, shown, view)
    pairs_tab, distribution_tab, download_tab = st.tabs(
        ["Extreme pairs", "Distribution", "Download"],
        key="rdm.tab",
        on_change="rerun",
        bind="query-params",
    )
    with pairs_tab:
        if pairs_tab.open:
            pairs.extremes(ds, shown, view)
    with distribution_tab:
        if distribution_tab.open:
            pairs.distribution(shown)
    with download_tab:
        if download_tab.open:
            downloads.offer(ds, shown, arranged, view)


page(recording.require())
