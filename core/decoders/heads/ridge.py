"""Ridge regression: linear, in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from core import ridge
from core.decoders.head import Head, Solution, register
from core.decoders.head_parameters import ALPHAS, alphas, check_alphas, one_matrix


def solve(x: np.ndarray, y: np.ndarray, image: np.ndarray, values: Mapping[str, Any]) -> Solution:
    """Fit; whose image a row is does not count."""
    fitted = ridge.fit(x, y, alphas(values).tolist())
    return Solution(fitted.weights, fitted.intercept, {"alpha": fitted.alpha})


register(
    Head(
        "ridge",
        "Ridge regression",
        "Alpha (regularisation) is chosen by leaving out one row at a time; the baseline that "
        "every other head has to beat.",
        "Hoerl & Kennard (1970), Technometrics 12:55-67; leave-one-out by one "
        "eigendecomposition: Rifkin & Lippert (2007), MIT-CSAIL-TR-2007-025",
        one_matrix,
        parameters=ALPHAS,
        check_together=check_alphas,
        trained_by="closed form",
        solve=solve,
    )
)
