"""The images that a decoder retrieves for the response to each test image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core import retrieval, scores
from core.datasets import Dataset
from core.decoders.runs import Run
from core.decoders.training.batches import targets_of
from core.decoders.training.data import prepare
from core.progress import silent
from core.vectors import unit_rows


def retrieved(run: Run, k: int = 5, opened: Sequence[Dataset] = ()) -> pd.DataFrame:
    """The test images nearest to each prediction, repeats averaged.

    Parameters
    ----------
    run : Run
    k : int
        How many; fewer where the test set has fewer.
    opened : sequence of Dataset
        The recording of every subject of the decoder, where it is open already.

    Returns
    -------
    pd.DataFrame
        A row for each test image with a response (and subject): ``subject``; ``id``;
        ``rank`` of the image among ``candidates``, 1 the most similar, ties their mean
        rank; ``retrieved``, the ids of the k nearest, and ``similarity``, their cosines.
    """
    data = prepare(run.config, silent, opened)
    test = data.fold.test
    images = targets_of(data.embeddings[test], run.centre)
    usable = np.isfinite(images).all(axis=1)
    test, images = test[usable], images[usable]
    place = np.full(len(data.category), -1)
    place[test] = np.arange(len(test))
    rows = data.rows(test, "mean", run.scaling)
    predicted = run.predict(rows.x, rows.subject)
    nearest, similarity = retrieval.search(predicted, images, min(k, len(test)))
    ids = data.opened[0].stimuli["id"].to_numpy()
    # Ranks need every cosine, which the search, made for large galleries, does not give.
    unit = unit_rows(predicted) @ unit_rows(images).T
    return pd.DataFrame(
        {
            "subject": [data.opened[number].subject for number in rows.subject],
            "id": ids[rows.stimulus],
            "rank": scores.mean_ranks(unit.astype(np.float32), place[rows.stimulus]),
            "candidates": len(test),
            "retrieved": ids[test][nearest].tolist(),
            "similarity": similarity.tolist(),
        }
    )
