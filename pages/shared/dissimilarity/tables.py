"""Tables below the figures: every score, all subjects, study B's report, downloads."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core import dissimilarity
from core.datasets import Dataset
from core.dissimilarity.table import as_table, by_subject
from pages.shared.dissimilarity import results
from pages.shared.dissimilarity.results import Rows
from pages.shared.dissimilarity.settings import PairView
from pages.shared.frame.text import plain


def show(ds: Dataset, view: PairView, rows: Rows | None) -> None:
    """Scores, subjects and the report, a tab each; what takes long has a button."""
    scores, subjects, study = st.tabs(
        ["Scores", "All subjects", "Study B report"],
        key="dissimilarity.tab",
        on_change="rerun",
        bind="query-params",
    )
    with scores:
        if scores.open:
            _scores(rows)
    with subjects:
        if subjects.open:
            _subjects(ds, view)
    with study:
        if study.open:
            _study(ds, view)


def _scores(rows: Rows | None) -> None:
    if rows is None:
        st.info("Scores of every model will be here.", icon=":material/info:")
        return
    table = as_table(rows)
    st.dataframe(table, hide_index=True, key="dissimilarity_table")
    st.download_button(
        "Scores (CSV)",
        table.to_csv(index=False),
        "dissimilarity.csv",
        "text/csv",
        on_click="ignore",
    )


def _subjects(ds: Dataset, view: PairView) -> None:
    """The models in view for every subject."""
    if len(ds.subjects) < 2:
        st.info("The recording has one subject.", icon=":material/info:")
        return
    request = replace(view.request, subjects=tuple(ds.subjects))
    rows = results.rows_in_view(request)
    if rows is None:
        return
    name = dissimilarity.MEASURES[view.measure]
    for split in request.splits:
        st.markdown(f"**{name}, {dissimilarity.split_words(split)}**")
        of_split = [row for row in rows if row["split"] == split]
        st.dataframe(by_subject(of_split, view.measure), key=f"dissimilarity_subjects_{split}")
    st.caption("Each subject has models of its own; intervals are in the CSV of the command line.")


def _study(ds: Dataset, view: PairView) -> None:
    """Study B's whole grid as one report, its published numbers beside the measured ones."""
    encoder = view.request.embeddings[0].partition(",")[0]
    request = dissimilarity.study_b(ds, encoder, view.request.seed)
    rows = results.rows_in_view(request)
    if rows is None:
        st.caption(
            "V1 where the recording has it, and every unit; 1 − r and Euclidean; the final "
            f"embedding and the raw visual layer of {plain(encoder)}; all models; both splits; 500 "
            "images. `python -m core dissimilarity DATASET --preset study-b --out FILE.md` writes "
            "the same."
        )
        return
    text = _report(request.key() or "", request, rows)
    st.download_button("Report (Markdown)", text, "study-b.md", "text/markdown", on_click="ignore")
    # Headings below the title of the page; wide tables scroll by themselves.
    with st.container(key="dissimilarity_report"):
        st.markdown(text.partition("\n")[2].replace("\n## ", "\n#### "))


@st.cache_data(max_entries=4, show_spinner=False)
def _report(key: str, _request: dissimilarity.DissimilarityRequest, _rows: Rows) -> str:
    return dissimilarity.report(_request, _rows)
