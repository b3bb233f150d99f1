"""Ablations: settings of a decoder against each other, with seeds and subjects as replicates."""

from core.ablations.comparison import RowComparison, compare, measures, protocols
from core.ablations.cost import estimate
from core.ablations.design import Ablation, Axis, Replicate
from core.ablations.job import AblationRequest, load, so_far
from core.ablations.settings import Setting, changed, settings_of, study_c
from core.ablations.writing import as_latex, as_table, decoders_table, full_table, verdict

__all__ = [
    "Ablation",
    "AblationRequest",
    "Axis",
    "Replicate",
    "RowComparison",
    "Setting",
    "as_latex",
    "as_table",
    "changed",
    "compare",
    "decoders_table",
    "estimate",
    "full_table",
    "load",
    "measures",
    "protocols",
    "settings_of",
    "so_far",
    "study_c",
    "verdict",
]
