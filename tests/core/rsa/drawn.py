"""RDMs of a known truth, and literal bootstrap samples of them."""

import numpy as np
from scipy.spatial.distance import pdist, squareform
from scipy.stats import rankdata


def subjects_of(features, count, noise, rng, spread=1.0, units=30):
    """RDMs of subjects that each see the features through weights of their own."""
    rdms = []
    for _ in range(count):
        weights = 1 + spread * rng.standard_normal((features.shape[1], units))
        patterns = features @ weights + noise * rng.standard_normal((len(features), units))
        rdms.append(squareform(pdist(patterns, "sqeuclidean")))
    return rdms


def literal(rdm, sample):
    """Cells of a sample of stimuli, those of a stimulus and its own copy left out."""
    i, j = np.triu_indices(len(sample), 1)
    kept = sample[i] != sample[j]
    return rdm[sample[i][kept], sample[j][kept]]


def similarity(x, y, method):
    """By its definition, over cells."""
    if method in ("spearman", "rho-a"):
        x, y = rankdata(x), rankdata(y)
    if method != "cosine":
        x, y = x - x.mean(), y - y.mean()
    if method == "rho-a":
        return 12 * x @ y / (len(x) ** 3 - len(x))
    return x @ y / np.sqrt(x @ x * (y @ y))


def pooled(rows, method):
    """Mean RDM of subjects (s, cells) on the scale of a method."""
    if method in ("spearman", "rho-a"):
        rows = [rankdata(row) for row in rows]
    elif method == "pearson":
        rows = [(row - row.mean()) / row.std() for row in rows]
    else:
        rows = [row / np.sqrt(np.mean(row**2)) for row in rows]
    return np.mean(rows, axis=0)
