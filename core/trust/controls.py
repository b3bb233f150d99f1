"""What the same decoder scores without a response: on noise, and on permuted responses."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from core.decoders import Config
from core.decoders.scoring.folds import permuted
from core.decoders.training.data import Data, ResponseRows, Scaling
from core.decoders.training.train import fit
from core.progress import Progress, portion
from core.trust.identification import two_way

# Decoders of each control: those in closed form are solved at once.
CLOSED_FORM, BY_GRADIENT = 10, 3
KINDS = ("noise", "permuted")


@dataclass(frozen=True)
class NoiseData(Data):
    """Material whose standardised responses are replaced by noise, in training and in test."""

    noise: int = 0

    def rows(self, stimuli: np.ndarray, trials: str, scaling: Scaling) -> ResponseRows:
        rows = super().rows(stimuli, trials, scaling)
        # Other noise for every set, the same whenever it is read.
        rng = np.random.default_rng([self.noise, *np.asarray(stimuli)[:2].tolist()])
        return rows._replace(x=rng.standard_normal(rows.x.shape, dtype=np.float32))


def controls(config: Config, data: Data, progress: Progress) -> dict[str, list[float]]:
    """Two-way identification of decoders of the same settings, by what they read instead.

    'noise' replaces the responses of all sets by Gaussian noise; 'permuted' gives every image
    the responses to another one, in all sets together. Alpha, shrinkage and epochs are chosen
    anew.

    Returns
    -------
    dict of str to list of float
        By ``KINDS``.

    Source: Mayo et al. (2024), BrainBits, arXiv:2411.02783, whose random baseline is the first.
    """
    count = CLOSED_FORM if config.is_closed_form else BY_GRADIENT
    values: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(count):
        for place, kind in enumerate(KINDS):
            done = (number * len(KINDS) + place) / (count * len(KINDS))
            step = portion(progress, done, done + 1 / (count * len(KINDS)))
            step(0.0, f"Control {number + 1} of {count}: {kind}")
            other = _without_signal(data, kind, [config.seed, 7, number])
            values[kind].append(float(np.nanmean(two_way(fit(config, other, step), other))))
    return values


def _without_signal(data: Data, kind: str, seed: list[int]) -> Data:
    rng = np.random.default_rng(seed)
    if kind == "permuted":
        return permuted(data, rng.permutation(len(data.category)))
    material = {field.name: getattr(data, field.name) for field in fields(Data)}
    return NoiseData(**material, noise=int(rng.integers(2**31)))
