"""How the decoder's score drops where training and test images are held further apart."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import generalisation
from core.decoders import Run
from core.decoders.scoring.score_table import worded
from core.figures import decoding
from core.generalisation import GeneralisationRequest
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import results
from pages.shared.frame.text import plain

ABOUT = (
    "The same settings, trained and scored under four splits. Distance: 1 − cosine of the "
    "embeddings, from a test image to the nearest training image, the median. Discrepancy: the "
    "squared maximum mean discrepancy of test and training images (Gretton et al. 2012) as a "
    "multiple of that of random sets: at 1 both are distributed alike. Drop: from the split of "
    "images; both scores are taken as independent (Zou & Donner 2008)."
)


def show(run: Run) -> None:
    """The view, or a button that starts its job."""
    st.header("Under other splits")
    under = results.get(
        GeneralisationRequest(run.config),
        generalisation.load,
        on_click=True,
        icon=":material/alt_route:",
    )
    if under is None:
        st.caption(
            "Does it recognise images unlike those it was trained on? Random images, images far "
            "from every training image, whole clusters and whole categories are held out in turn: "
            "four decoders of these settings. They are kept."
        )
        return
    measure = st.segmented_control(
        "Measure",
        list(under.measures),
        default=under.measures[0],
        required=True,
        key="train.splits_measure",
        bind="query-params",
    )
    rows = under.rows(measure)
    said = under.sentence(measure)
    st.markdown(f"**{plain(under.verdict(measure))}**")
    show_chart(
        drawn(decoding.generalisation, rows, measure),
        key="generalisation",
        alt=f"Score under four splits: {said}",
        title=f"{measure} under four splits",
    )
    st.info(plain(said), icon=":material/alt_route:")
    st.dataframe(in_words(rows, measure), hide_index=True, height="content")
    for row in under.sets[under.sets["error"] != ""].itertuples():
        st.caption(f"{plain(row.label)}: {plain(row.error)}")
    st.caption(ABOUT)


def in_words(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Scores and sets for the reader."""
    rows = rows[rows["value"].notna()]
    words = {
        name: [worded(measure, value) for value in rows[name]]
        for name in ("value", "low", "high", "chance", "drop", "drop_low", "drop_high")
    }
    return pd.DataFrame(
        {
            "Split": rows["label"],
            "Score": words["value"],
            "95 % interval": _between(words["low"], words["high"]),
            "Chance": words["chance"],
            "Drop": words["drop"],
            "95 % interval of the drop": _between(words["drop_low"], words["drop_high"]),
            "Test images": rows["test"].astype(int),
            "Distance": rows["nearest"].map("{:.2f}".format),
            "Discrepancy": (rows["discrepancy"] / rows["random"]).map("{:.2f}".format),
        }
    )


def _between(low: list[str], high: list[str]) -> list[str]:
    return ["–" if a == "–" else f"{a} to {b}" for a, b in zip(low, high, strict=True)]
