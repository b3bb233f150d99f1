"""What drives the unit in view: its images measured and predicted, and its words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core import encoding
from core.datasets import Dataset
from core.encoding import EncodingFit
from core.encoding.tuning import SHOWN
from core.errors import NeurogalleryError
from core.figures import encoding as figures
from core.words import p_words
from pages.shared.encoding.evidence import UNIT
from pages.shared.encoding.settings import EncodingView
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import images
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import plain

MODEL = "encoding.model"
SIDE, WORDS = 64, 6


def show(ds: Dataset, fits: Sequence[EncodingFit], view: EncodingView) -> None:
    """Choose a unit and a model; its images at both ends, its scores and its words."""
    st.header("What drives a unit")
    chosen = _choose(fits, view)
    if chosen is None:
        return
    fit, column = chosen
    table = encoding.responses_of_unit(fit, ds, column)
    with st.container(key="encoding_unit"):
        left, right = st.columns(2, gap="medium")
    with left:
        _show_images(ds, table)
    with right:
        _show_scores(fit, column)
        show_chart(
            drawn(figures.unit_responses, table),
            key="encoding_unit_responses",
            alt=f"Measured against predicted response of unit {fit.units[column]}",
        )
        if encoding.has_text(fit.model):
            _show_words(ds, fit, column)


def _choose(fits: Sequence[EncodingFit], view: EncodingView) -> tuple[EncodingFit, int] | None:
    """The model and the column of the unit in view: the best of the first region at first."""
    names = [fit.model for fit in fits]
    if st.session_state.get(MODEL, names[-1]) not in names:
        del st.session_state[MODEL]
    usual = _best_unit(fits[-1], view.regions[0])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        unit = st.number_input(
            "Unit", 0, None, usual, key=UNIT, bind="query-params", width=140,
            help="Its column in the recording; a click on a point above chooses one.",
        )  # fmt: skip
        model = st.selectbox(
            "Model", names, index=len(names) - 1, key=MODEL, bind="query-params", width=260
        )
    fit = fits[names.index(model)]
    places = np.flatnonzero(fit.units == unit)
    if not len(places):
        st.info(
            f"No model predicts unit {unit}; they are numbered {fit.units.min()} to "
            f"{fit.units.max()}, without those left out.",
            icon=":material/info:",
        )
        return None
    return fit, int(places[0])


def _best_unit(fit: EncodingFit, region: str) -> int:
    columns = fit.regions[region]
    r = np.nan_to_num(fit.unit_scores.r[columns], nan=-1.0)
    return int(fit.units[columns[int(r.argmax())]])


def _show_images(ds: Dataset, table: pd.DataFrame) -> None:
    by_prediction = table.sort_values("predicted", ascending=False, kind="stable")
    rows = {
        "Highest measured": table.head(SHOWN),
        "Highest predicted": by_prediction.head(SHOWN),
        "Lowest measured": table.tail(SHOWN).iloc[::-1],
        "Lowest predicted": by_prediction.tail(SHOWN).iloc[::-1],
    }
    groups = {
        name: [
            (row, f"measured {measured:.1f}, predicted {predicted:.1f}")
            for row, measured, predicted in zip(
                some["row"].tolist(), some["measured"], some["predicted"], strict=True
            )
        ]
        for name, some in rows.items()
    }
    images.grouped(ds, groups, "encoding_unit_images", SIDE)
    st.caption(f"Of {len(table):,} test images, which the model has not seen; z by training.")


def _show_scores(fit: EncodingFit, column: int) -> None:
    scores, ceiling = fit.unit_scores, fit.ceilings.correlation[column]
    regions = [name for name, columns in fit.regions.items() if column in columns]
    words = f"**Unit {fit.units[column]}** ({plain(' + '.join(regions) or 'in no ROI')}): "
    words += f"r {scores.r[column]:.2f}, R² {scores.r2[column]:.2f}, "
    words += f"{p_words(float(scores.q[column]))} corrected for all units"
    if fit.ceilings.usable[column]:
        words += f"; {100 * fit.normalised[column]:.0f} % of the ceiling {ceiling:.2f}"
    elif np.isfinite(ceiling):
        words += f"; its ceiling {ceiling:.2f} is too low to divide by"
    st.markdown(f"{words}.")
    alphas = [f"{plain(band)} {alpha[column]:.3g}" for band, alpha in fit.alphas.items()]
    st.caption(f"alpha: {', '.join(alphas)}")


def _show_words(ds: Dataset, fit: EncodingFit, column: int) -> None:
    """Words that lie where the unit answers most and least, by the text encoder."""
    words = encoding.words_of(ds)
    if len(words) < 2:
        return
    try:
        values = _of_words(fit.facts["key"], tuple(words), fit, ds)[:, column]
    except NeurogalleryError as error:
        show_error(error)
        return
    order = np.argsort(values)
    shown = np.unique(np.r_[order[:WORDS], order[-WORDS:]])
    show_chart(
        drawn(figures.unit_words, [words[k] for k in shown], values[shown]),
        key="encoding_unit_words",
        alt=f"Words with the highest and lowest predicted response of unit {fit.units[column]}",
    )
    st.caption(
        f"Of {len(words):,} words of the recording, read as 'a picture of a …' by the text encoder "
        "and put among the images, less what all words share."
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _of_words(key: str, words: tuple[str, ...], _fit: EncodingFit, _ds: Dataset) -> np.ndarray:
    return encoding.predict_texts(_fit, _ds, words)
