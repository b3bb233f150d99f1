"""How many components come back, and which have a twin in the other subjects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.components import METHODS, ComponentsRequest, ComponentsResult
from core.figures import components as figures
from core.words import p_number
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame.text import counted, plain


def say(request: ComponentsRequest, result: ComponentsResult) -> None:
    """How many come back, what was not as it should be."""
    components = result.components
    k, explained = components.k, 100 * components.explained
    if result.how_many is None:
        words = f"**{counted(k, 'component')}**, ordered by variance. {plain(result.problem)}"
        st.info(f"{words} Which come back cannot be told.", icon=":material/info:")
    elif result.how_many.k == 0:
        st.warning(
            f"**None reliable.** No dimension of the responses comes back in the other half of the "
            f"repeats; the {k} components shown are noise, as far as can be told.",
            icon=":material/warning:",
        )
    else:
        sure = int(result.reliable.sum())
        st.markdown(
            f"**{sure} of {counted(k, 'component')} come back** in other stimuli and the other "
            f"half of the repeats; the responses hold {result.how_many.k} dimensions that do. "
            f"Together the components hold {explained:.0f} % of the variance."
        )
    if not components.converged:
        st.warning(
            f"{METHODS[request.method].label} did not converge: another seed may give other "
            "components. Choose fewer, or another method.",
            icon=":material/warning:",
        )
    if components.shifted:
        st.caption(
            f"NMF takes no negative values: {counted(components.shifted, 'column')} had some and "
            "were raised by their lowest one, so that 0 is the least response, not the baseline."
        )
    if components.constant:
        st.caption(f"{counted(components.constant, 'column')} do not vary and take no part.")
    for note in result.notes:
        st.caption(plain(note))


def show_dimensions(result: ComponentsResult) -> None:
    """How many: by what comes back, not by taste."""
    if result.how_many is None:
        st.info(plain(result.problem), icon=":material/info:")
        return
    many = result.how_many
    show_chart(
        drawn(figures.dimensions, many.r, many.threshold, many.k),
        key="components_dimensions",
        alt=f"Canonical correlations of halves: {many.k} above chance",
    )
    st.caption(
        "Canonical correlations between both halves of the repeats, over stimuli, in the space of "
        "the first principal components; tested one after the other against permuted stimuli "
        "(Winkler et al. 2020). Blue: those that come back."
    )


def show_twins(result: ComponentsResult) -> None:
    """Each component with its twin in every other subject."""
    if result.twins.empty:
        st.info("There is no other subject who saw these images.", icon=":material/info:")
        return
    show_chart(
        drawn(figures.twins, result.twins, result.components.k),
        key="components_twins",
        alt="Correlation of each component with its twin in every other subject",
    )
    stimuli = int(result.twins["stimuli"].max())
    st.caption(
        f"Scores over up to {stimuli:,} shared images, matched one to one; p for the best pair of "
        "all under permuted images (family-wise)."
    )


def table(result: ComponentsResult) -> pd.DataFrame:
    """A row a component."""
    components, known = result.components, result.reliability
    nothing = np.full(components.k, np.nan)
    rows = pd.DataFrame(
        {
            "Component": np.arange(1, components.k + 1),
            "Variance %": (100 * components.variance).round(1),
            "Reliability": (nothing if known is None else known.r).round(2),
            "p": [p_number(float(p)) for p in (nothing if known is None else known.p)],
            "Comes back": result.reliable,
        }
    )
    if not result.twins.empty:
        sure = result.twins[result.twins["p"] <= 0.05].groupby("component")["subject"].nunique()
        rows["Subjects with a twin"] = sure.reindex(range(components.k), fill_value=0).to_numpy()
    return rows
