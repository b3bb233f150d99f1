"""Published settings of the page Compare."""

from __future__ import annotations

from core.datasets import Dataset
from pages.shared.frame import presets
from pages.shared.frame.presets import Preset, Settings

EARLY, LATE = "V1", "LOC"


def _early_and_late(ds: Dataset) -> Settings:
    return {"roi": [EARLY, LATE], "metric": "correlation", "compare.measure": "spearman"}


def _has_both(ds: Dataset) -> bool:
    return EARLY in ds.rois and LATE in ds.rois


presets.register(
    Preset(
        "Early and late visual cortex",
        "V1 and the lateral occipital complex, 1 − Pearson r, Spearman: what explains the one "
        "rarely explains the other (Khaligh-Razavi & Kriegeskorte 2014).",
        "compare",
        _early_and_late,
        fits=_has_both,
        citation="Khaligh-Razavi SM, Kriegeskorte N (2014) Deep supervised, but not unsupervised, "
        "models may explain IT cortical representation. PLoS Comput Biol 10:e1003915, "
        "doi:10.1371/journal.pcbi.1003915",
    ),
)
