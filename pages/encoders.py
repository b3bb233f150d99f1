"""Images and text as vectors: search in an encoder's space, compare encoders, keep embeddings."""

from datetime import datetime

import numpy as np
import pandas as pd
import streamlit as st

from core import encoders, paths, rdm, store
from core.datasets import Dataset
from core.encoders import Encoded, EncoderInfo, neighbours
from core.errors import InputError
from core.figures import spaces as figures
from pages.shared.encoders import embeddings
from pages.shared.encoders import search as image_search
from pages.shared.encoders.embeddings import Space
from pages.shared.frame import recording
from pages.shared.frame.text import counted, plain

MOST_SIDE_BY_SIDE = 3
NEIGHBOURS = 10
WIDEST_CHART = 760
PREFERRED = ("clip-small", "clip-vit-b32", "pixels")


def choose_spaces(ds: Dataset) -> list[Space]:
    """Up to three encoders with their settings."""
    infos = embeddings.listed(ds)
    recording.warn_unknown("encoder", infos, "There is no encoder")
    first = next(name for name in (*PREFERRED, *infos) if name in infos and infos[name].is_here)
    chosen = st.multiselect(
        "Encoders",
        list(infos),
        default=[first],
        key="encoder",
        bind="query-params",
        max_selections=MOST_SIDE_BY_SIDE,
        placeholder="Choose one, or up to three side by side",
        width=480,
    )
    with st.popover("Settings and sources", icon=":material/tune:"):
        spaces = [settings(infos[name]) for name in chosen]
        st.caption(
            "More: place the folder of a CLIP or a vision model of transformers below "
            f"`{paths.data_root() / 'models'}`, and it is listed."
        )
    return spaces


def settings(info: EncoderInfo) -> Space:
    st.markdown(f"**{plain(info.label)}** ({plain(info.id)})  \n{plain(info.description)}")
    sources = {"Source": info.citation, "Licence": info.licence}
    known = [f"{name}: {text}" for name, text in sources.items() if text]
    if known:
        st.caption(plain("  ".join(known)))
    return embeddings.space(info)


def choose_images(ds: Dataset) -> str:
    if len(ds.gallery) == 0:
        return "stimuli"
    return st.segmented_control(
        "Images of",
        ["gallery", "stimuli"],
        default="gallery",
        required=True,
        key="which",
        bind="query-params",
    )


def compare(ds: Dataset, spaces: list[Space], which: str) -> None:
    """How well each space holds categories together, and how alike the spaces are."""
    known: dict[Space, Encoded] = {}
    for space in spaces:
        found = embeddings.get(ds, space, which)
        if found is not None:
            known[space] = found
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
    for space, found in known.items():
        same = agreement(embeddings.name(ds, space, which), labels, found.features)
        rows.append(
            {
                "Encoder": space.label,
                "Images": int(np.isfinite(found.features[:, 0]).sum()),
                "Dimensions": found.features.shape[1],
                "Size (MiB)": round(found.size / 2**20, 2),
                "Time (s)": round(found.seconds, 1) or None,
                "Device": found.facts["device"],
                f"Same category among {NEIGHBOURS}": same and f"{same.share:.1%}",
                "95 % interval": same and f"{same.low:.1%} to {same.high:.1%}",
                "Chance": same and f"{same.chance:.1%}",
            }
        )
    return pd.DataFrame(rows)


@st.cache_data(max_entries=64, show_spinner="Looking at the neighbours …")
def agreement(
    embedding: str, labels: tuple[str, ...], _features: np.ndarray
) -> encoders.Agreement | None:
    return encoders.agreement(_features, labels, NEIGHBOURS)


def compare_rdms(ds: Dataset, known: dict[Space, Encoded], which: str) -> None:
    st.subheader("Do they order pairs of images alike?")
    regions = choose_regions(ds) if which == "stimuli" else []
    names = [embeddings.name(ds, space, which) for space in known]
    if len(names) + len(regions) < 2:
        st.info("Two are compared: encode another one, or choose a ROI beside the stimuli.")
        return
    compared = {space.label: found.features for space, found in known.items()}
    try:
        found = likeness((ds.fingerprint, *names, *regions), compared, tuple(regions), ds)
    except InputError as error:
        st.info(plain(error), icon=":material/info:")
        return
    with st.container(width=WIDEST_CHART):
        alt = "Spearman correlations of RDMs"
        st.plotly_chart(figures.likeness(found), key="likeness", alt=alt)
    st.caption(
        f"Spearman correlation of RDMs (1 − Pearson r) of {found.stimuli:,} images. "
        + " ".join(ceiling_in_words(ds, region) for region in regions)
    )


def ceiling_in_words(ds: Dataset, region: str) -> str:
    highest = ceiling(ds.fingerprint, region, ds)
    if highest is None:
        return f"{plain(region)}: too few repeats, or too noisy, for a noise ceiling."
    return f"{plain(region)}: split-half noise ceiling {highest:.2f}."


@st.cache_data(max_entries=64, show_spinner="Measuring the noise ceiling …")
def ceiling(fingerprint: str, region: str, _ds: Dataset) -> float | None:
    return rdm.split_half_ceiling(_ds.responses(region, repeats="all"), _ds.trial_rows)


def choose_regions(ds: Dataset) -> list[str]:
    if ds.betas is None or not ds.rois:
        return []
    recording.warn_unknown("beside", ds.rois, f"{ds.subject} has no ROI")
    return st.multiselect(
        "Beside the responses of",
        list(ds.rois),
        key="beside",
        bind="query-params",
        max_selections=6,
        placeholder="no ROI",
    )


@st.cache_data(max_entries=16, show_spinner="Comparing RDMs …")
def likeness(
    names: tuple[str, ...],
    _compared: dict[str, np.ndarray],
    regions: tuple[str, ...],
    _ds: Dataset,
) -> rdm.Likeness:
    return rdm.likeness(_compared | {f"{roi} (responses)": _ds.responses(roi) for roi in regions})


def kept() -> None:
    """Every stored embedding, of any recording, with size and time; each can be deleted."""
    entries = encoders.entries()
    if not entries:
        st.info("No embedding is stored yet.", icon=":material/info:")
        return
    total = sum(entry.bytes for entry in entries)
    st.caption(
        f"{counted(len(entries), 'embedding')}, {total / 2**20:,.1f} MiB, of all recordings."
    )
    for entry in entries:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(described(entry))
            st.button(
                "Delete",
                key=f"delete_{entry.key}",
                on_click=store.remove,
                args=(entry.key,),
                icon=":material/delete:",
            )


def described(entry: store.Entry) -> str:
    """A stored embedding in words; a damaged one says so."""
    facts = entry.facts
    size = f"{entry.bytes / 2**20:,.1f} MiB"
    if "error" in facts:
        return f"**{plain(entry.key)}** ({size}): {plain(facts['error'])}"
    settings = ", ".join(f"{name} {value}" for name, value in facts["parameters"].items())
    created = datetime.fromtimestamp(entry.created).strftime("%Y-%m-%d %H:%M")
    return (
        f"**{plain(facts['encoder'])}**{plain(f' ({settings})') if settings else ''} · "
        f"{plain(facts['which'])} of {plain(facts['title'])}  \n"
        f":small[{size} · {facts['seconds']:.1f} s on {plain(facts['device'])} · {created}]"
    )


def page(ds: Dataset) -> None:
    recording.title(ds, "Encoders")
    st.markdown(
        "Which images does a model hold to be alike? Search by words or by an image, and see "
        "how encoders differ."
    )
    if ds.images is None and not ds.embeddings:
        st.info(f"{ds.info.title} comes without images, so there is nothing to encode.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        spaces = choose_spaces(ds)
        which = choose_images(ds)
    search, comparison, storage = st.tabs(
        ["Search", "Compare", "Stored"], key="show_encoders", on_change="rerun", bind="query-params"
    )
    with search:
        if search.open and spaces:
            image_search.search(ds, spaces, which)
    with comparison:
        if comparison.open and spaces:
            compare(ds, spaces, which)
    with storage:
        if storage.open:
            kept()
    if not spaces and not storage.open:
        st.info("Choose at least one encoder.", icon=":material/info:")


page(recording.require())
