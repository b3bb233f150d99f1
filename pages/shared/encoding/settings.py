"""The settings of page Encoding: which models, of which regions, by which score."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import streamlit as st

from core import splits
from core.datasets import Dataset, Reference
from core.encoding import EncodingRequest
from core.encoding.fitting import INNER
from core.encoding.model import BESIDE
from core.encoding.usual import LOW_LEVEL, embeddings_of, usual_models
from pages.shared.decoders.settings import kinds_of
from pages.shared.frame import widgets
from pages.shared.frame.text import plain

SCORES = ("r", "share of the ceiling")
SCORE_HELP = (
    "*r* is the correlation of predicted and measured responses over the test images. The share "
    "divides it by the correlation that noise allows; it stands beside r, never alone."
)
MOST_REGIONS = 12


@dataclass(frozen=True)
class EncodingView:
    """The models; the regions shown, and whether someone chose them; which score."""

    request: EncodingRequest
    regions: tuple[str, ...]
    is_chosen: bool
    normalised: bool


def choose(ds: Dataset) -> EncodingView | None:
    """Models, ROIs and score; the rest behind Settings. None where nothing can be chosen."""
    offered = offered_models(ds)
    if not offered:
        st.info(
            "The recording has neither images nor embeddings: there is nothing to predict from.",
            icon=":material/info:",
        )
        return None
    notes = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom", key="controls"):
        with notes:
            widgets.warn_unknown("encoding.models", offered, "There is no model")
        models = _choose_models(ds, offered)
        shown = widgets.choose_rois(
            list(ds.rois), "There is no ROI", notes=notes, width=190, placeholder="the large ones"
        )
        score = st.segmented_control(
            "Score",
            SCORES,
            default=SCORES[0],
            required=True,
            key="encoding.score",
            bind="query-params",
            help=SCORE_HELP,
        )
        with st.popover("Settings", icon=":material/tune:"):
            split, inner, seed = _choose_rest(ds)
    if not models:
        st.info("Choose a model: an embedding to predict responses from.", icon=":material/info:")
        return None
    request = EncodingRequest(Reference.of(ds), tuple(models), (), split, inner=inner, seed=seed)
    st.caption(plain(_differs(ds, request)))
    regions = tuple(shown) or usual_regions(ds)
    return EncodingView(request, regions, bool(shown), score == SCORES[1])


def _choose_models(ds: Dataset, offered: list[str]) -> list[str]:
    return st.multiselect(
        "Models",
        offered,
        default=list(usual_models(ds)),
        key="encoding.models",
        bind="query-params",
        placeholder="at least one",
        help="Each predicts every unit by ridge regression. With '+' several embeddings predict "
        "together, each with an alpha of its own for every unit (banded ridge).",
    )


def offered_models(ds: Dataset) -> list[str]:
    """Single embeddings, then pairs and all of the first three together."""
    singles = embeddings_of(ds)
    first = sorted(singles[:3], key=lambda name: name != LOW_LEVEL)
    together = [BESIDE.join(some) for size in (2, 3) for some in combinations(first, size)]
    return [*singles, *together]


def usual_regions(ds: Dataset) -> tuple[str, ...]:
    """ROIs that are no part of another one; at most twelve."""
    held = {name: set(units.tolist()) for name, units in ds.rois.items()}
    whole = [name for name, own in held.items() if not any(own < other for other in held.values())]
    return tuple(whole[:MOST_REGIONS]) or ("every unit",)


def _is_shared(kind: str) -> bool:
    """Whether a split is the same whatever is predicted from."""
    return not (splits.KINDS[kind].needs_features or splits.KINDS[kind].leaks)


def _choose_rest(ds: Dataset) -> tuple[str, str, int]:
    kinds = [kind for kind in kinds_of(ds) if _is_shared(kind)]
    widgets.warn_unknown("encoding.split", kinds, "There is no split")
    split = st.selectbox(
        "Split",
        kinds,
        key="encoding.split",
        bind="query-params",
        help="Which images the models are tested on; the same for all of them.",
    )
    inner = st.segmented_control(
        "Alphas by",
        INNER,
        default=INNER[0],
        required=True,
        key="encoding.inner",
        bind="query-params",
        help="How the alpha of each unit is chosen, on the training images alone. Models of "
        "several embeddings always use folds.",
    )
    return split, inner or INNER[0], widgets.choose_seed()


def _differs(ds: Dataset, request: EncodingRequest) -> str:
    """What the settings are, in a sentence, for they are behind a button."""
    return (
        f"Split {request.split}, alphas by {request.inner}, seed {request.seed}: "
        f"one ridge regression for each of {ds.n_units:,} units, scored on test images alone."
    )
