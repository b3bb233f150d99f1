"""Whether predictions use as many dimensions as the embeddings that they are to reach."""

from __future__ import annotations

import numpy as np

from core.decoders import Run
from core.decoders.scoring.evaluation import queries
from core.decoders.training.data import Data
from core.trust.bottleneck import principal_axes
from core.vectors import unit_rows


def dimensions(run: Run, data: Data) -> dict[str, float]:
    """Effective dimensions of predictions and targets.

    Whitening evens out what predictions vary in: on the simulated experiment ridge has 61
    dimensions of 73, whitened ridge 73. Only a decoder beside its own kind is compared by them.

    Returns
    -------
    dict
        ``predicted`` and ``embedded``, the effective rank of the predictions and of the
        embeddings of the same test images; ``trained``, that of the embeddings of the training
        images; ``images``, how many those are; ``samples``, training images a dimension.

    Source: Shirakawa et al. (2024), arXiv:2405.10078, on output dimension collapse.
    """
    tested = queries(run, data, "test", "mean")
    trained = data.embeddings[data.fold.train]
    usable = trained[np.isfinite(trained).all(axis=1)]
    of_training = effective_rank(unit_rows(usable))
    return {
        "predicted": effective_rank(unit_rows(tested.predicted)),
        "embedded": effective_rank(unit_rows(np.asarray(tested.images)[np.unique(tested.image)])),
        "trained": of_training,
        "images": len(usable),
        "samples": len(usable) / of_training,
    }


def effective_rank(rows: np.ndarray) -> float:
    """Effective rank of rows (n, d), their mean removed: exp of the entropy of singular values.

    Between 1, where all lie on a line, and the rank, where they vary alike in each direction.
    1 where nothing varies.

    Source: Roy & Vetterli (2007), EUSIPCO, 606-610.
    """
    centred = rows - rows.mean(axis=0)
    if not np.any(np.abs(centred) > 1e-12):
        return 1.0
    singular = np.sqrt(principal_axes(centred)[1])
    share = singular / singular.sum()
    return float(np.exp(-np.sum(share * np.log(share))))
