"""Where the information is: decoding from each region beside encoding of each region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd
import streamlit as st

from core import encoding
from core.encoding import EncodingFit, InformationRequest
from core.figures import encoding as figures
from pages.shared.encoding import results
from pages.shared.encoding.settings import EncodingView
from pages.shared.export.figures import show_chart


def show(fits: Sequence[EncodingFit], view: EncodingView) -> None:
    """Two charts of one axis, once the regions in view are decoded."""
    st.header("Where is the information?")
    rois = () if view.regions == ("every unit",) else view.regions
    values = {name: getattr(view.request, name) for name in asdict(view.request)}
    request = InformationRequest(**{**values, "rois": rois})
    decoding = results.decoding_in_view(request)
    if decoding is None:
        st.caption(
            "Decodes the same embeddings from each region by ridge regression, and compares with "
            "how well they predict it."
        )
        return
    scores = pd.concat([encoding.by_region(fit) for fit in fits], ignore_index=True)
    scores = scores[scores["roi"].isin(view.regions)]
    names = dict.fromkeys([*request.embeddings, *(fit.model for fit in fits)])
    labels = {name: encoding.model_label(name) for name in names}
    figure_pair = figures.information(decoding, scores, labels)
    with st.container(key="halves_encoding"):
        columns = st.columns(2, gap="medium")
    titles = ("Decoded from each region", "Predicted in each region")
    for column, figure, title in zip(columns, figure_pair, titles, strict=True):
        with column:
            st.markdown(f"**{title}**")
            show_chart(figure, key=f"encoding_{title.split()[0].lower()}", alt=title)
    first = decoding.iloc[0]
    st.caption(
        f"Lines: 95 % interval over {first['resampled']}. Left: the predicted embedding lies "
        f"nearer to that of the seen image than to another's, chance 50 %, {first['n']:,} test "
        "images. Right: median r over units, with what noise allows."
    )
