"""What a request shows: scores beside baselines, both matrices, the worst pairs, the leak."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import dissimilarity
from core.datasets import Dataset
from core.dissimilarity import PairFit
from core.figures import pairs as figures
from core.rdm import METRICS
from pages.shared.dissimilarity import results
from pages.shared.dissimilarity.results import Rows
from pages.shared.dissimilarity.settings import PairView
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import images
from pages.shared.frame.text import counted, plain

WORST = 6


def show_scores(rows: Rows, view: PairView) -> None:
    """The verdict, then every model with its interval, and the baselines on the same axis."""
    own = [row for row in rows if row["split"] == view.split]
    others = [row for row in rows if row["split"] != view.split]
    usable = [row for row in own if not row["error"]]
    if not usable:
        st.error(plain(own[0]["error"]), icon=":material/error:")
        return
    verdict = plain(dissimilarity.verdict(usable, view.measure))
    (st.warning if dissimilarity.leaks(usable[0]) else st.info)(
        verdict,
        icon=":material/leak_add:" if dissimilarity.leaks(usable[0]) else ":material/gavel:",
    )
    show_chart(
        drawn(figures.scores, own, others, view.measure),
        key="dissimilarity_scores",
        alt=f"Scores of models, {dissimilarity.split_words(view.split)}: {verdict}",
    )
    first = usable[0]
    st.caption(
        f"{counted(first['pairs'], 'unseen pair')} of {counted(first['images'], 'test image')}; "
        "bars: 95 % interval over images; open and grey: the other split. Lines: the two "
        "baselines; a baseline without a correlation counts as 0."
    )
    for row in own:
        if row["error"]:
            st.caption(f":material/info: {plain(row['label'])}: {plain(row['error'])}")


def choose_model(rows: Rows, view: PairView) -> dict[str, Any] | None:
    """The model whose predictions are shown: the best one until another is chosen."""
    own = [row for row in rows if row["split"] == view.split and not row["error"]]
    if not own:
        return None
    top = dissimilarity.best(rows_of(own), view.measure) or own[0]
    by_label = {row["label"]: row for row in own}
    key = "dissimilarity.model"
    if st.session_state.get(key, top["label"]) not in by_label:
        del st.session_state[key]
    label = st.selectbox(
        "Model shown",
        list(by_label),
        index=list(by_label).index(top["label"]),
        key=key,
        bind="query-params",
        width=320,
    )
    return by_label[label]


def rows_of(rows: Rows) -> Rows:
    """Models without the baselines, where there are any."""
    return [row for row in rows if not row["is_baseline"]] or rows


def show_matrices(ds: Dataset, model: dict[str, Any], view: PairView) -> None:
    """True matrix, unseen pairs, predicted matrix."""
    fitted = results.fit(model["fit"])
    if fitted is None:
        st.info("The predictions are no longer in the store.", icon=":material/info:")
        return
    label = METRICS[view.metric].label
    with st.container(key="dissimilarity_matrices"):
        true, between, predicted = st.columns(3)
    score = dissimilarity.interval_words(model["scores"][view.measure])
    name = dissimilarity.MEASURES[view.measure]
    with true:
        _matrix(ds, fitted, False, label)
    with between:
        st.markdown(f"**Unseen pairs**: {name} {score}")
        show_chart(
            figures.unseen_pairs(fitted, label),
            key="dissimilarity_pairs",
            alt=f"Predicted against true {label} of unseen pairs: {name} {score}",
        )
    with predicted:
        _matrix(ds, fitted, True, label)
    seen = "; under this split most of its cells were trained on" if _is_seen(fitted) else ""
    st.caption(
        f"{counted(len(fitted.shown), 'test image')} of the image split, in both splits the same, "
        f"ordered by category; both matrices have one colour scale{seen}."
    )


def _is_seen(fitted: PairFit) -> bool:
    return not fitted.shown_unseen.any(axis=None) or bool(fitted.exposure.any())


def _matrix(ds: Dataset, fitted: PairFit, predicted: bool, label: str) -> None:
    word = "Predicted" if predicted else "True"
    st.markdown(f"**{word}** {label}")
    show_chart(
        figures.matrix(fitted, ds.stimuli, predicted, label),
        key=f"dissimilarity_{word.lower()}",
        alt=f"{word} matrix of {len(fitted.shown)} test images, {label}",
    )


def show_worst(ds: Dataset, model: dict[str, Any]) -> None:
    """The unseen pairs that are farthest off, as images, with what was known of each."""
    fitted = results.fit(model["fit"])
    if fitted is None:
        return
    st.header("Worst pairs")
    with st.container(key="dissimilarity_worst"):
        columns = st.columns(WORST // 2)
    for place, pair in enumerate(dissimilarity.worst_pairs(fitted, WORST)):
        with columns[place % len(columns)]:
            rows = ds.row(pair.first), ds.row(pair.second)
            first, second = (f"in {n:,}" if n else "new" for n in pair.exposure)
            images.pairs(ds, [rows], [(first, second)])
            st.caption(f"true {pair.truth:.3g}, predicted {pair.predicted:.3g}")
    st.caption("Under each image: in how many training pairs it stands; 'new' where in none.")


def explain_leak(ds: Dataset, rows: Rows, view: PairView) -> None:
    """Which test images were trained on, and what identity alone makes of it."""
    st.header("The leak")
    for split in dict.fromkeys(row["split"] for row in rows):
        usable = [row for row in rows if row["split"] == split and not row["error"]]
        if not usable:
            continue
        alone = next((row for row in usable if row["model"] == "identity"), None)
        words = plain(dissimilarity.leak_words(usable[0]))
        text = f"**{dissimilarity.split_words(split).capitalize()}.** {words}"
        if alone is not None:
            score = dissimilarity.interval_words(alone["scores"][view.measure])
            name = dissimilarity.MEASURES[view.measure]
            text += f" Identity only, which looks at no image: {name} {plain(score)}."
        st.markdown(text)
    _compare_metrics(ds, view)


def _compare_metrics(ds: Dataset, view: PairView) -> None:
    """Why leaked Euclidean looks better than leaked correlation, by the baselines alone."""
    st.markdown("**Euclidean against correlation.** What identity alone explains of each:")
    rows = results.rows_in_view(view.request.of_identity())
    if rows is not None:
        st.markdown(plain(dissimilarity.surprise(rows, view.measure)))
