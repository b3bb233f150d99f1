"""Which model has the representational geometry of a part of the brain, and how sure that is."""

from __future__ import annotations

import streamlit as st

import pages.shared.compare.presets  # noqa: F401  (registers the presets of the page)
from core.datasets import Dataset
from core.figures.comparison.bars import sorted_models
from core.rsa.job import CompareRequest
from core.rsa.results import RsaResult
from pages.shared.compare import bars, downloads, multiples, overview, pair, results, uploads
from pages.shared.compare.settings import Look, choose
from pages.shared.frame import recording
from pages.shared.frame.text import plain
from pages.shared.head import head


def page(ds: Dataset) -> None:
    with head.show(ds):
        uploads.offer(ds)
    if ds.betas is None and not ds.rdms:
        st.info(
            f"{plain(ds.info.title)} {plain(ds.lack)}; a comparison needs RDMs of a brain.",
            icon=":material/info:",
        )
        return
    request, look = choose(ds)
    if request is None:
        return
    result = results.get(request)
    if result is not None:
        show(ds, request, result, look)


def show(ds: Dataset, request: CompareRequest, result: RsaResult, look: Look) -> None:
    """The answer, RDMs beside bars, two RDMs in detail, all against all."""
    key = request.key()
    sub = results.stimuli_of(ds.fingerprint, result.gathered.ids, ds)
    rows = results.arranged(f"{key}/{look.order}", look.order, sub, result.vector(result.names[0]))
    bars.tell(result)
    with st.container(key="compare_first"):
        left, right = st.columns([2, 3], gap="large")
    with left:
        multiples.show(key, sub, result, look, rows)
    with right:
        bars.show(result, st.session_state.get(bars.SECOND, ""))
    st.header("Two RDMs, and the images on which they disagree")
    best = next((m.name for m in sorted_models(result.parts[0]) if not m.is_flexible), "")
    chosen = pair.choose(result, best)
    pair.show(ds, key, result, chosen, look, rows)
    all_tab, numbers_tab, download_tab = st.tabs(
        ["All against all", "Numbers", "Download"],
        key="compare.tab",
        on_change="rerun",
        bind="query-params",
    )
    with all_tab:
        if all_tab.open:
            overview.show(result)
    with numbers_tab:
        if numbers_tab.open:
            bars.numbers(result)
    with download_tab:
        if download_tab.open:
            downloads.offer(ds, request, result)


page(recording.require())
