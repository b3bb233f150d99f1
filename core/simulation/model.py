r"""The model of a simulated subject: noise-free responses, and the noise of trials.

Unit u answers to stimulus s in trial t with

.. math::
    b_{ut} = \kappa_u \, x_{us(t)} + e_{ut}, \qquad
    x_{us} = \sum_p \sqrt{w_p} \, z_{pus}

where z are the drives of the parts p (pixels, colour and texture, context things,
semantics of the main thing), each with mean 0 and variance 1 over the stimuli, w the
parts' shares in the unit's region, x scaled to variance 1, kappa the noise-ceiling
signal-to-noise ratio (ncsnr), and e noise of variance 1: a global, a spatially
correlated and an independent component, with a slow drift over each session.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from core.errors import InputError
from core.simulation import features
from core.simulation.files import Files
from core.simulation.regions import MISSING, REGIONS, ROIS, Region
from core.simulation.scenes import object_categories, places

SUBJECTS = tuple(f"S{number}" for number in range(1, 9))
PARTS = ("pixels", "colour", "context", "semantics")
# Each subject's own quality: every group of subjects has good and poor recordings.
QUALITY = (1.2, 1.05, 1.0, 0.9, 1.1, 0.95, 0.85, 0.8)
RELIABILITY_SPREAD = 0.5
SESSION_TRIALS = 750
RUN_TRIALS = 75
GLOBAL, SPATIAL, OWN, DRIFT = 0.08, 0.4, 0.47, 0.05
CORTICAL_LENGTH = 0.15
FIRST_INPUT = 1.5
# Over -1 to 1, SLOPE * t and BEND * (t^2 - 1/3) each have the variance 1/2.
SLOPE, BEND = np.sqrt(3 / 2), np.sqrt(45 / 8)


@dataclass(frozen=True)
class Model:
    """One simulated subject.

    Attributes
    ----------
    signal : np.ndarray of shape (n, v), float32
        Noise-free responses: mean 0 and variance 1 over all stimuli of the experiment,
        0 throughout for units that no chosen part reaches.
    ncsnr : np.ndarray of shape (v,)
        Standard deviation of the signal over that of the noise of one trial.
    regions : dict of str to int array
        Units of each of the 25 regions that the subject has.
    rois : dict of str to int array
        Units of the ten ROIs, then of the regions.
    cortex : np.ndarray of shape (v, 2)
        Place of each unit on its region's sheet, 0 to 1.
    """

    signal: np.ndarray
    ncsnr: np.ndarray
    regions: Mapping[str, np.ndarray]
    rois: Mapping[str, np.ndarray]
    cortex: np.ndarray

    def of_units(self, units: np.ndarray) -> Model:
        """The model with some of its units only, in ascending order."""
        kept = np.unique(units)
        position = {int(unit): place for place, unit in enumerate(kept)}
        inside = {
            name: np.array([position[unit] for unit in members.tolist() if unit in position])
            for name, members in self.rois.items()
        }
        rois = {name: members for name, members in inside.items() if len(members)}
        regions = {name: rois[name] for name in self.regions if name in rois}
        return Model(self.signal[:, kept], self.ncsnr[kept], regions, rois, self.cortex[kept])

    def of_stimuli(self, rows: np.ndarray) -> Model:
        """The model with the signal of some stimuli only."""
        return replace(self, signal=self.signal[rows])

    def expected(self) -> np.ndarray:
        """What betas average to over endless trials: centred, in units of their spread. (n, v)."""
        signal = self.ncsnr * (self.signal - self.signal.mean(axis=0, dtype=np.float64))
        return signal / np.sqrt(1.0 + signal.var(axis=0))

    def noise_ceiling(self, repeats: int) -> np.ndarray:
        """Share of the variance of averaged trials that is signal. (v,).

        Source: Allen et al. (2022), Nature Neuroscience 25, Methods.
        """
        reached = self.signal.any(axis=0)
        return np.where(reached, self.ncsnr**2 / (self.ncsnr**2 + 1.0 / repeats), 0.0)

    def record(
        self, shown: np.ndarray, session: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Responses of single trials, z-scored within each session.

        Parameters
        ----------
        shown, session : int arrays of shape (trials,)
            Row in ``signal`` and session of each trial.
        rng : np.random.Generator

        Returns
        -------
        np.ndarray of shape (trials, v), float32, z
        """
        return self.respond(self.noise(session, rng), shown, session)

    def respond(self, noise: np.ndarray, shown: np.ndarray, session: np.ndarray) -> np.ndarray:
        """Responses of ``record`` to its noise, which is overwritten by them."""
        betas = noise
        betas += (self.ncsnr * self.signal)[shown].astype(np.float32)
        for rows in _sessions(session):
            part = betas[rows]
            betas[rows] = (part - part.mean(axis=0)) / np.maximum(part.std(axis=0), 1e-6)
        return betas

    def noise(self, session: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Noise of single trials, which does not depend on the signal. (trials, v) float32"""
        trials, units = len(session), len(self.ncsnr)
        noise = rng.standard_normal((trials, units), dtype=np.float32)
        spatial = rng.standard_normal((trials, units), dtype=np.float32)
        for members in self.regions.values():
            # Units of a region are neighbours: in ascending order of all, and of a part of them.
            block = slice(members[0], members[-1] + 1)
            spatial[:, block] = spatial[:, block] @ _smoothing(self.cortex[members])
        noise *= np.float32(np.sqrt(OWN))
        noise += np.float32(np.sqrt(SPATIAL)) * spatial
        shared = rng.standard_normal((trials, 1), dtype=np.float32)
        noise += np.float32(np.sqrt(GLOBAL)) * shared
        noise += np.float32(np.sqrt(DRIFT)) * _drift(session, units, rng)
        return noise


def subject_model(
    files: Files,
    subject: str,
    *,
    snr: float,
    parts: Collection[str] = PARTS,
    permuted: bool = False,
    seed: int = 0,
) -> Model:
    """Build one subject of the simulated experiment.

    Parameters
    ----------
    files : Files
        Stimuli and image features of the experiment.
    subject : str
        One of ``SUBJECTS``.
    snr : float
        Median ncsnr of the units of a subject of average quality.
    parts : collection of str
        Which of ``PARTS`` the responses are made of.
    permuted : bool
        Shuffle the semantics of the main things over the categories: units stay as reliable,
        but what categories share is lost. Every subject gets the same shuffle.
    seed : int
        Another seed gives other units, gains and shuffles.
    """
    if not parts or not set(parts) <= set(PARTS):
        raise InputError(f"parts is {list(parts)}", "one or more of them", choices=PARTS)
    number = SUBJECTS.index(subject)
    rng = np.random.default_rng([seed, number])
    drives = _Drives(files, permuted, seed)
    present = [region for region in REGIONS if region.name not in MISSING.get(subject, ())]
    sizes = [max(12, round(region.units * rng.uniform(0.9, 1.1))) for region in present]
    ends = np.cumsum(sizes)
    regions = {
        region.name: np.arange(end - size, end)
        for region, size, end in zip(present, sizes, ends, strict=True)
    }
    signal = [
        drives.of_region(region, size, parts, rng)
        for region, size in zip(present, sizes, strict=True)
    ]
    gains = np.repeat([region.gain for region in present], sizes)
    spread = rng.lognormal(sigma=RELIABILITY_SPREAD, size=ends[-1])
    ncsnr = snr * QUALITY[number] * gains / np.median(gains) * spread
    cortex = rng.random((ends[-1], 2))
    joined = {
        roi: np.concatenate([regions[r.name] for r in present if r.roi == roi])
        for roi in ROIS
        if any(region.roi == roi for region in present)
    }
    return Model(np.concatenate(signal, axis=1), ncsnr, regions, {**joined, **regions}, cortex)


def trial_list(ids: np.ndarray, repeats: int, rng: np.random.Generator) -> pd.DataFrame:
    """Show every stimulus once a block, in an order of its own; sessions of equal length."""
    count = len(ids) * repeats
    sessions = -(-count // SESSION_TRIALS)
    place = np.arange(count)
    session = place * sessions // count + 1
    within = place - np.searchsorted(session, session)
    return pd.DataFrame(
        {
            "id": np.concatenate([ids[rng.permutation(len(ids))] for _ in range(repeats)]),
            "repeat": np.repeat(np.arange(1, repeats + 1), len(ids)),
            "run": within // RUN_TRIALS + 1,
            "session": session,
        }
    )


class _Drives:
    """What the parts of each stimulus offer to the units of a region."""

    def __init__(self, files: Files, permuted: bool, seed: int) -> None:
        self.gabor, self.colour = files.gabor, files.colour
        main = files.stimuli["kind"].to_numpy()
        self.dimensions, of_category = _semantic_table(sorted(set(main)))
        shuffled = dict(zip(of_category, _shuffled(list(of_category), permuted, seed), strict=True))
        self.main = np.stack([of_category[shuffled[category]] for category in main])
        self.context = np.stack(
            [
                _context(of_category, self.dimensions, category, shares, place)
                for category, shares, place in zip(
                    main, files.stimuli["shares"], files.stimuli["place"], strict=True
                )
            ]
        )

    def of_region(
        self, region: Region, units: int, parts: Collection[str], rng: np.random.Generator
    ) -> np.ndarray:
        """Noise-free responses of a region. (n, units) float32."""
        fields = _fields(region, units, rng)
        own = region.spread * rng.standard_normal((len(self.dimensions), units))
        weights = own + np.array([region.prefers.get(d, 0.0) for d in self.dimensions])[:, None]
        drives = {
            "pixels": _through_fields(self.gabor, fields, features.GRID, rng, inputs=3),
            "colour": _through_fields(self.colour, fields, features.COARSE_GRID, rng, inputs=4),
            "context": self.context @ weights,
            "semantics": self.main @ weights,
        }
        total = np.zeros((len(self.main), units))
        for part, share in zip(PARTS, region.parts, strict=True):
            if part in parts and share:
                total += np.sqrt(share) * _standardised(drives[part])
        return _standardised(total).astype(np.float32)


def _semantic_table(shown: Sequence[str]) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """Names of the dimensions, and each shown category's position on them less the mean one."""
    every = object_categories()
    dimensions = tuple(next(iter(every.values())).semantics)
    table = np.array([[every[name].semantics[d] for d in dimensions] for name in shown])
    return dimensions, dict(zip(shown, table - table.mean(axis=0), strict=True))


def _shuffled(names: list[str], permuted: bool, seed: int) -> list[str]:
    """The categories in an order in which none keeps its place, or as they are."""
    if not permuted:
        return names
    cycle = np.random.default_rng([seed, len(SUBJECTS)]).permutation(len(names))
    following = dict(zip(cycle, np.roll(cycle, -1), strict=True))
    return [names[following[place]] for place in range(len(names))]


def _context(
    of_category: Mapping[str, np.ndarray],
    dimensions: tuple[str, ...],
    main: str,
    shares: Mapping[str, float],
    place: str,
) -> np.ndarray:
    """What stands about the main thing, weighted by its size in the image, and the place."""
    around = np.array([places()[place].semantics.get(d, 0.0) for d in dimensions])
    for category, share in shares.items():
        if category != main:
            around = around + np.sqrt(share) * 2.0 * of_category[category]
    return around


def _fields(region: Region, units: int, rng: np.random.Generator) -> np.ndarray:
    """Receptive fields on the fine grid. (64, units), each with sum 1."""
    x, y = rng.uniform(0.08, 0.92, units), rng.uniform(*region.centre, units)
    size = region.field_size * rng.uniform(0.8, 1.3, units)
    at = (np.arange(features.GRID) + 0.5) / features.GRID
    down, across = np.meshgrid(at, at, indexing="ij")
    away = (down.reshape(-1, 1) - y) ** 2 + (across.reshape(-1, 1) - x) ** 2
    weights = np.exp(-away / (2 * size**2))
    normalised: np.ndarray = weights / weights.sum(axis=0)
    return normalised


def _through_fields(
    maps: np.ndarray, fields: np.ndarray, grid: int, rng: np.random.Generator, inputs: int
) -> np.ndarray:
    """Units that each weigh a few channels in their receptive field. (n, units)."""
    channels, step, units = maps.shape[1], features.GRID // grid, fields.shape[1]
    pooled = fields.reshape(grid, step, grid, step, units).sum(axis=(1, 3))
    chosen = rng.integers(channels, size=(inputs, units))
    strength = rng.standard_normal((inputs, units))
    strength[0] += FIRST_INPUT
    gains = np.zeros((channels, units))
    np.add.at(gains, (chosen, np.arange(units)), strength)
    weights = gains[:, None, None] * pooled
    flat = maps.reshape(len(maps), -1)
    response: np.ndarray = flat @ weights.reshape(-1, units).astype(np.float32)
    return response.astype(np.float64)


def _smoothing(places_on_sheet: np.ndarray) -> np.ndarray:
    """Square root of an exponential covariance over cortex. (v, v) float32."""
    away = np.linalg.norm(places_on_sheet[:, None] - places_on_sheet[None], axis=2)
    covariance = np.exp(-away / CORTICAL_LENGTH) + 1e-6 * np.eye(len(away))
    root: np.ndarray = np.linalg.cholesky(covariance).T.astype(np.float32)
    return root


def _sessions(session: np.ndarray) -> list[slice]:
    """Trials of each session; they ascend, as ``trial_list`` has them."""
    starts = np.flatnonzero(np.diff(session, prepend=session[0] - 1))
    return [slice(*ends) for ends in pairwise([*starts.tolist(), len(session)])]


def _drift(session: np.ndarray, units: int, rng: np.random.Generator) -> np.ndarray:
    """Slow change within each session, of variance about 1. (trials, units) float32."""
    drift = np.empty((len(session), units), dtype=np.float32)
    for rows in _sessions(session):
        time = np.linspace(-1.0, 1.0, rows.stop - rows.start, dtype=np.float32)[:, None]
        slope, bend = rng.standard_normal((2, 1, units), dtype=np.float32)
        drift[rows] = slope * time * SLOPE + bend * (time**2 - 1 / 3) * BEND
    return drift


def _standardised(columns: np.ndarray) -> np.ndarray:
    """Z-scored columns; a constant column becomes 0."""
    spread = columns.std(axis=0)
    scaled: np.ndarray = (columns - columns.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)
    return np.where(spread > 1e-9, scaled, 0.0)
