"""What the recording is, whether its parts fit together, and its stimuli."""

import pandas as pd
import streamlit as st

from core.datasets import Dataset, completeness
from core.datasets.checks import Check, check
from core.validation import enumerate_names
from pages.shared.frame import images, recording
from pages.shared.frame.text import plain
from pages.shared.head import head

MOST_PILLS = 20

MARKS = {
    "ok": ":green[:material/check_circle:]",
    "note": ":blue[:material/info:]",
    "problem": ":orange[:material/warning:]",
}


def figures(ds: Dataset) -> None:
    repeats = ds.repeats
    shown = "–"
    if ds.betas is not None:
        low, high = int(repeats.min()), int(repeats.max())
        shown = f"{low}" if low == high else f"{low}–{high}"
    facts = {
        "Stimuli": f"{ds.n_stimuli:,}",
        "Categories": f"{ds.stimuli['category'].replace('', None).nunique():,}",
        "Subjects": f"{len(ds.subjects)}",
        "ROIs": f"{len(ds.rois)}" if ds.rois else "–",
        "Units": f"{ds.n_units:,}" if ds.n_units else "–",
        "Repeats": shown,
    }
    if ds.rdms:
        facts["RDMs"] = f"{len(ds.rdms)}"
    with st.container(key="facts"):
        for column, (label, value) in zip(st.columns(len(facts)), facts.items(), strict=True):
            column.metric(label, value)


def provenance(ds: Dataset) -> None:
    st.markdown(f"**{plain(ds.info.title)}.** {plain(ds.info.description)}")
    st.markdown(f"**Citation.** {plain(ds.info.citation or 'not given')}")
    st.markdown(f"**Licence.** {plain(ds.info.licence or 'not given')}")
    units = ds.info.units if ds.n_units else f"none: {ds.info.title} {ds.lack}"
    st.markdown(f"**Responses.** {plain(units)}")
    if ds.rois:
        sizes = [f"{name} ({len(units):,})" for name, units in ds.rois.items()]
        st.markdown(f"**ROIs (units).** {plain(enumerate_names(sizes, 30))}")
    if ds.rdms:
        st.markdown(f"**RDMs.** {plain(enumerate_names(list(ds.rdms), 14))}")


@st.cache_resource(max_entries=16, show_spinner="Checking the recording …")
def checked(fingerprint: str, notes: tuple[tuple[str, str], ...], _ds: Dataset) -> list[Check]:
    return check(_ds)


def checks(ds: Dataset) -> None:
    for result in checked(ds.fingerprint, ds.notes, ds):
        st.markdown(f"{MARKS[result.state]} **{plain(result.title)}.** {plain(result.detail)}")


@st.cache_resource(max_entries=16, show_spinner=False)
def missing_tables(fingerprint: str, _ds: Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    return completeness.roi_table(_ds), completeness.unit_table(_ds)


def missing(ds: Dataset) -> None:
    """What is missing of the responses of the subject in view, and what rests on fewer."""
    if ds.betas is None or completeness.is_complete(ds):
        return
    st.header(f"Missing responses of {plain(ds.subject)}")
    st.caption(completeness.IN_WORDS)
    rois, units = missing_tables(ds.fingerprint, ds)
    st.dataframe(rois, hide_index=True)
    if len(units):
        st.dataframe(units, hide_index=True)


def choose_categories(names: list[str]) -> list[str]:
    if len(names) > MOST_PILLS:
        return st.multiselect("Categories", names, placeholder="every category")
    return st.pills("Categories", names, selection_mode="multi", format_func=plain)


def browse(ds: Dataset) -> None:
    """The stimuli of chosen categories, to look at and to select."""
    st.caption("Click stimuli to select them; the selection goes with you to the other pages.")
    column = "category" if ds.stimuli["category"].ne("").any() else None
    stimuli = ds.stimuli
    if column:
        names = stimuli[column].replace("", "without category")
        chosen = choose_categories(list(dict.fromkeys(names)))
        stimuli = stimuli[names.isin(chosen)] if chosen else stimuli
        order = stimuli[["supercategory", "category"]].apply(lambda names: names.factorize()[0])
        stimuli = stimuli.loc[order.sort_values(["supercategory", "category"], kind="stable").index]
    images.browse(ds, stimuli, "overview", column)


ds = recording.require()
head.show(ds)
figures(ds)
browse(ds)
missing(ds)
with st.container(key="halves"):
    about, health = st.columns(2, gap="large")
with about:
    st.header("About")
    provenance(ds)
with health:
    st.header("Checks")
    checks(ds)
