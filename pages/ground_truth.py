"""How many repeats would I need? What a design recovers of a known truth."""

import pandas as pd
import streamlit as st

from core import rdm, recovery, simulation
from core.datasets import Dataset
from core.figures import curves
from core.recovery import CURVES, MEASURES
from core.simulation.scenes.themes import THEMES
from pages.shared.frame import images, recording
from pages.shared.frame import jobs as jobs_panel

STRONGEST = 10

REFERENCES = {
    "reliability": ("ceiling", "predicted by the model"),
    "clusters": ("themes", "noise-free responses"),
}
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


@st.cache_data(max_entries=16, show_spinner=False)
def curve_table(key: str) -> pd.DataFrame | None:
    return recovery.load(key)


@st.cache_data(max_entries=16, show_spinner=False)
def mean_curves(key: str, _curves: pd.DataFrame) -> pd.DataFrame:
    return recovery.summary(_curves)


def only_simulated(ds: Dataset) -> bool:
    if ds.info.is_simulated and "snr" in ds.options:
        return True
    st.info(
        f"{ds.info.title} was recorded from brains, so its noise-free responses are not known. "
        "This page simulates recordings of which they are: choose the recording 'simulated' in "
        "the sidebar.",
        icon=":material/info:",
    )
    return False


def choose_request(ds: Dataset) -> dict[str, object]:
    """What is simulated: the design in the sidebar, seen through one ROI and one metric."""
    everything = "all units"
    metrics = [name for name in rdm.METRICS if not rdm.METRICS[name].needs_folds]
    rois = [*simulation.ROIS, everything]
    with st.container(horizontal=True):
        roi = st.selectbox("ROI", rois, key="truth_roi", bind="query-params", width=200)
        metric = st.selectbox(
            "Metric of the RDM",
            metrics,
            key="truth_metric",
            bind="query-params",
            width=260,
        )
    options = {**ds.options, "parts": list(ds.options["parts"])}
    return {"options": options, "roi": None if roi == everything else roi, "metric": metric}


def choose_question() -> tuple[str, float]:
    """What should be recovered, and how well."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        measured = st.segmented_control(
            "What should be recovered",
            list(MEASURES),
            default="rdm",
            required=True,
            key="measure",
            bind="query-params",
        )
        target = st.number_input(
            "Target (0.05 to 0.99)",
            0.05,
            0.99,
            0.8,
            0.05,
            key="target",
            bind="query-params",
            width=160,
        )
    return measured, target


def interval(subjects: int) -> str:
    if subjects < recovery.FEWEST_FOR_INTERVAL:
        return f"{subjects} subject(s) have the region, too few for an interval."
    return (
        f"Lines: mean of the {subjects} subjects that have the region; bands: its 95 % t interval "
        "over subjects, who all see the same stimuli."
    )


def answers(ds: Dataset, means: pd.DataFrame, measured: str, target: float) -> None:
    """The smallest design that reaches the target, one thing changed at a time."""
    with st.container(key="facts"):
        for column, name in zip(st.columns(len(list(CURVES))), CURVES, strict=True):
            column.metric(f"{CURVES[name].label} needed", answer(means, name, measured, target))
    design = ds.options
    st.caption(
        f"The smallest value on each curve whose mean over the subjects reaches {target:.2f} "
        "('never': not even without noise; –: does not depend on it), "
        f"the rest of the design as in the sidebar: {design['stimuli']:,} stimuli, "
        f"{design['repeats']} repeats, signal-to-noise ratio {design['snr']:g}, every unit."
    )


def answer(means: pd.DataFrame, curve: str, measured: str, target: float) -> str:
    if curve not in MEASURES[measured].depends_on:
        return "–"
    value = recovery.needed(means, curve, measured, target)
    if value is not None:
        return f"{value:,g}"
    if recovery.limit(means, measured) < target:
        return "never"
    return f"> {means.loc[means['curve'] == curve, 'value'].max():,g}"


def draw_curves(ds: Dataset, means: pd.DataFrame, measured: str, target: float) -> None:
    reference, reference_name = REFERENCES.get(measured, (None, ""))
    with st.container(key="halves"):
        columns = [*st.columns(2), *st.columns(2)]
    for column, name in zip(columns, CURVES, strict=True):
        points = means[means["curve"] == name]
        current = ds.options.get(name, points["value"].max())
        chart = curves.recovery(
            points[points["measure"] == measured],
            points[points["measure"] == reference] if reference else None,
            reference_name,
            CURVES[name].label,
            MEASURES[measured].label,
            float(current),
            target,
        )
        alt = f"{MEASURES[measured].label} over {CURVES[name].label.lower()}"
        column.plotly_chart(chart, key=f"curve_{name}", alt=alt)


def recovered(ds: Dataset) -> None:
    request = choose_request(ds)
    measured, target = choose_question()
    label = "Simulating recordings of other designs"
    job = jobs_panel.run_here("ground_truth", request, label, one_at_a_time=True)
    if job is None:
        return
    key = job.result["key"]
    found = curve_table(key)
    if found is None:
        job.remove()
        st.rerun()
    means = mean_curves(key, found)
    answers(ds, means, measured, target)
    draw_curves(ds, means, measured, target)
    st.caption(
        f"{MEASURES[measured].label}: {MEASURES[measured].help}. "
        f"{interval(found['subject'].nunique())}"
    )
    st.download_button(
        "Values (CSV)",
        lambda: found.to_csv(index=False),
        f"ground_truth_{request['roi'] or 'all'}.csv",
        "text/csv",
        icon=":material/download:",
    )


def planted(ds: Dataset) -> None:
    st.subheader("What each region answers to")
    model = noise_free(ds.fingerprint, ds)
    table = recovery.profiles(model, ds.stimuli["theme"]).rename(index=THEMES)
    chart = curves.profiles(table, [simulation.roi_of(str(name)) for name in table])
    st.plotly_chart(chart, key="profiles", alt="Mean noise-free response of regions to themes")
    st.caption(
        f"Noise-free mean response of the units of each region of {ds.subject} to the six "
        "themes, z over stimuli. Regions that this subject lacks are left out."
    )
    recording.warn_unknown("region", list(map(str, table)), f"{ds.subject} has no region")
    region = st.selectbox(
        "Images that drive a region",
        list(map(str, table)),
        key="region",
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
    st.subheader("The model")
    st.latex(MODEL)
    st.markdown(
        "The response *b* of unit *u* in trial *t* is its signal *x* for the stimulus shown, times "
        "its signal-to-noise ratio κ (ncsnr), plus noise *e* of variance 1. The signal mixes the "
        "drives *z* of four parts, in shares *w* of its region: **pixels** (a Gabor pyramid seen "
        "through a receptive field), **colour** and texture, **context** (the other things in the "
        "scene by their size, and the place), and the **semantics** of the main thing (16 "
        "dimensions written down for each kind). The noise has a global part (8 %), a spatially "
        "correlated part (40 %), a slow drift in each session (5 %) and an independent part. "
        "ρ is the noise ceiling of *R* averaged trials. Betas are z-scored within each session."
    )
    regions = [region.name for region in simulation.REGIONS]
    parts = [region.parts for region in simulation.REGIONS]
    shares = pd.DataFrame(parts, index=regions, columns=list(simulation.PARTS))
    left_out = [part for part in simulation.PARTS if part not in ds.options["parts"]]
    shares[left_out] = 0.0
    chart = curves.composition(shares.div(shares.sum(axis=1), axis=0).fillna(0.0))
    st.plotly_chart(chart, key="composition", alt="Parts of the signal's variance by region")
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


def page(ds: Dataset) -> None:
    recording.title(ds, "Ground truth")
    st.markdown("How many repeats, stimuli or units would I need to recover what is there?")
    if not only_simulated(ds):
        return
    recovered(ds)
    planted(ds)
    model(ds)


page(recording.require())
