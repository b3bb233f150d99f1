"""Distance of each image to the nearest other one."""

from __future__ import annotations

import numpy as np

from core.validation import row_blocks


def nearest_distances(rows: np.ndarray, others: np.ndarray | None = None) -> np.ndarray:
    """Cosine distance, 1 - cosine, of each row to the nearest of other rows.

    Parameters
    ----------
    rows : np.ndarray of shape (n, d)
        Of length 1.
    others : np.ndarray of shape (m, d), optional
        Of length 1 too; without them, all rows but the row itself.

    Returns
    -------
    np.ndarray of shape (n,), float64
        Between 0 and 2.
    """
    known = rows if others is None else others
    distances = np.empty(len(rows))
    for block in row_blocks(len(rows), len(known)):
        similarity = rows[block] @ known.T
        if others is None:
            at = np.arange(len(similarity))
            similarity[at, at + block.start] = -np.inf
        distances[block] = 1.0 - similarity.max(axis=1)
    return np.clip(distances, 0.0, 2.0)
