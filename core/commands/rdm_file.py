"""``python -m core rdm`` of more stimuli than memory holds: band by band, size said first."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.datasets.dataset import Dataset
    from core.rdm.large.bands import MatrixFacts

# Above so many stimuli (1 GiB in float32) the matrix is not held in memory.
MOST_HELD = 16_384


def is_beyond_memory(ds: Dataset, chosen: argparse.Namespace) -> bool:
    """Whether the matrix is computed in bands; metrics with folds need all of it at once."""
    from core.rdm import METRICS

    if chosen.published or ds.betas is None or ds.n_stimuli <= MOST_HELD:
        return False
    return not METRICS[chosen.metric or "correlation"].needs_folds


def write(ds: Dataset, chosen: argparse.Namespace, bar: Any) -> MatrixFacts:
    """Say the size, check the disk, then compute and write."""
    from core.rdm.large import bands

    dtype = chosen.dtype or "float32"
    if chosen.out is not None:
        bands.check_space_for(chosen.out, ds.n_stimuli, dtype)
        size = bands.describe(ds.n_stimuli, dtype)
        print(f"Writing {size}, to {chosen.out}", file=sys.stderr, flush=True)
    metric = chosen.metric or "correlation"
    return bands.write_rdm(ds.responses(chosen.roi), chosen.out, metric, dtype, bar)
