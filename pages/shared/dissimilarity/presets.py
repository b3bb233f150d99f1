"""Published settings of the page Predict dissimilarity."""

from __future__ import annotations

from collections.abc import Callable

from core import dissimilarity
from core.datasets import Dataset
from core.encoding.usual import embeddings_of
from pages.shared.frame import presets
from pages.shared.frame.presets import Preset, Settings

EARLY = "V1"
SEEN = "images, or embeddings of them"


def _as_study_b(rois: list[str], metric: str) -> Callable[[Dataset], Settings]:
    return lambda ds: {
        "roi": rois,
        "metric": metric,
        "dissimilarity.models": list(dissimilarity.STUDY_MODELS),
        "dissimilarity.images": 500,
        "dissimilarity.split": "Pairs leaked",
    }


def _fits(rois: list[str]) -> Callable[[Dataset], bool]:
    return lambda ds: set(rois) <= set(ds.rois) and bool(embeddings_of(ds))


presets.register(
    *(
        Preset(
            f"Study B: {name}, {metric}, all models",
            f"Predicting response dissimilarity: 500 images, 400 to train on (of them 50 to stop "
            f"by), 100 to test; {name}, {metric}. Begins with the study's leak; switch to *Images "
            "held out*. The tab *Study B report* has the whole grid.",
            "dissimilarity",
            _as_study_b(rois, metric),
            fits=_fits(rois),
            needs=f"an ROI called {EARLY}, and {SEEN}" if rois else SEEN,
            citation=presets.STUDY_B,
        )
        for name, rois in ((EARLY, [EARLY]), ("every unit", []))
        for metric in ("correlation", "euclidean")
    )
)
