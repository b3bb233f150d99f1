"""What pixels alone reach on the images of a decoder: controls beside a semantic score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from core import encoders, scores
from core.decoders import whitened_ridge
from core.decoders.config import Config
from core.decoders.head_parameters import alphas
from core.decoders.scoring.score_table import PIXELS_ALONE, PIXELS_DECODED
from core.decoders.training.batches import targets_of
from core.decoders.training.data import Data
from core.decoders.training.train import fit
from core.progress import Progress, portion
from core.splits import Fold

ENCODER, LOW_LEVEL = "pixels", "low-level"
# Of the other measures the prototypes would be others, or few candidates say little.
MEASURES = ("two-way", "two-way within category")
FEWEST = 2


def controls(
    config: Config, data: Data, side: str, progress: Progress
) -> list[tuple[str, scores.Queries]]:
    """Predictions by low-level features alone, on the same split and rows.

    - From pixels: a whitened ridge from the pixels of the images to the target of the decoder,
      without any response. What it scores can be had from any response that carries
      pixels; it is no upper bound of that. (Whatever the head of the decoder: a plain ridge
      from pixels reaches less, .940 where whitened .968 in the simulated experiment.)
    - To pixels: a ridge from the responses to the pixels, of which each prediction is sought
      among the pixels of the test images. It says that the responses carry them. Only of one
      subject.

    Parameters
    ----------
    config : Config
        Of the decoder.
    data : Data
    side : {'test', 'validation'}
    progress : callable

    Returns
    -------
    list of (str, core.scores.Queries)
        Name and predictions; none where the target is low-level itself, or images lack.

    Source: Shirakawa et al. (2024), arXiv:2405.10078, and Naselaris et al. (2011), NeuroImage
    56:400-410, on what low-level features explain of scores that are called semantic.
    """
    first = data.opened[0]
    target = encoders.get(config.encoder)
    if first.images is None or target.info.kind == LOW_LEVEL:
        return []
    pixels = np.asarray(
        encoders.encode_images(first, ENCODER, progress=portion(progress, 0.0, 0.9))
    )
    usable = np.isfinite(pixels).all(axis=1) & np.isfinite(data.embeddings).all(axis=1)
    sets = (data.fold.train, data.fold.validation, data.fold.test)
    fold = Fold(*(rows[usable[rows]] for rows in sets))
    if len(fold.train) < whitened_ridge.FEWEST_GROUPS or len(getattr(fold, side)) < FEWEST:
        return []
    kept = replace(data, fold=fold)
    progress(0.9, "Scoring pixels")
    predictions = [(PIXELS_ALONE, _from_pixels(config, kept, pixels, side))]
    if len(data.opened) == 1:
        predictions.append((PIXELS_DECODED, _to_pixels(config, kept, pixels, side)))
    return predictions


def rows(
    predictions: list[tuple[str, scores.Queries]], seed: int, permutations: int, resamples: int
) -> list[pd.DataFrame]:
    """The rows of controls in the table of ``evaluation.evaluate``."""
    tables = []
    for name, queries in predictions:
        table = scores.evaluate(queries, None, seed, permutations, resamples)
        table = table[table["measure"].isin(MEASURES)].copy()
        table.insert(0, "protocol", "averaged repeats")
        table.insert(0, "head", name)
        tables.append(table)
    return tables


def _from_pixels(config: Config, data: Data, pixels: np.ndarray, side: str) -> scores.Queries:
    train, tested = data.fold.train, getattr(data.fold, side)
    mean, deviation = pixels[train].mean(axis=0), pixels[train].std(axis=0)
    standardised = (pixels - mean) / np.where(deviation > 0, deviation, 1.0)
    targets = targets_of(data.embeddings, data.centre())
    grid = alphas(_ridge(config).head_parameters).tolist()
    fitted = whitened_ridge.fit(standardised[train], targets[train], train, grid)
    category = np.array([*data.names, ""])[data.category[tested]]
    predicted = standardised[tested] @ fitted.weights + fitted.intercept
    return scores.Queries(predicted, targets[tested], np.arange(len(tested)), category)


def _to_pixels(config: Config, data: Data, pixels: np.ndarray, side: str) -> scores.Queries:
    from core.decoders.scoring.evaluation import queries

    of_pixels = replace(data, embeddings=pixels)
    run = fit(_ridge(config), of_pixels, lambda fraction, message: None)
    return queries(run, of_pixels, side, "mean")


def _ridge(config: Config) -> Config:
    """With the defaults of ridge; of the first subject, for ridge is of one."""
    training = {"trials": config.training["trials"]}
    first = config.subjects[:1]
    return replace(config, subjects=first, head="ridge", head_parameters={}, training=training)
