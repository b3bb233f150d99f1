"""Encoders compared: how near images of a category lie in each, and how their RDMs correlate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import encoders, rdm
from core.datasets import Dataset
from core.encoders import Encoded, neighbours
from core.errors import InputError
from core.figures import spaces as figures
from core.words import counted
from pages.shared.encoders import embeddings
from pages.shared.encoders.embeddings import Space
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import widgets
from pages.shared.frame.text import plain

NEIGHBOURS = 10
MOST_ROIS = 6
WIDEST_CHART = 760


def compare(ds: Dataset, spaces: list[Space], which: str) -> None:
    """How near images of a category lie in each space, and how the RDMs of the spaces correlate."""
    known: dict[Space, Encoded] = {}
    for space in spaces:
        encoded = embeddings.get(ds, space, which)
        if encoded is not None:
            known[space] = encoded
    if known:
        st.dataframe(overview(ds, known, which), hide_index=True)
        st.caption(
            f"Same category: mean share of an image's {NEIGHBOURS} nearest images (cosine "
            f"similarity) that have its category, over at most {neighbours.MOST_QUERIES:,} "
            "images; its 95 % interval resamples categories. Chance: what random images "
            "would give."
        )
    compare_rdms(ds, known, which)


def overview(ds: Dataset, known: dict[Space, Encoded], which: str) -> pd.DataFrame:
    labels = tuple(embeddings.table(ds, which)["category"])
    rows = []
    for space, encoded in known.items():
        same = agreement(embeddings.name(ds, space, which), labels, encoded.features)
        rows.append(
            {
                "Encoder": space.label,
                "Images": int(np.isfinite(encoded.features[:, 0]).sum()),
                "Dimensions": encoded.features.shape[1],
                "Size (MiB)": round(encoded.size / 2**20, 2),
                "Time (s)": round(encoded.seconds, 1) or None,
                "Device": encoded.facts["device"],
                f"Same category among {NEIGHBOURS}": same and f"{same.share:.1%}",
                "95 % interval": same and f"{same.low:.1%} to {same.high:.1%}",
                "Chance": same and f"{same.chance:.1%}",
            }
        )
    return pd.DataFrame(rows)


@st.cache_data(max_entries=64, show_spinner="Comparing the neighbours …")
def agreement(
    embedding: str, labels: tuple[str, ...], _features: np.ndarray
) -> encoders.Agreement | None:
    return encoders.agreement(_features, labels, NEIGHBOURS)


def compare_rdms(ds: Dataset, known: dict[Space, Encoded], which: str) -> None:
    st.header("RDM correlation")
    regions = choose_regions(ds) if which == "stimuli" else []
    names = [embeddings.name(ds, space, which) for space in known]
    if len(names) + len(regions) < 2:
        st.info("Two are compared: encode another one, or choose a ROI beside the stimuli.")
        return
    compared = {space.label: encoded.features for space, encoded in known.items()}
    try:
        correlations = correlate((ds.fingerprint, *names, *regions), compared, tuple(regions), ds)
    except InputError as error:
        st.info(plain(error), icon=":material/info:")
        return
    with st.container(width=WIDEST_CHART):
        alt = "Spearman correlations of RDMs"
        show_chart(drawn(figures.rdm_correlations, correlations), key="rdm_correlations", alt=alt)
    st.caption(
        "Spearman correlation of RDMs (1 − Pearson r) of "
        f"{counted(correlations.stimuli, 'image')}. "
        + " ".join(ceiling_in_words(ds, region) for region in regions)
    )


def ceiling_in_words(ds: Dataset, region: str) -> str:
    """What a model without noise would reach, as far as the repeats tell."""
    known = ceiling(ds.fingerprint, region, ds)
    if known is None:
        return f"{plain(region)}: too few repeated stimuli for a noise ceiling."
    among = f"{known.stimuli:,} repeated stimuli"
    if known.low == 0:
        return (
            f"{plain(region)}: the repeats do not tell whether the RDM holds signal; the noise "
            f"ceiling is at most {known.high:.2f} ({among})."
        )
    return (
        f"{plain(region)}: noise ceiling {known.estimate:.2f} (95 % interval {known.low:.2f} to "
        f"{known.high:.2f}, {among}): a model without noise would correlate so."
    )


@st.cache_data(max_entries=64, show_spinner="Measuring the noise ceiling …")
def ceiling(fingerprint: str, region: str, _ds: Dataset) -> rdm.RepeatCeiling | None:
    trials = _ds.responses(region, repeats="all")
    return rdm.repeat_ceiling(trials, _ds.trial_rows, _ds.trial_runs)


def choose_regions(ds: Dataset) -> list[str]:
    if ds.betas is None or not ds.rois:
        return []
    return widgets.choose_rois(
        list(ds.rois),
        f"{ds.subject} has no ROI",
        most=MOST_ROIS,
        label="Beside the responses of",
        placeholder="no ROI",
    )


@st.cache_data(max_entries=16, show_spinner="Comparing RDMs …")
def correlate(
    names: tuple[str, ...],
    _compared: dict[str, np.ndarray],
    regions: tuple[str, ...],
    _ds: Dataset,
) -> rdm.RdmCorrelations:
    return rdm.correlate(_compared | {f"{roi} (responses)": _ds.responses(roi) for roi in regions})
