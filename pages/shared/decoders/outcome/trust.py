"""Whether the score can be trusted: a sentence for each check, and charts."""

from __future__ import annotations

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from core import trust
from core.decoders import Run
from core.figures import trust as figures
from core.trust import Trust, TrustRequest
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import results
from pages.shared.frame.text import plain

TITLES = {
    "controls": ("Does it need the responses?", "Mayo et al. 2024, arXiv:2411.02783"),
    "bottleneck": ("How much of them does it use?", "Mayo et al. 2024, arXiv:2411.02783"),
    "dimensions": (
        "Do its predictions differ enough?",
        "Shirakawa et al. 2024, arXiv:2405.10078; arXiv:2509.15832",
    ),
    "learning": ("Would more images help?", "Banville et al. 2025, arXiv:2501.15322"),
    "nearness": ("Does it know similar images?", "Shirakawa et al. 2024, arXiv:2405.10078"),
}
CHARTS: dict[str, Callable[[Trust], go.Figure]] = {
    "bottleneck": figures.bottleneck,
    "learning": figures.learning,
    "nearness": figures.nearness,
}


def show(run: Run) -> None:
    """The checks, or a button that starts their job."""
    st.header("Can this score be trusted?")
    checked = results.get(
        TrustRequest.of(run), trust.load, on_click=True, icon=":material/fact_check:"
    )
    if checked is None:
        st.caption(
            "Decoders of the same settings on noise, on permuted responses and on parts of the "
            "training images; how many components of the responses suffice; whether predictions "
            "collapse; whether images near to training score better. The decoder itself stays as "
            "it is."
        )
        return
    said = checked.sentences
    for check in (name for name in said if name not in CHARTS):
        st.markdown(_question(check, said[check]))
    with st.container(key="halves_trust"):
        places = st.columns(len(CHARTS), gap="medium")
    for place, (check, draw) in zip(places, CHARTS.items(), strict=True):
        place.markdown(_question(check, said[check]))
        show_chart(
            drawn(draw, checked),
            key=f"trust_{check}",
            alt=said[check],
            title=TITLES[check][0],
            place=place,
        )
    st.caption(
        f"Two-way identification in the test set, repeats averaged: {checked.score:.1%} "
        f"({checked.low:.1%} to {checked.high:.1%}, over {plain(checked.over)}); chance 50%."
    )


def _question(check: str, sentence: str) -> str:
    title, source = TITLES[check]
    return f"**{title}** {plain(sentence)} :small[{plain(source)}]"
