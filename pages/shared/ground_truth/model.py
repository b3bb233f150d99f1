"""The simulated subject: what drives its regions, and the model of its responses."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import recovery, simulation
from core.datasets import Dataset
from core.figures import curves
from core.simulation.scenes.themes import THEMES
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import images, widgets

STRONGEST = 10
MODEL = r"""
\begin{aligned}
b_{ut} &= \kappa_u\, x_{u s(t)} + e_{ut} \\
x_{us} &= \sum_{p} \sqrt{w_{p}}\; z_{pus} \\
\rho_u(R) &= \frac{\kappa_u^2}{\kappa_u^2 + 1/R}
\end{aligned}
"""


@st.cache_resource(max_entries=4, show_spinner="Simulating the subject …")
def noise_free(fingerprint: str, _ds: Dataset) -> simulation.Model:
    return simulation.truth(_ds.subject, _ds.options)[1]


def planted(ds: Dataset) -> None:
    st.header("What drives each region")
    model = noise_free(ds.fingerprint, ds)
    table = recovery.profiles(model, ds.stimuli["theme"]).rename(index=THEMES)
    chart = drawn(curves.profiles, table, [simulation.roi_of(str(name)) for name in table])
    show_chart(chart, key="profiles", alt="Mean noise-free response of regions to themes")
    st.caption(
        f"Noise-free mean response of the units of each region of {ds.subject} to the six "
        "themes, z over stimuli. Regions that this subject lacks are left out."
    )
    widgets.warn_unknown(
        "ground_truth.region", list(map(str, table)), f"{ds.subject} has no region"
    )
    region = st.selectbox(
        "Stimuli that drive a region",
        list(map(str, table)),
        key="ground_truth.region",
        bind="query-params",
        width=240,
    )
    strongest = recovery.strongest(model, region, STRONGEST)
    if len(strongest[0]) == 0:
        st.info(f"The chosen parts of the responses do not reach {region}.")
        return
    for label, rows in zip(("Most", "Least"), strongest, strict=True):
        st.markdown(f"**{label}**")
        images.strip(ds, rows.tolist(), size=84)


def model(ds: Dataset) -> None:
    st.header("The model")
    st.latex(MODEL)
    st.markdown(
        "The response *b* of unit *u* in trial *t* is its signal *x* for the stimulus shown, times "
        "its signal-to-noise ratio κ (ncsnr), plus noise *e* of variance 1. The signal mixes the "
        "drives *z* of four parts, in shares *w* of its region: **pixels** (a Gabor pyramid seen "
        "through a receptive field), **colour** and texture, **context** (the other objects in "
        "the scene by their size, and the place), and the **semantics** of the main object (16 "
        "dimensions written down for each object category). The noise has a global part (8 %), a "
        "spatially correlated part (40 %), a slow drift in each session (5 %) and an independent "
        "part. "
        "ρ is the noise ceiling of *R* averaged trials. Betas are z-scored within each session."
    )
    regions = [region.name for region in simulation.REGIONS]
    parts = [region.parts for region in simulation.REGIONS]
    shares = pd.DataFrame(parts, index=regions, columns=list(simulation.PARTS))
    left_out = [part for part in simulation.PARTS if part not in ds.options["parts"]]
    shares[left_out] = 0.0
    chart = drawn(curves.composition, shares.div(shares.sum(axis=1), axis=0).fillna(0.0))
    show_chart(chart, key="composition", alt="Parts of the signal's variance by region")
    st.caption(
        "κ is log-normal over units with the median of the option 'Signal-to-noise ratio' for a "
        "subject of average quality and a standard deviation of 0.5 in log units: at the default, "
        "three averaged trials have a median noise ceiling of 32 %, and nine in ten units lie "
        "between 6 and 80 %. Noise ceilings at 7T cover such a range (Allen et al. 2022, Nature "
        "Neuroscience 25); those at 3T lie lower (Chang et al. 2019, Scientific Data 6; Hebart et "
        "al. 2023, eLife 12). These numbers are choices in that range, not fits, and were fixed "
        "before any decoder was trained. Noise-ceiling formula: Allen et al. 2022. The parts' "
        "drives correlate a little, so w are weights before x is scaled to variance 1."
    )
