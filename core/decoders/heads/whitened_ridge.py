"""Whitened ridge: linear, in closed form, for telling images apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.decoders import whitened_ridge
from core.decoders.head import Head, Solution, register
from core.decoders.head_parameters import ALPHAS, alphas, check_alphas, one_matrix


def solve(x: np.ndarray, y: np.ndarray, image: np.ndarray, values: Mapping[str, Any]) -> Solution:
    """Fit; trials of an image stay together."""
    fitted = whitened_ridge.fit(x, y, image, alphas(values).tolist())
    facts = {"alpha": fitted.alpha, "shrinkage": fitted.shrinkage}
    return Solution(fitted.weights, fitted.intercept, facts)


register(
    Head(
        "whitened_ridge",
        "Whitened ridge",
        "Ridge whose predictions count less along directions that it predicts badly; it points "
        "to the right image rather than estimating its embedding.",
        "Density ratio of van den Oord et al. (2018), arXiv:1807.03748, in closed form for "
        "Gaussians; shrinkage: Friedman (1989), J. Am. Stat. Assoc. 84:165-175",
        one_matrix,
        parameters=ALPHAS,
        check_together=check_alphas,
        trained_by="closed form",
        solve=solve,
    )
)
