"""What is compared on the page Compare, by which measure, and how certain that is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import rdm, rsa
from core.datasets import Dataset
from core.errors import NeurogalleryError
from core.figures.heatmap import COLOUR_SCALES
from core.rdm.comparisons import RdmComparison
from core.rsa import RdmSource
from core.rsa.inference import CORRECTIONS, RESAMPLES
from core.rsa.job import FLEXIBLE, MOST_STIMULI, PERMUTATIONS, SAMPLES, CompareRequest
from core.rsa.sources import of_rois
from pages.shared.frame import recording, widgets
from pages.shared.frame.text import plain

MODELS, PUBLISHED = "compare.models", "compare.brain"
# What was uploaded enters the models before their widget is drawn.
ADDED = "compare_added"
MOST_PARTS = 4
# Fewer stimuli that subjects share tell nothing of their geometry.
FEWEST_SHARED = 20
ALL, IN_VIEW = "all", "the one in view"
FLEXIBLE_LABELS = {"weighted": "all models weighted", "layers": "best layer of each encoder"}


@dataclass(frozen=True)
class Look:
    """How RDMs are shown: id of an order, and of a colour scale."""

    order: str
    colours: str


def choose(ds: Dataset) -> tuple[CompareRequest | None, Look]:
    """The comparison that the controls call for; None where a brain or a model is to be chosen."""
    notes = st.container()
    listed = available(ds.fingerprint, ds)
    with st.container(key="controls", horizontal=True, vertical_alignment="bottom"):
        brain = _choose_brain(ds, notes)
        models = _choose_models(listed, brain)
        method = st.selectbox(
            "Measure",
            list(rdm.COMPARISONS),
            key="compare.measure",
            bind="query-params",
            width=130,
            help="How two RDMs are compared, over the pairs of stimuli.",
        )
        with st.popover("Settings", icon=":material/tune:"):
            subjects, values, look = _choose_rest(ds, brain, rdm.COMPARISONS[method], notes)
    if differing := _differing(values, subjects):
        st.caption(differing)
    if not brain or not models:
        st.info("Choose a part of the brain and at least one model.", icon=":material/info:")
        return None, look
    first = ds if subjects == IN_VIEW else recording.other_subject(ds, ds.subjects[0])
    whose = (ds.subject,) if subjects == IN_VIEW else ds.subjects
    return CompareRequest.of(first, brain, models, whose, method=method, **values), look


@st.cache_resource(max_entries=16, show_spinner=False, ttl=20)
def available(fingerprint: str, _ds: Dataset) -> list[RdmSource]:
    """What there is to compare; looked up again after a while, for decoders come and go."""
    return rsa.available(_ds)


@st.cache_resource(max_entries=16, show_spinner=False)
def share_stimuli(fingerprint: str, _ds: Dataset) -> bool:
    """Whether another subject saw so many of the same stimuli that the RDMs can be compared.

    Those of the Natural Scenes Dataset saw others in the main, those of Algonauts 2023 none.
    """
    other = next(name for name in _ds.subjects if name != _ds.subject)
    try:
        stimuli = recording.other_subject(_ds, other).stimuli["id"]
    except NeurogalleryError:  # not to be opened yet, or damaged: its own page says so
        return False
    return int(stimuli.isin(_ds.stimuli["id"]).sum()) >= FEWEST_SHARED


def _choose_brain(ds: Dataset, notes: DeltaGenerator) -> list[RdmSource]:
    if ds.betas is None:
        names = list(ds.rdms)
        widgets.warn_unknown(PUBLISHED, names, "There is no RDM")
        chosen = st.multiselect(
            "Brain",
            names,
            default=names[:1],
            max_selections=MOST_PARTS,
            select_all=False,
            key=PUBLISHED,
            bind="query-params",
            width=210,
        )
        return [RdmSource("published", name, label=name) for name in chosen]
    rois = widgets.choose_rois(
        list(ds.rois),
        f"{ds.subject} has no ROI",
        default=rsa.usual_parts(ds),
        most=MOST_PARTS,
        label="Brain",
        notes=notes,
        width=210,
        help="Each ROI is compared by itself, as the RDMs of all subjects.",
    )
    return [of_rois([roi], "") for roi in rois] or [of_rois([], "")]


def _choose_models(listed: list[RdmSource], brain: list[RdmSource]) -> list[RdmSource]:
    taken = {(source.kind, source.name) for source in brain}
    offered = {
        source.name_shown: source
        for source in listed
        if source.kind != "roi" and (source.kind, source.name) not in taken
    }
    usual = [source.name_shown for source in rsa.usual_models(list(offered.values()), brain)]
    widgets.warn_unknown(MODELS, offered, "There is no model")
    if ADDED in st.session_state:
        added = st.session_state.pop(ADDED)
        st.session_state[MODELS] = [*st.session_state.get(MODELS, usual), *added]
    if MODELS in st.session_state:  # what another recording has not
        kept = [name for name in st.session_state[MODELS] if name in offered]
        if kept != st.session_state[MODELS]:
            st.session_state[MODELS] = kept or usual
    names = st.multiselect(
        "Models",
        list(offered),
        default=usual,
        select_all=False,
        key=MODELS,
        bind="query-params",
        width="stretch",
        wrap=False,
        help="; ".join(f"**{kind.label}**: {kind.note}" for kind in rsa.RDM_KINDS.values()),
    )
    return [offered[name] for name in names]


def _choose_rest(
    ds: Dataset, brain: list[RdmSource], method: RdmComparison, notes: DeltaGenerator
) -> tuple[str, dict[str, Any], Look]:
    """What rarely changes: distances, certainty, how RDMs are shown."""
    metric = "correlation"
    if ds.betas is not None:
        metric = widgets.choose_metric(list(rdm.METRICS), "Distance within a RDM", notes)
    subjects = ALL
    if len(ds.subjects) > 1:
        usual = [ALL, IN_VIEW] if share_stimuli(ds.fingerprint, ds) else [IN_VIEW, ALL]
        subjects = _choose("Subjects", usual, "subjects")
    flexible = st.pills(
        "Flexible models",
        FLEXIBLE,
        selection_mode="multi",
        format_func=lambda name: FLEXIBLE_LABELS[name],
        key="compare.flexible",
        help="Fitted by cross-validation over stimuli and subjects; takes many times as long.",
    )
    resample = "subjects"
    if method.is_whitened:
        st.caption(f"{method.label}: intervals over subjects; it has no bootstrap over stimuli.")
    else:
        resample = _choose("Resample", list(RESAMPLES)[::-1], "resample")
    correction = _choose("Correct p by", list(CORRECTIONS), "correction")
    numbers = {
        parameter.name: widgets.option_widget(parameter, "compare.")
        for parameter in (MOST_STIMULI, SAMPLES, PERMUTATIONS)
    }
    seed = widgets.choose_seed()
    look = Look(
        _choose("Order of stimuli", ["category", "original", "hierarchical"], "order"),
        _choose("Colours", list(COLOUR_SCALES), "colours"),
    )
    values = {"metric": metric, "resample": resample, "correction": correction, "seed": seed}
    return subjects, {**values, "flexible": tuple(flexible or ()), **numbers}, look


def _choose(label: str, options: list[str], name: str) -> str:
    return st.selectbox(label, options, key=f"compare.{name}", bind="query-params")


def _differing(values: dict[str, Any], subjects: str) -> str:
    """What of the settings differs from the default, in a sentence; '' where nothing does."""
    usual: dict[str, Any] = {
        "metric": "correlation",
        "resample": "both",
        "correction": "holm",
        "seed": 0,
        "flexible": (),
        **{p.name: p.default for p in (MOST_STIMULI, SAMPLES, PERMUTATIONS)},
    }
    differing = [
        f"{name.replace('_', ' ')} {_shown(values[name])}"
        for name in usual
        if values[name] != usual[name]
    ]
    if subjects != ALL:
        differing.insert(
            0, "only the subject in view, as a choice or because others saw other stimuli"
        )
    return f"Settings: {plain(', '.join(differing))}." if differing else ""


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return " and ".join(FLEXIBLE_LABELS[name] for name in value)
    return f"{value:,}" if isinstance(value, int) else str(value)
