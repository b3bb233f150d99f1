"""How the score grows with the number of training images."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from core.decoders import Config
from core.decoders.training.data import Data
from core.decoders.training.train import fit
from core.progress import Progress, portion
from core.trust.identification import two_way

SHARES = (0.125, 0.25, 0.5)
# Random subsets of each size.
CLOSED_FORM, BY_GRADIENT = 4, 1
FEWEST = 8


def learning(config: Config, data: Data, whole: float, progress: Progress) -> dict[str, Any]:
    """Two-way identification of decoders of the same settings, of parts of the training images.

    Parameters
    ----------
    config : Config
    data : Data
    whole : float
        The score with all training images.
    progress : callable

    Returns
    -------
    dict
        ``images`` and ``values`` of each decoder, the whole one last; ``gain``, what each
        doubling brought by a line fitted to the logarithm of the number, all sizes weighing
        alike; ``next``, the score it leads to with twice as many, at most 1. Both None with one
        size.

    Source: Banville et al. (2025), arXiv:2501.15322: scores grow with the logarithm of the data.
    """
    images = data.fold.train
    sizes = [int(len(images) * share) for share in SHARES]
    sizes = [size for size in sizes if size >= FEWEST]
    count = CLOSED_FORM if config.is_closed_form else BY_GRADIENT
    numbers, values = [], []
    for draw in range(count):
        order = np.random.default_rng([config.seed, 8, draw]).permutation(images)
        for place, size in enumerate(sizes):
            done = (draw * len(sizes) + place) / (count * len(sizes))
            step = portion(progress, done, done + 1 / (count * len(sizes)))
            step(0.0, f"With {size:,} training images")
            part = replace(data, fold=replace(data.fold, train=np.sort(order[:size])))
            numbers.append(size)
            values.append(float(np.nanmean(two_way(fit(config, part, step), part))))
    numbers.append(len(images))
    values.append(whole)
    gain, following = log_line(numbers, values)
    return {"images": numbers, "values": values, "gain": gain, "next": following}


def log_line(images: list[int], values: list[float]) -> tuple[float | None, float | None]:
    """Slope of scores over log2 of the number of images, and the line at twice the largest.

    Means of each size are fitted; both None with fewer than two sizes.
    """
    sizes = np.unique(images)
    if len(sizes) < 2:
        return None, None
    means = [np.mean([v for i, v in zip(images, values, strict=True) if i == n]) for n in sizes]
    slope, start = np.polyfit(np.log2(sizes), means, 1)
    return float(slope), float(min(1.0, start + slope * np.log2(2 * sizes[-1])))
