"""What studies have published, each with its protocol; nothing of it was measured here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.statistics import Interval, t_interval

BRAINSEM = "Chen et al. (2024), Bridging the semantic latent space (BrainSem), AAAI, table 1"
GOD = "Generic Object Decoding: 5 subjects, 50 test images of 50 unseen categories"
NSD = "Natural Scenes Dataset: 4 subjects"
AVERAGED = "35 repeats averaged: 50 responses a subject"
TRIALS = "1,750 single trials a subject"
DRAWN = "repeats averaged; 1 of 300 images, mean of 30 draws"


@dataclass(frozen=True)
class Published:
    """A method as a study reports it.

    Attributes
    ----------
    method, source, recording, protocol : str
    n_way : int
        Candidates among which the right one was sought.
    top1, top5 : tuple of float
        Share of responses by subject; one value where only the mean was published.
    """

    method: str
    source: str
    recording: str
    protocol: str
    n_way: int
    top1: tuple[float, ...]
    top5: tuple[float, ...] = ()

    def mean(self, k: int) -> Interval:
        """Mean over subjects of top-1 or top-5, with the t interval over them (NaN for one)."""
        return t_interval(np.array(self.top1 if k == 1 else self.top5))


def _god(method: str, protocol: str, *values: float) -> Published:
    """A row of the study's table 1: top-1 and top-5 of each subject, in per cent."""
    shares = tuple(round(value / 100, 4) for value in values)
    return Published(method, BRAINSEM, GOD, protocol, 50, shares[::2], shares[1::2])


# The study takes the values of all but its own from BraVL, whose code scores single trials.
PUBLISHED = (
    _god("CADA-VAE", TRIALS, 6.3, 35.7, 6.5, 40.1, 17.7, 54.3, 12.2, 36.6, 7.5, 35.0),
    _god("MVAE", TRIALS, 5.8, 31.5, 5.4, 38.5, 17.1, 52.5, 14.0, 40.9, 7.9, 34.6),
    _god("MMVAE", TRIALS, 6.6, 38.7, 6.6, 41.0, 22.1, 56.3, 14.5, 42.5, 8.5, 38.1),
    _god("MoPoE-VAE", TRIALS, 8.5, 44.0, 8.3, 48.1, 22.7, 61.8, 14.6, 58.5, 10.5, 46.4),
    _god("BraVL", TRIALS, 9.1, 46.8, 8.9, 48.9, 24.0, 62.1, 15.1, 60.0, 12.9, 47.9),
    _god("BrainSem", AVERAGED, 24.0, 50.0, 24.0, 44.0, 28.0, 58.0, 26.0, 62.0, 26.0, 54.0),
    Published(
        "MindEye1",
        "Scotti et al. (2023), Reconstructing the mind's eye, NeurIPS, arXiv:2305.18274",
        NSD,
        DRAWN,
        300,
        (0.936,),
    ),
)
