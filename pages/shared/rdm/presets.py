"""Published settings of the page RDM."""

from __future__ import annotations

from collections.abc import Callable

from core.datasets import Dataset
from pages.shared.frame import presets
from pages.shared.frame.presets import Preset, Settings

EARLY = "V1"
NEEDS = f"an ROI called {EARLY}"


def _as_study_b(rois: list[str], metric: str) -> Callable[[Dataset], Settings]:
    return lambda ds: {"roi": rois, "metric": metric, "rdm.order": "original"}


def _has_v1(ds: Dataset) -> bool:
    return EARLY in ds.rois


presets.register(
    Preset(
        "Study B: V1",
        "Predicting response dissimilarity: V1 of both hemispheres, 1 − Pearson r (0 to 2). "
        "*Extreme pairs* are the images of the smallest, the largest and the value nearest to 1; "
        "*Distribution* is its histogram.",
        "rdm",
        _as_study_b([EARLY], "correlation"),
        fits=_has_v1,
        needs=NEEDS,
        citation=presets.STUDY_B,
    ),
    Preset(
        "Study B: V1, Euclidean",
        "The same by Euclidean distance.",
        "rdm",
        _as_study_b([EARLY], "euclidean"),
        fits=_has_v1,
        needs=NEEDS,
        citation=presets.STUDY_B,
    ),
    Preset(
        "Study B: every unit",
        "All of the recorded cortex, 1 − Pearson r.",
        "rdm",
        _as_study_b([], "correlation"),
        citation=presets.STUDY_B,
    ),
)
