"""One model fitted to one setting, kept in the store with what it predicts of unseen pairs.

What every model of a setting is asked (the pairs, their truth, the images of the matrices) is
kept once, beside the predictions of each.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

import core.dissimilarity.models  # noqa: F401  (each model registers itself)
from core import encoders, rdm, store
from core.datasets import Reference
from core.dissimilarity.data import PairData, check_metric, prepare
from core.dissimilarity.model import Predict, read, split_text, write
from core.progress import Progress, portion, silent

VERSION = 1
OPERATION, QUESTIONS = "pair_model", "pair_questions"
# Of the test pairs so many are scored, among so many images; the others are drawn away.
MOST_PAIRS, MOST_IMAGES = 10_000, 1_000
MOST_SHOWN = 100
PREDICTED_AT_ONCE = 8192


@dataclass(frozen=True)
class PairSetting:
    """Whose dissimilarities, of which images, from what, and how the pairs are split.

    Attributes
    ----------
    recording : Reference
    rois : tuple of str
        Concatenated; empty for every unit.
    metric : str
        Of single pairs, such as 'correlation' and 'euclidean'.
    embedding : str
        ``ENCODER[,NAME=VALUE...]``.
    split : str
        Id of ``core.splits.KINDS``; 'pair' leaks.
    images : int
        How many are drawn; 0 for all.
    seed : int
    """

    recording: Reference
    rois: tuple[str, ...] = ()
    metric: str = "correlation"
    embedding: str = "clip-small"
    split: str = "image"
    images: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        check_metric(self.metric)


@dataclass(frozen=True, eq=False)
class PairFit:
    """What a fitted model predicts of pairs that it was not trained on.

    Attributes
    ----------
    ids : tuple of str
        Of the images; ``i``, ``j``, ``shown`` and ``scored`` are places in it.
    i, j : np.ndarray of shape (k,), intp
        The unseen pairs that are scored, i < j.
    truth, predicted : np.ndarray of shape (k,), float64
    scored : np.ndarray of shape (u,), intp
        Their images.
    exposure : np.ndarray of shape (u,), int
        In how many training pairs each of them stands: 0 unless the split leaks.
    square : np.ndarray of shape (u, u), float32
        Every true dissimilarity of them.
    shown : np.ndarray of shape (s,), intp
        Images of the two matrices.
    shown_truth, shown_predicted : np.ndarray of shape (s, s), float32
    shown_unseen : np.ndarray of shape (s, s), bool
        Cells that are not of the training set.
    facts : dict
        ``seconds``, ``training_pairs``, ``test_pairs``, ``training_images``, ``model`` and what
        the model itself says.
    """

    ids: tuple[str, ...]
    i: np.ndarray
    j: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    scored: np.ndarray
    exposure: np.ndarray
    square: np.ndarray
    shown: np.ndarray
    shown_truth: np.ndarray
    shown_predicted: np.ndarray
    shown_unseen: np.ndarray
    facts: dict[str, Any]


def fit_key(setting: PairSetting, model: str | None, ids: tuple[str, ...]) -> str:
    """Key of a fit in the store; a model of images alone has one for all embeddings.

    None instead of a model: of what all models of the setting are asked.
    """
    ds = setting.recording.open()
    parameters: dict[str, Any] = {
        "ids": store.fingerprint(list(ids)),
        "rois": list(setting.rois),
        "metric": setting.metric,
        "split": setting.split,
    }
    chosen, values = (None, {}) if model is None else read(model)
    if chosen is not None:
        parameters |= {"model": chosen.id, "values": values}
    takes = "" if chosen is None else chosen.takes
    if takes in ("embedding", "response") or setting.split not in ("pair", "image"):
        name, settings = split_text(setting.embedding)
        parameters["embedding"] = encoders.result_key(ds, name, "stimuli", **settings)
    operation = QUESTIONS if chosen is None else OPERATION
    return store.key(operation, ds.fingerprint, parameters, setting.seed, VERSION)


def fit(
    setting: PairSetting,
    model: str,
    progress: Progress | None = None,
    data: PairData | None = None,
) -> PairFit:
    """Fit a model, or take the fit from the store.

    Parameters
    ----------
    setting : PairSetting
    model : str
        ``ID[,NAME=VALUE...]``, see ``MODELS``.
    progress : callable, optional
        May raise ``Cancelled``; nothing is kept then.
    data : PairData, optional
        Of the setting, where it is prepared already.

    Raises
    ------
    InputError, NotFoundError
        As ``prepare``, and where the model does not suit the setting.
    """
    data = prepare(setting, portion(progress, 0.0, 0.1)) if data is None else data
    chosen, values = read(model)
    key = fit_key(setting, model, data.ids)
    stored = load_fit(key)
    if stored is not None:
        return stored
    began = time.monotonic()
    fitted = chosen.fit(data, values, setting.seed, portion(progress, 0.1, 0.95))
    predict = _blockwise(fitted.predict)
    if chosen.scaled_by:
        predict = _scaled(predict, data, setting.seed)
    facts = {
        **fitted.facts,
        "model": write(chosen, values),
        "seconds": time.monotonic() - began,
        "training_pairs": data.training.count,
        "training_images": len(data.training.rows),
        "test_pairs": data.test.count,
    }
    (progress or silent)(0.95, "Predicting unseen pairs")
    questions = _questions(setting, data)
    store.save(key, _predictions(questions, data, predict), {**facts, "questions": questions.key})
    loaded = load_fit(key)
    assert loaded is not None
    return loaded


def load_fit(key: str) -> PairFit | None:
    """A fit from the store, None where there is none."""
    result = store.load(key)
    if result is None:
        return None
    facts, arrays = dict(result.facts), dict(result.arrays)
    if "questions" in facts:  # else of a former version, which kept them with each model
        questions = store.load(facts.pop("questions"))
        if questions is None:
            return None
        arrays |= questions.arrays
        facts["ids"] = questions.facts.get("ids")
    with store.reading(key):
        return PairFit(ids=tuple(facts.pop("ids")), facts=facts, **arrays)


def questions_key(key: str) -> str | None:
    """Key of what the fit of a key was asked, None where that is kept with it."""
    result = store.load(key)
    return None if result is None else result.facts.get("questions")


def _questions(setting: PairSetting, data: PairData) -> store.Result:
    """The unseen pairs of a setting with their truth, the same for every model of it."""
    key = fit_key(setting, None, data.ids)
    stored = store.load(key)
    if stored is not None:
        return stored
    rng = np.random.default_rng([setting.seed, 9])
    scored = data.test.rows
    if len(scored) > MOST_IMAGES:
        scored = np.sort(rng.choice(scored, MOST_IMAGES, replace=False))
    i, j = data.test.restricted(scored).sample(MOST_PAIRS, rng)
    shown = data.shown
    if len(shown) > MOST_SHOWN:
        shown = np.sort(rng.choice(shown, MOST_SHOWN, replace=False))
    first, other = _cells(shown)
    arrays = {
        "i": i,
        "j": j,
        "truth": data.truth(i, j),
        "scored": scored,
        "exposure": data.training.exposure(scored),
        "square": rdm.compute(data.responses[scored], data.metric),
        "shown": shown,
        "shown_truth": _matrix(data.truth(first, other).astype(np.float32), len(shown)),
        "shown_unseen": _matrix(~data.training.contains(first, other), len(shown)),
    }
    return store.save(key, arrays, {"ids": list(data.ids)})


def _predictions(
    questions: store.Result, data: PairData, predict: Predict
) -> Mapping[str, np.ndarray]:
    """What a model says of the pairs of a setting."""
    # Copies: torch takes no arrays that it may not write to.
    i, j, shown = (np.array(questions.arrays[name]) for name in ("i", "j", "shown"))
    of_shown = np.asarray(predict(*_cells(shown)), dtype=np.float32)
    return {
        "predicted": np.asarray(predict(i, j), dtype=np.float64),
        "shown_predicted": _matrix(of_shown, len(shown)),
    }


def _cells(shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both images of the cells above the diagonal."""
    first, other = np.triu_indices(len(shown), 1)
    return shown[first], shown[other]


def _matrix(values: np.ndarray, size: int) -> np.ndarray:
    """The symmetric matrix of the values above its diagonal, which is 0."""
    first, other = np.triu_indices(size, 1)
    matrix = np.zeros((size, size), dtype=values.dtype)
    matrix[first, other] = matrix[other, first] = values
    return matrix


def _blockwise(predict: Predict) -> Predict:
    def in_blocks(i: np.ndarray, j: np.ndarray) -> np.ndarray:
        starts = range(0, len(i), PREDICTED_AT_ONCE)
        parts = [
            predict(i[s : s + PREDICTED_AT_ONCE], j[s : s + PREDICTED_AT_ONCE]) for s in starts
        ]
        return np.concatenate(parts).astype(np.float64)

    return in_blocks


def _scaled(predict: Predict, data: PairData, seed: int) -> Predict:
    """Give a prediction the units of the target, by the line that fits the validation pairs."""
    i, j = data.validation.sample(MOST_PAIRS, np.random.default_rng([seed, 10]))
    values, truth = predict(i, j), data.truth(i, j)
    centred = values - values.mean()
    power = float(centred @ centred)
    slope = float(centred @ truth) / power if power > 0 else 0.0
    offset = float(truth.mean() - slope * values.mean())
    return lambda i, j: offset + slope * predict(i, j)


class PredictedPair(NamedTuple):
    """An unseen pair: ids, values, and in how many training pairs each image stands."""

    first: str
    second: str
    truth: float
    predicted: float
    exposure: tuple[int, int]


def worst_pairs(fitted: PairFit, count: int) -> list[PredictedPair]:
    """The unseen pairs whose prediction is farthest off, the worst first."""
    order = np.argsort(-np.abs(fitted.predicted - fitted.truth), kind="stable")[:count]
    exposure = dict(zip(fitted.scored.tolist(), fitted.exposure.tolist(), strict=True))
    return [
        PredictedPair(
            fitted.ids[i],
            fitted.ids[j],
            float(fitted.truth[place]),
            float(fitted.predicted[place]),
            (exposure[i], exposure[j]),
        )
        for place, i, j in zip(
            order, fitted.i[order].tolist(), fitted.j[order].tolist(), strict=True
        )
    ]
