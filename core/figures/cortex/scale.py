"""Colours of values on the cortex, shared by both hemispheres."""

from __future__ import annotations

from functools import cache

import numpy as np

COLOURS = {False: "inferno", True: "RdBu_r"}
STEPS = 64
# Beyond which percentile values have the colour of the end, so that one unit does not set it.
PERCENTILE = 99.0
# Dark ends of sequential colours are not told from sulci.
DARKEST = 0.12


@cache
def palette(is_signed: bool) -> tuple[str, ...]:
    """Colours from the lowest to the highest value, as ``#rrggbb``."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    first = 0.0 if is_signed else DARKEST
    scale = colormaps[COLOURS[is_signed]]
    return tuple(to_hex(scale(share)) for share in np.linspace(first, 1.0, STEPS))


def ends_of(values: np.ndarray, is_signed: bool) -> tuple[float, float]:
    """Values at the ends of the colours: 0 and the 99th percentile, or that of sizes about 0."""
    known = np.asarray(values, dtype=np.float64)[np.isfinite(values)]
    if not len(known):
        return (-1.0, 1.0) if is_signed else (0.0, 1.0)
    most = float(np.percentile(np.abs(known) if is_signed else known, PERCENTILE))
    most = most if most > 0 else 1.0
    return (-most, most) if is_signed else (0.0, most)
