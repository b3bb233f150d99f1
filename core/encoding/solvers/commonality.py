"""Unique and common parts of what several bands explain."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from core.errors import InputError


def parts(r2: Mapping[frozenset[str], np.ndarray]) -> dict[frozenset[str], np.ndarray]:
    """Divide R^2 among bands: what only one explains, and what exactly some explain alike.

    Parameters
    ----------
    r2 : mapping of frozenset of str to np.ndarray of shape (v,)
        R^2 of the model of every set of bands but the empty one.

    Returns
    -------
    dict of frozenset of str to np.ndarray of shape (v,)
        By the bands that share a part; they add to R^2 of all bands. A part may be negative, of
        a suppressor or of noise.

    Raises
    ------
    InputError
        If a set of bands has no R^2.

    Source: Seibold & McPhee (1979), Human Communication Research 5:355-365; Nimon et al. (2008),
    Behavior Research Methods 40:457-466.
    """
    names = sorted(frozenset().union(*r2))
    every = [frozenset(some) for k in range(1, len(names) + 1) for some in combinations(names, k)]
    lacking = [some for some in every if some not in r2]
    if lacking:
        raise InputError(
            f"There is no R^2 of {' + '.join(sorted(lacking[0]))}", "that of every set"
        )
    shared: dict[frozenset[str], np.ndarray] = {}
    for some in every:
        # Without the bands of ``some`` R^2 loses every part that only they share.
        rest = frozenset(names) - some
        lost = r2[frozenset(names)] - (r2[rest] if rest else 0.0)
        within = [part for part in shared if part < some]
        shared[some] = lost - sum(shared[part] for part in within)
    return shared
