"""Representational dissimilarity matrices: compute, search, order, compare."""

from core.rdm.ceiling import RepeatCeiling, repeat_ceiling
from core.rdm.cells import Cell, block_mean, cell, most_similar_to, spread
from core.rdm.compare import NoiseCeiling, compare, compare_many, noise_ceiling
from core.rdm.comparisons import COMPARISONS
from core.rdm.comparisons.matching import Matched, match_stimuli
from core.rdm.comparisons.permutation import Mantel, MantelMany, mantel, mantel_many
from core.rdm.comparisons.vectors import condense, square
from core.rdm.compute import compute, undefined
from core.rdm.extremes import Pair, Pairs, extreme_cells, extreme_pairs
from core.rdm.folds import Folds, folds_of
from core.rdm.job import (
    RdmRequest,
    arrange,
    check_order,
    is_large,
    load,
    load_summary,
    notes_of,
    of_dataset,
    published,
    result_key,
)
from core.rdm.large.computed import ComputedRdm
from core.rdm.large.summary import RdmSummary
from core.rdm.metrics import METRICS
from core.rdm.order import ORDERS, Block, blocks
from core.rdm.spaces import RdmCorrelations, correlate

__all__ = [
    "COMPARISONS",
    "METRICS",
    "ORDERS",
    "Block",
    "Cell",
    "ComputedRdm",
    "Folds",
    "Mantel",
    "MantelMany",
    "Matched",
    "NoiseCeiling",
    "Pair",
    "Pairs",
    "RdmCorrelations",
    "RdmRequest",
    "RdmSummary",
    "RepeatCeiling",
    "arrange",
    "block_mean",
    "blocks",
    "cell",
    "check_order",
    "compare",
    "compare_many",
    "compute",
    "condense",
    "correlate",
    "extreme_cells",
    "extreme_pairs",
    "folds_of",
    "is_large",
    "load",
    "load_summary",
    "mantel",
    "mantel_many",
    "match_stimuli",
    "most_similar_to",
    "noise_ceiling",
    "notes_of",
    "of_dataset",
    "published",
    "repeat_ceiling",
    "result_key",
    "spread",
    "square",
    "undefined",
]
