"""Independent component analysis."""

from __future__ import annotations

import warnings

import numpy as np

from core.components.method import ComponentMethod, Fitted, register

ITERATIONS = 500


def fit(rows: np.ndarray, k: int, seed: int) -> Fitted:
    """Sources as independent of one another as can be, by FastICA."""
    from sklearn.decomposition import FastICA
    from sklearn.exceptions import ConvergenceWarning

    # By the covariance where there are more rows than columns: a fraction of the time.
    by = "eigh" if len(rows) > rows.shape[1] else "svd"
    model = FastICA(
        k, whiten="unit-variance", whiten_solver=by, max_iter=ITERATIONS, random_state=seed
    )
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        own = model.fit_transform(rows)
    converged = not any(issubclass(w.category, ConvergenceWarning) for w in raised)
    return Fitted(model.mixing_.T, own, model.transform, converged, model.mean_)


register(
    ComponentMethod(
        "ica",
        "ICA",
        "Sources as independent of one another as can be: each is far from 0 for few images.",
        "Hyvärinen (1999), IEEE Trans. Neural Netw. 10:626-634",
        fit,
    )
)
