"""Non-negative matrix factorisation."""

from __future__ import annotations

import warnings

import numpy as np

from core.components.method import ComponentMethod, Fitted, register

ITERATIONS = 500


def fit(rows: np.ndarray, k: int, seed: int) -> Fitted:
    """Parts that only add up; a unit with negative values is first raised by its lowest one."""
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    shift = np.minimum(rows.min(axis=0), 0.0)
    model = NMF(k, init="nndsvda", max_iter=ITERATIONS, random_state=seed)
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        own = model.fit_transform(rows - shift)
    converged = not any(issubclass(w.category, ConvergenceWarning) for w in raised)

    def scores(others: np.ndarray) -> np.ndarray:
        # Rows that were not fitted may lie lower than the lowest of those.
        return np.asarray(model.transform(np.maximum(others - shift, 0.0)))

    return Fitted(model.components_, own, scores, converged, shift)


register(
    ComponentMethod(
        "nmf",
        "NMF",
        "Parts that only add up: no component takes back what another gives.",
        "Lee & Seung (1999), Nature 401:788-791; Khosla, Ratan Murty & Kanwisher (2022), "
        "Current Biology 32:4159-4171 (of NSD)",
        fit,
        is_signed=False,
    )
)
