"""One encoding model fitted and scored, kept in the store with what it predicts of test images."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from PIL import Image

from core import encoders, store
from core.datasets import Dataset
from core.decoders.config import Config
from core.dissimilarity.model import split_text
from core.encoding.ceilings import UnitCeilings, unit_ceilings
from core.encoding.data import Band, EncodingData, measured, prepare_model
from core.encoding.model import bands_of, canonical_model
from core.encoding.scores import (
    RegionScores,
    UnitScore,
    correlations,
    explained,
    medians,
    score,
)
from core.encoding.solvers import banded, commonality, ridge
from core.errors import InputError
from core.progress import Progress, portion
from core.scores.resampling import permutations

VERSION = 1
OPERATION = "encoding_model"
ALPHAS = tuple(float(alpha) for alpha in np.logspace(-1, 7, 13))
FOLDS, LEAVE_ONE_OUT = "5 folds", "leave-one-out"
INNER = (FOLDS, LEAVE_ONE_OUT)
DRAWS = 10
CONTROLS = 5
SCORES = ("r", "r2", "p")


@dataclass(frozen=True, eq=False)
class EncodingFit:
    """A fitted encoding model, its predictions of the test images and their scores.

    Attributes
    ----------
    model : str
    units : np.ndarray of shape (v,), intp
        Columns of the recording; every array of units follows them.
    train, test : np.ndarray, intp
        Rows of the stimuli.
    predicted : np.ndarray of shape (test, v), float32
        z by the training images.
    mean, deviation : np.ndarray of shape (v,)
        Of the averaged responses to the training images.
    bands : dict of str to Band
    weights : dict of str to np.ndarray of shape (p, v), float32
    intercept : np.ndarray of shape (v,)
    alphas : dict of str to np.ndarray of shape (v,)
        Regularisation of each band; NaN of units that do not vary.
    unit_scores : UnitScore
    ceilings : UnitCeilings
    regions : dict of str to np.ndarray
        Columns of each region.
    region_scores : RegionScores
    control : np.ndarray of shape (CONTROLS, regions)
        Median r of the same model fitted to permuted responses, each time permuted anew.
    parts : dict of frozenset of str to np.ndarray of shape (v,)
        Unique and common shares of R^2 of several bands; empty for one.
    facts : dict
    """

    model: str
    units: np.ndarray
    train: np.ndarray
    test: np.ndarray
    predicted: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    bands: dict[str, Band]
    weights: dict[str, np.ndarray]
    intercept: np.ndarray
    alphas: dict[str, np.ndarray]
    unit_scores: UnitScore
    ceilings: UnitCeilings
    regions: dict[str, np.ndarray]
    region_scores: RegionScores
    control: np.ndarray
    parts: dict[frozenset[str], np.ndarray]
    facts: dict[str, Any]

    @property
    def normalised(self) -> np.ndarray:
        """r over the correlation that its ceiling allows; NaN where that is unknown or low. (v,)"""
        return normalised(self.unit_scores.r, self.ceilings)

    def measured(self, ds: Dataset) -> np.ndarray:
        """Averaged responses to the test images, z by the training images. (test, v) float32"""
        return measured(ds, self.units, self.test, self.mean, self.deviation)

    def predict(self, features: Mapping[str, np.ndarray]) -> np.ndarray:
        """Responses to images by their embeddings in every band, as encoders give them.

        Parameters
        ----------
        features : mapping of str to np.ndarray of shape (m, p)

        Returns
        -------
        np.ndarray of shape (m, v), z by the training images
        """
        parts = [self.bands[b].apply(features[b]) @ self.weights[b] for b in self.bands]
        return np.asarray(np.sum(parts, axis=0) + self.intercept, dtype=np.float32)

    def predict_image(self, image: Image.Image) -> np.ndarray:
        """Response to one image, e.g. an uploaded one. (v,), z by the training images"""
        features = {}
        for band in self.bands:
            name, values = split_text(band)
            features[band] = encoders.encode_image(image, name, **values)[None]
        return self.predict(features)[0]


def normalised(r: np.ndarray, ceilings: UnitCeilings) -> np.ndarray:
    """Correlations over those that a perfect model of the signal reaches. (v,)"""
    return np.where(
        ceilings.usable, r / np.where(ceilings.usable, ceilings.correlation, 1.0), np.nan
    )


def fit_key(model: str, config: Config, ds: Dataset, inner: str) -> str:
    """Key of a fitted model in the store."""
    content = []
    for band in bands_of(model):
        name, values = split_text(band)
        content.append(encoders.result_key(ds, name, "stimuli", **values))
    parameters = {
        "model": canonical_model(model),
        "content": content,
        "rois": list(config.rois),
        "split": config.split,
        "split_parameters": dict(config.split_parameters),
        "fold": config.fold,
        "inner": inner,
    }
    return store.key(OPERATION, ds.fingerprint, parameters, config.seed, VERSION)


def fit(
    model: str, config: Config, ds: Dataset, inner: str = FOLDS, progress: Progress | None = None
) -> EncodingFit:
    """Fit and score an encoding model, or take it from the store.

    Parameters
    ----------
    model : str
        One embedding, such as 'gabor', or several bands, such as 'gabor + clip-small'.
    config : Config
        Of a decoder: its ROIs, split and seed; see ``data.config_of``.
    ds : Dataset
    inner : {'5 folds', 'leave-one-out'}
        What alphas are chosen by, on the training images alone; bands always by folds.

    Returns
    -------
    EncodingFit

    Raises
    ------
    InputError, NotFoundError
        As ``data.prepare_model``.
    Cancelled
        Nothing is kept then.

    Source: Naselaris et al. (2011), NeuroImage 56:400-410 (encoding models); Nunez-Elizalde,
    Huth & Gallant (2019), NeuroImage 197:482-492 (banded ridge).
    """
    if inner not in INNER:
        raise InputError(f"inner is {inner!r}", choices=INNER)
    key = fit_key(model, config, ds, inner)
    stored = load_fit(key)
    if stored is not None:
        return stored
    if ds.is_subset:
        raise InputError(
            f"{ds.info.title} is open in part",
            "the whole recording, which is split into training and test images",
        )
    began = time.monotonic()
    data = prepare_model(model, config, ds, portion(progress, 0.0, 0.2))
    arrays, facts = _fitted(data, config.seed, inner, portion(progress, 0.2, 0.5))
    scored, also = _scored(data, arrays, config, portion(progress, 0.5, 0.7))
    scored["control"] = _control(data, arrays, config, portion(progress, 0.7, 1.0))
    facts |= also | {
        "title": f"Encoding model {model}: {ds.info.title}",
        "model": canonical_model(model),
        "seconds": time.monotonic() - began,
        "inner": inner,
        "split": config.split,
        "fingerprint": ds.fingerprint,
    }
    store.save(key, arrays | scored, facts)
    loaded = load_fit(key)
    assert loaded is not None
    return loaded


def _fitted(
    data: EncodingData, seed: int, inner: str, progress: Progress
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Fit the model, the control, and every subset of its bands."""
    y = data.responses(data.train)
    names = list(data.features)
    progress(0.0, "Fitting")
    own = _fit_bands(data, names, y, seed, inner)
    predicted = own.predict({b: data.features[b][data.test] for b in names})
    truth = data.responses(data.test)
    subsets = {frozenset(names): explained(truth, predicted)}
    smaller = [s for size in range(1, len(names)) for s in combinations(names, size)]
    for number, some in enumerate(smaller):
        progress(0.5 + 0.5 * number / len(smaller), f"Fitting {' + '.join(some)}")
        part = _fit_bands(data, list(some), y, seed, inner)
        of_part = part.predict({b: data.features[b][data.test] for b in some})
        subsets[frozenset(some)] = explained(truth, of_part)
    arrays = {
        "predicted": predicted,
        "intercept": own.intercept,
        **{f"weights{k}": own.weights[b] for k, b in enumerate(names)},
        **{f"alpha{k}": own.alphas[b] for k, b in enumerate(names)},
        **{f"mean{k}": data.bands[b].mean for k, b in enumerate(names)},
    }
    facts: dict[str, Any] = {"scales": [data.bands[b].scale for b in names]}
    if smaller:
        parts = commonality.parts(subsets)
        facts["parts"] = [sorted(part) for part in parts]
        arrays["parts"] = np.stack(list(parts.values()))
    return arrays, facts


def _fit_bands(
    data: EncodingData, names: list[str], y: np.ndarray, seed: int, inner: str
) -> banded.BandedRidge:
    """Ridge from one band, banded ridge from several, on the training images."""
    features = {band: data.features[band][data.train] for band in names}
    if len(names) > 1:
        return banded.fit_bands(features, y, ALPHAS, data.inner(seed), draws=DRAWS, seed=seed)
    folds = None if inner == LEAVE_ONE_OUT else data.inner(seed)
    band = names[0]
    fitted = ridge.fit_units(features[band], y, ALPHAS, folds)
    return _as_bands(band, fitted)


def _as_bands(band: str, fitted: ridge.UnitRidge) -> banded.BandedRidge:
    """A ridge regression as one of a single band."""
    return banded.BandedRidge({band: fitted.weights}, fitted.intercept, {band: fitted.alpha})


def _control(
    data: EncodingData, arrays: Mapping[str, np.ndarray], config: Config, progress: Progress
) -> np.ndarray:
    """Median r of regions of models fitted to permuted responses. (CONTROLS, regions)

    Alphas are those of the model itself.
    """
    y, truth = data.responses(data.train), data.responses(data.test)
    regions = regions_of(data.ds, data.units, config.rois)
    held = {band: data.features[band][data.test] for band in data.features}
    # What stays together in a set stays together here: else a group would tell of itself.
    maps = permutations(data.group.astype(str), CONTROLS, config.seed)
    names = list(data.features)
    features = {band: data.features[band][data.train] for band in names}
    moved = (y[rows] for rows in maps)
    fitted: Iterator[banded.BandedRidge]
    if len(names) > 1:
        fitted = banded.refit(
            features, moved, {b: arrays[f"alpha{k}"] for k, b in enumerate(names)}
        )
    else:
        alone = ridge.refit(features[names[0]], moved, arrays["alpha0"])
        fitted = (_as_bands(names[0], each) for each in alone)
    progress(0.0, "Fitting to permuted responses")
    control = [medians(correlations(truth, f.predict(held))[None], regions)[0] for f in fitted]
    return np.array(control)


def _scored(
    data: EncodingData, arrays: dict[str, np.ndarray], config: Config, progress: Progress
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    ceilings = unit_ceilings(data.ds, data.units, data.test)
    regions = regions_of(data.ds, data.units, config.rois)
    allowed = np.where(ceilings.usable, ceilings.correlation, np.nan)
    truth = data.responses(data.test)
    settings = data.category, allowed, regions, config.seed
    units, by_region = score(truth, arrays["predicted"], *settings, progress)
    scored = {
        "units": data.units,
        "train": data.train,
        "test": data.test,
        "response_mean": data.mean,
        "response_deviation": data.deviation,
        "ceiling": ceilings.share,
        **{name: getattr(units, name) for name in SCORES},
        **{f"region_{name}": getattr(by_region, name) for name in REGION_ARRAYS},
    }
    facts = {
        "regions": {name: columns.tolist() for name, columns in regions.items()},
        "unit": by_region.unit,
        "ceiling_source": ceilings.source,
        "ceiling_stimuli": ceilings.stimuli,
    }
    return scored, facts


REGION_ARRAYS = (
    "raw",
    "normalised",
    "raw_without",
    "normalised_without",
    "weight",
    "p",
    "chance",
)


def regions_of(ds: Dataset, units: np.ndarray, rois: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Columns of the ROIs that are predicted; 'every unit' where the recording names none."""
    place = {int(unit): column for column, unit in enumerate(units)}
    named = {name: ds.rois[name] for name in (rois or ds.rois)}
    listed = {
        name: np.array([place[u] for u in members.tolist() if u in place], dtype=np.intp)
        for name, members in named.items()
    }
    return listed or {"every unit": np.arange(len(units))}


def load_fit(key: str) -> EncodingFit | None:
    """A fitted model from the store, None where there is none."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        arrays, facts = result.arrays, dict(result.facts)
        names = bands_of(facts["model"])
        means = [arrays[f"mean{k}"] for k in range(len(names))]
        bands = {
            b: Band(mean, float(scale))
            for b, mean, scale in zip(names, means, facts["scales"], strict=True)
        }
        share, source = np.asarray(arrays["ceiling"]), str(facts["ceiling_source"])
        listed = [frozenset(part) for part in facts.get("parts", [])]
        regions = {n: np.array(columns, dtype=np.intp) for n, columns in facts["regions"].items()}
        return EncodingFit(
            model=facts["model"],
            units=arrays["units"],
            train=arrays["train"],
            test=arrays["test"],
            predicted=arrays["predicted"],
            mean=arrays["response_mean"],
            deviation=arrays["response_deviation"],
            bands=bands,
            weights={b: arrays[f"weights{k}"] for k, b in enumerate(names)},
            intercept=arrays["intercept"],
            alphas={b: arrays[f"alpha{k}"] for k, b in enumerate(names)},
            unit_scores=UnitScore(*(arrays[name] for name in SCORES)),
            ceilings=UnitCeilings(share, source, int(facts["ceiling_stimuli"])),
            regions=regions,
            region_scores=RegionScores(
                **{name: arrays[f"region_{name}"] for name in REGION_ARRAYS}, unit=facts["unit"]
            ),
            control=arrays["control"],
            parts=dict(zip(listed, arrays["parts"], strict=True)) if listed else {},
            facts=facts | {"key": key},
        )
