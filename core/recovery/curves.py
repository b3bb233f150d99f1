"""How well a design recovers the truth of the simulated experiment.

A curve changes one thing of the design (repeats, stimuli, units or signal-to-noise) and
keeps the rest; each point simulates every subject anew and measures its reliability, how
its RDM agrees with the noise-free RDM, and how its clusters agree with the scenes' themes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.spatial.distance import squareform
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from core import rdm, simulation
from core.clusters.descent import Seeding
from core.errors import InputError, NotFoundError
from core.progress import Progress, silent
from core.registry import Registry
from core.simulation import Model
from core.statistics import split_half_reliability, t_interval
from core.vectors import unit_rows

CLUSTER_STARTS = 5


@dataclass(frozen=True)
class Measure:
    """Something that a recording should recover, and what of the design it depends on."""

    label: str
    help: str
    depends_on: tuple[str, ...] = ("repeats", "stimuli", "units", "snr")


@dataclass(frozen=True)
class Curve:
    """One thing of the design that is changed, and the values it takes."""

    label: str
    values: tuple[float, ...]


FEWEST_FOR_INTERVAL = 3
MEASURES: Registry[Measure] = Registry("measure")
MEASURES.register(
    "reliability",
    Measure(
        "Reliability",
        "split-half reliability of the median unit, corrected to all repeats (Spearman-Brown) and "
        "over every way to halve them",
        ("repeats", "snr"),
    ),
)
MEASURES.register(
    "rdm",
    Measure(
        "RDM recovery",
        "Spearman correlation of the measured RDM with the noise-free RDM of every unit of the "
        "region",
    ),
)
MEASURES.register(
    "clusters",
    Measure(
        "Cluster recovery",
        "adjusted Rand index of k-means clusters (of centred patterns of length 1, as many "
        "clusters as themes) with the themes of the scenes",
    ),
)

COLUMNS = (*MEASURES, "ceiling", "themes")
CURVES: Registry[Curve] = Registry("curve")
CURVES.register("repeats", Curve("Repeats", (1, 2, 3, 4, 6, 8, 10)))
CURVES.register("stimuli", Curve("Stimuli", (80, 120, 240, 480, 960, 1500)))
CURVES.register("units", Curve("Units", (5, 10, 20, 40, 80, 160, 320)))
CURVES.register("snr", Curve("SNR", (0.1, 0.2, 0.4, 0.8, 1.6)))


def measure(
    options: Mapping[str, Any],
    roi: str | None = None,
    metric: str = "correlation",
    progress: Progress = silent,
) -> pd.DataFrame:
    """Simulate every point of every curve.

    Parameters
    ----------
    options : mapping
        Of the recording ``simulated``.
    roi : str or None
        None for every unit.
    metric : str
        Of the RDM.
    progress : callable, optional
        ``progress(fraction, message)``; may raise ``Cancelled``.

    Returns
    -------
    pd.DataFrame
        A row for each curve, value and subject: ``curve, value, subject``, a column for
        each measure, and ``ceiling``, the noise ceiling that the model predicts for the
        median unit, and ``themes``, the cluster recovery of the noise-free responses.
        Subjects without the ROI have no rows.

    Raises
    ------
    NotFoundError
        If no subject has the ROI.
    InputError
        If the metric needs folds.
    """
    if rdm.METRICS[metric].needs_folds:
        raise InputError(f"{metric} needs folds", "a metric of averaged responses")
    files = simulation.open_files()
    models = _models(files, options, roi)
    fewest = min(len(model.ncsnr) for model in models.values())
    report = _Shared(progress, len(models))

    def of_subject(subject: str, model: Model) -> list[dict[str, Any]]:
        points = _points(options, len(model.ncsnr), fewest)
        recovered = _Recovery(files, model, subject, options["seed"], metric)
        rows: list[dict[str, Any]] = []
        for curve, value, design in points:
            report(1 / len(points), f"{subject}, {CURVES[curve].label} {value:g}")
            rows.append({"curve": curve, "value": value, "subject": subject, **recovered(design)})
        return rows

    with ThreadPoolExecutor(max(1, min(len(models), os.cpu_count() or 1))) as pool:
        rows = [row for own in pool.map(of_subject, models, models.values()) for row in own]
    return pd.DataFrame(rows)


def summary(curves: pd.DataFrame) -> pd.DataFrame:
    """Mean over subjects with its 95 % t interval.

    Parameters
    ----------
    curves : pd.DataFrame
        From ``measure``.

    Returns
    -------
    pd.DataFrame
        Columns ``curve, value, measure, mean, low, high, n``; an interval needs three
        subjects. All subjects see the same stimuli, so it speaks for subjects only.
    """
    rows = []
    for (curve, value), group in curves.groupby(["curve", "value"], sort=False):
        for name in COLUMNS:
            interval = t_interval(group[name], minimum=FEWEST_FOR_INTERVAL)
            rows.append((curve, value, name, *interval, len(group)))
    return pd.DataFrame(rows, columns=["curve", "value", "measure", "mean", "low", "high", "n"])


def limit(means: pd.DataFrame, measured: str) -> float:
    """What endless data would recover: the noise-free clusters' agreement, else 1."""
    if measured != "clusters":
        return 1.0
    return float(means.loc[means["measure"] == "themes", "mean"].max())


def needed(means: pd.DataFrame, curve: str, measured: str, target: float) -> float | None:
    """The smallest value of a curve whose mean reaches a target, None where none does."""
    points = means[(means["curve"] == curve) & (means["measure"] == measured)]
    reached = points.loc[points["mean"] >= target, "value"]
    return None if reached.empty else float(reached.min())


def profiles(model: Model, themes: Iterable[str]) -> pd.DataFrame:
    """Noise-free mean response of each region (columns) to the images of each theme (rows), z."""
    means = {
        name: model.signal[:, units].mean(axis=1).astype(np.float64)
        for name, units in model.regions.items()
    }
    table = pd.DataFrame(means)
    scaled = (table - table.mean()) / table.std().replace(0.0, 1.0)
    return scaled.groupby(np.asarray(list(themes))).mean()


def strongest(model: Model, region: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the stimuli with the highest and the lowest noise-free mean in a region.

    Both are empty where no chosen part of the responses reaches the region.
    """
    if not model.signal[:, model.rois[region]].any():
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    order = np.argsort(-model.signal[:, model.rois[region]].mean(axis=1), kind="stable")
    return order[:count], order[::-1][:count]


def _models(
    files: simulation.Files, options: Mapping[str, Any], roi: str | None
) -> dict[str, Model]:
    """Subjects that have the ROI, at a signal-to-noise ratio of 1, which each design scales."""
    models = {}
    for subject in simulation.SUBJECTS[: options["subjects"]]:
        model = simulation.subject_model(
            files,
            subject,
            snr=1.0,
            parts=options["parts"],
            permuted=options["semantics"] == "permuted",
            seed=options["seed"],
        )
        if roi is None:
            models[subject] = model
        elif roi in model.rois:
            models[subject] = model.of_units(model.rois[roi])
    if not models:
        raise NotFoundError(
            f"No subject has the ROI {roi!r}",
            choices=[*simulation.ROIS, *(region.name for region in simulation.REGIONS)],
        )
    return models


def _points(
    options: Mapping[str, Any], units: int, fewest: int
) -> list[tuple[str, float, dict[str, Any]]]:
    """Every point of every curve, with the design in which one thing is changed.

    The curve over units ends at the number of units that every subject has.
    """
    design = {name: options[name] for name in ("repeats", "stimuli", "snr")} | {"units": units}
    return [
        (curve, float(value), {**design, curve: value})
        for curve in CURVES
        for value in sorted({*CURVES[curve].values, {**design, "units": fewest}[curve]})
        if curve != "units" or value <= fewest
    ]


class _Shared:
    """Progress of several subjects at once: what one of them raises ends all."""

    def __init__(self, progress: Progress, subjects: int) -> None:
        self.progress, self.subjects, self.done = progress, subjects, 0.0
        self.raised: BaseException | None = None
        self.lock = threading.Lock()

    def __call__(self, step: float, message: str) -> None:
        with self.lock:
            try:
                if self.raised is None:
                    self.progress(min(1.0, self.done / self.subjects), message)
            except BaseException as raised:
                self.raised = raised
            if self.raised is not None:
                raise self.raised
            self.done += step


class _Recovery:
    """What one subject's recordings recover, design by design.

    Kept are the noise-free truth, what a design gave that comes again in another curve, and the
    last noise, which the curve over signal-to-noise ratios adds to a signal of another size.
    """

    def __init__(
        self, files: simulation.Files, model: Model, subject: str, seed: int, metric: str
    ) -> None:
        self.files, self.model, self.metric = files, model, metric
        self.seed = [seed, simulation.SUBJECTS.index(subject)]
        self.order = np.random.default_rng(self.seed).permutation(len(model.ncsnr))
        self.truths: dict[tuple[int, float], _Truth] = {}
        self.points: dict[tuple[float, ...], dict[str, float]] = {}
        self.noise: dict[tuple[int, int, int], tuple[pd.DataFrame, np.ndarray]] = {}

    def __call__(self, design: Mapping[str, Any]) -> dict[str, float]:
        """Simulate a design, or give again what it gave."""
        key = tuple(float(design[name]) for name in sorted(design))
        if key not in self.points:
            self.points[key] = self._simulated(design)
        return self.points[key]

    def _simulated(self, design: Mapping[str, Any]) -> dict[str, float]:
        """Simulate a design; fewer units are a part of more units."""
        rows = simulation.rows_shown(self.files.stimuli, int(design["stimuli"]))
        model = self.model.of_stimuli(rows)
        model = replace(model, ncsnr=model.ncsnr * design["snr"])
        themes = self.files.stimuli["theme"].to_numpy()[rows]
        key = (len(rows), float(design["snr"]))
        if key not in self.truths:
            self.truths[key] = self._truth(model, themes)
        truth = self.truths[key]
        part = model.of_units(self.order[: int(design["units"])])
        repeats = int(design["repeats"])
        trials, noise = self._noise(part, len(rows), repeats)
        shown = trials["id"].to_numpy(dtype=np.intp)
        betas = part.respond(noise, shown, trials["session"].to_numpy())
        by_stimulus = betas[np.argsort(shown, kind="stable")]
        averaged = by_stimulus.reshape(len(rows), repeats, -1).mean(axis=1)
        return {
            "reliability": _median_reliability(betas, shown, repeats),
            "rdm": truth.recovery(averaged, self.metric),
            "clusters": _theme_recovery(averaged, themes),
            "ceiling": float(np.median(part.noise_ceiling(repeats))),
            "themes": truth.themes,
        }

    def _noise(self, part: Model, stimuli: int, repeats: int) -> tuple[pd.DataFrame, np.ndarray]:
        """Trials of a design and their noise, a copy of one's own."""
        key = (len(part.ncsnr), stimuli, repeats)
        if key not in self.noise:
            rng = np.random.default_rng([*self.seed, stimuli])
            trials = simulation.trial_list(np.arange(stimuli), repeats, rng)
            self.noise = {key: (trials, part.noise(trials["session"].to_numpy(), rng))}
        trials, noise = self.noise[key]
        return trials, noise.copy()

    def _truth(self, model: Model, themes: Sequence[str]) -> _Truth:
        """Noise-free RDM of every unit (None where nothing reaches it), and its clusters."""
        reached = model.of_units(np.flatnonzero(model.signal.any(axis=0)))
        if len(reached.ncsnr) == 0:
            return _Truth(None, 0.0)
        expected = reached.expected()
        return _Truth(_ranks(expected, self.metric), _theme_recovery(expected, themes))


def _median_reliability(betas: np.ndarray, shown: np.ndarray, repeats: int) -> float:
    if repeats < 2:
        return float("nan")
    return float(np.nanmedian(split_half_reliability(betas, shown).units))


class _Truth(NamedTuple):
    """Ranks of the cells of the noise-free RDM (None where nothing reaches it), and the cluster
    recovery of noise-free responses."""

    ranks: np.ndarray | None
    themes: float

    def recovery(self, averaged: np.ndarray, metric: str) -> float:
        """Spearman correlation of the measured RDM with the true one, which is ranked already."""
        if self.ranks is None:
            return 0.0
        ranks = _ranks(averaged, metric)
        return float(rdm.COMPARISONS["spearman"].products(ranks, self.ranks)[0, 0])


def _ranks(responses: np.ndarray, metric: str) -> np.ndarray:
    """Ranks of the cells of their RDM above the diagonal, of length 1. (1, p)"""
    cells = squareform(rdm.compute(responses, metric), checks=False)
    return rdm.COMPARISONS["spearman"].rows(cells[None].astype(np.float64))


def _theme_recovery(responses: np.ndarray, themes: Sequence[str]) -> float:
    """Adjusted Rand index of k-means clusters of the rows' patterns with the themes."""
    rows = unit_rows(responses, centred=True).astype(responses.dtype)
    k = len(set(themes))
    seeding: list[Seeding] = []

    def seeds(centred: np.ndarray, k: int, random_state: np.random.RandomState) -> np.ndarray:
        # What scikit-learn would take itself, for all starts prepared once.
        if not seeding:
            seeding.append(Seeding(centred, k))
        return centred[seeding[0].places(random_state)]

    means = KMeans(n_clusters=k, init=seeds, n_init=CLUSTER_STARTS, random_state=0)
    labels = means.fit_predict(rows)
    return float(adjusted_rand_score(themes, labels))
