"""Principal component analysis."""

from __future__ import annotations

import numpy as np

from core.components.method import ComponentMethod, Fitted, register


def fit(rows: np.ndarray, k: int, seed: int) -> Fitted:
    """Directions of the largest variance, one after the other."""
    from sklearn.decomposition import PCA

    model = PCA(k, random_state=seed)
    own = model.fit_transform(rows)
    return Fitted(model.components_, own, model.transform, True, model.mean_)


register(
    ComponentMethod(
        "pca",
        "PCA",
        "Directions of the largest variance, uncorrelated and at right angles: the first is what "
        "all regions share.",
        "Hotelling (1933), J. Educ. Psychol. 24:417-441",
        fit,
    )
)
