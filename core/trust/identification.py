"""Two-way identification of single test images, the score that every panel shows."""

from __future__ import annotations

import numpy as np

from core import scores
from core.decoders import Run
from core.decoders.scoring.evaluation import queries
from core.decoders.training.data import Data
from core.vectors import unit_rows

CHANCE = 0.5


def two_way(run: Run, data: Data, predicted: np.ndarray | None = None) -> np.ndarray:
    """Share of the other test images that are less similar to the prediction, by test image.

    Repeats are averaged before they are decoded; the share is the mean over subjects.

    Parameters
    ----------
    run : Run
    data : Data
    predicted : np.ndarray of shape (q, d), optional
        In place of what the decoder predicts from the responses to the test images.

    Returns
    -------
    np.ndarray of shape (m,)
        NaN where an image has no response.
    """
    tested = queries(run, data, "test", "mean")
    predictions = tested.predicted if predicted is None else predicted
    return identified(predictions, tested.images, tested.image)


def identified(predicted: np.ndarray, images: np.ndarray, image: np.ndarray) -> np.ndarray:
    """See ``two_way``; predictions (q, d) of the images (m, d) at the places ``image`` (q,)."""
    similarity = (unit_rows(predicted) @ unit_rows(images).T).astype(np.float32)
    shares = scores.two_way(scores.mean_ranks(similarity, image), len(images))
    counts = np.bincount(image, minlength=len(images))
    sums = np.bincount(image, shares, minlength=len(images))
    return np.divide(sums, counts, out=np.full(len(images), np.nan), where=counts > 0)
