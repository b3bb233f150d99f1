"""The settings of page Predict dissimilarity: responses, split, and what to predict from."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core import dissimilarity, rdm
from core.datasets import Dataset, Reference
from core.dissimilarity import DissimilarityRequest
from core.dissimilarity.job import IMAGES
from core.encoding.usual import embeddings_of
from pages.shared.frame import widgets
from pages.shared.frame.text import plain

SPLITS = {"Pairs leaked": "pair", "Images held out": "image"}
MODELS = (*dissimilarity.STUDY_MODELS,)


@dataclass(frozen=True)
class PairView:
    """What is in view: the request of both splits, and which split and measure are shown."""

    request: DissimilarityRequest
    split: str
    measure: str

    @property
    def metric(self) -> str:
        return self.request.metrics[0]


def choose(ds: Dataset) -> PairView | None:
    """ROIs, metric and the switch; the rest behind Settings. None where nothing can be chosen."""
    embeddings = embeddings_of(ds)
    if not embeddings:
        st.info(
            "The recording has neither images nor embeddings: there is nothing to predict from.",
            icon=":material/info:",
        )
        return None
    notes = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rois = list(ds.rois)
        chosen = widgets.choose_rois(rois, "There is no ROI", default=rois[:1], notes=notes)
        metrics = [name for name in rdm.METRICS if not rdm.METRICS[name].needs_folds]
        metric = widgets.choose_metric(metrics, notes=notes, width=160)
        split = st.segmented_control(
            "Split",
            list(SPLITS),
            default="Images held out",
            required=True,
            key="dissimilarity.split",
            bind="query-params",
            help="Both are trained at once: the switch changes nothing but what is shown.",
        )
        with st.popover("Settings", icon=":material/tune:"):
            embedding, models, images, seed = _choose_rest(embeddings)
            measure = _choose_measure()
    st.caption(_differs(embedding, models, min(images or ds.n_stimuli, ds.n_stimuli), seed))
    request = DissimilarityRequest(
        Reference.of(ds),
        rois=(tuple(chosen),),
        metrics=(metric,),
        embeddings=(embedding,),
        models=models,
        images=images,
        seed=seed,
    )
    return PairView(request, SPLITS[split or "Images held out"], measure)


def _choose_rest(embeddings: list[str]) -> tuple[str, tuple[str, ...], int, int]:
    widgets.warn_unknown("dissimilarity.embedding", embeddings, "There is no embedding")
    if st.session_state.get("dissimilarity.embedding", embeddings[0]) not in embeddings:
        del st.session_state["dissimilarity.embedding"]  # of another recording
    embedding = st.selectbox(
        "Embedding",
        embeddings,
        key="dissimilarity.embedding",
        bind="query-params",
        help="'output=visual' is the raw visual layer of CLIP, before the projection.",
    )
    widgets.warn_unknown("dissimilarity.models", MODELS, "There is no model")
    models = st.multiselect(
        "Models",
        MODELS,
        default=list(dissimilarity.QUICK),
        key="dissimilarity.models",
        bind="query-params",
        help="The two baselines are always among them. A Siamese CNN takes about a minute.",
    )
    images = int(widgets.option_widget(IMAGES, "dissimilarity."))
    return embedding, tuple(models), images, widgets.choose_seed()


def _choose_measure() -> str:
    measures = {label: name for name, label in dissimilarity.MEASURES.items()}
    label = st.segmented_control(
        "Measure",
        list(measures),
        default=next(iter(measures)),
        required=True,
        key="dissimilarity.measure",
        bind="query-params",
    )
    return measures[label or next(iter(measures))]


def _differs(embedding: str, models: tuple[str, ...], images: int, seed: int) -> str:
    """What the settings are, in a sentence, for they are behind a button."""
    differs = [f"embedding {embedding}"]
    if models != dissimilarity.QUICK:
        differs.append(f"{len(models)} models of one's own choice")
    differs += [f"{images:,} images", f"seed {seed}"]
    return plain(
        f"{', '.join(differs)}: 70 % of the images (or pairs) to train on, 10 % to validate, "
        "20 % to test."
    )
