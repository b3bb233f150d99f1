"""The job that fits encoding models of one recording, each kept as it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import encoders, store
from core.datasets import Reference
from core.datasets.reference import FIELDS
from core.decoders.config import Config
from core.dissimilarity.model import split_text
from core.encoders.devices import job_device
from core.encoding.data import check_split, config_of
from core.encoding.fitting import FOLDS, INNER, EncodingFit, fit, fit_key, load_fit
from core.encoding.model import bands_of, canonical_model
from core.errors import InputError, NeurogalleryError
from core.jobs.request import SEED, Request, check_fields, check_names
from core.progress import Progress, portion
from core.words import counted

VERSION = 1
MODELS = ("gabor", "clip-small")
MOST_MODELS = 12
# Of fitting one band to 1,928 units of 1,200 images on one core, and of each further fit.
SECONDS, BANDED_SECONDS = 6.0, 35.0
OWN = ("rois", "models", "split", "split_parameters", "fold", "inner", "seed")


@dataclass(frozen=True)
class EncodingRequest(Request):
    """Encoding models of one subject, all fitted to the same images and tested on the same.

    Attributes
    ----------
    recording : Reference
    models : tuple of str
        Each one embedding or several bands, see ``model.bands_of``.
    rois : tuple of str
        Empty for every unit.
    split, split_parameters, fold : str, mapping, int
        As of a decoder; no split that the embedding decides.
    inner : str
        What alphas are chosen by: '5 folds' or 'leave-one-out'.
    seed : int

    Raises
    ------
    InputError, NotFoundError
        If a name is unknown or twice, or there is no model.
    """

    operation = "encoding"

    recording: Reference
    models: tuple[str, ...] = MODELS
    rois: tuple[str, ...] = ()
    split: str = "recorded"
    split_parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    fold: int = 0
    inner: str = FOLDS
    seed: int = SEED.default

    def __post_init__(self) -> None:
        models = tuple(canonical_model(m) for m in check_names("models", self.models))
        if not 0 < len(models) <= MOST_MODELS or len(set(models)) < len(models):
            raise InputError(f"The models are {list(models)}", f"1 to {MOST_MODELS}, each once")
        if self.inner not in INNER:
            raise InputError(f"inner is {self.inner!r}", choices=INNER)
        object.__setattr__(self, "models", models)
        object.__setattr__(self, "rois", check_names("rois", self.rois))
        object.__setattr__(self, "seed", SEED.check(self.seed))
        config = self.config(models[0])
        check_split(config)
        object.__setattr__(self, "split_parameters", config.split_parameters)

    def config(self, model: str) -> Config:
        """The decoder whose split and audit a model shares."""
        return config_of(
            model,
            self.recording.dataset,
            self.recording.subject,
            self.recording.options,
            rois=self.rois,
            split=self.split,
            split_parameters=self.split_parameters,
            fold=self.fold,
            seed=self.seed,
        )

    @property
    def seconds(self) -> float:
        """About how long it takes on one core."""
        each = [BANDED_SECONDS if len(bands_of(m)) > 1 else SECONDS for m in self.models]
        return sum(each)

    @property
    def label(self) -> str:
        return f"Fit {counted(len(self.models), 'encoding model')}"

    def is_here(self) -> bool:
        """Whether every encoder is on this machine; else the job fetches it."""
        bands = [band for model in self.models for band in bands_of(model)]
        return all(encoders.get(split_text(band)[0]).info.is_here for band in bands)

    def key(self) -> str | None:
        """None for an encoder that is not on this machine."""
        if not self.is_here():
            return None
        ds = self.recording.open()
        keys = [fit_key(m, self.config(m), ds, self.inner) for m in self.models]
        return store.key(self.operation, ds.fingerprint, {"fits": keys}, self.seed, VERSION)

    def device(self) -> str:
        return job_device(False)

    def to_json(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in OWN}
        own |= {"rois": list(self.rois), "models": list(self.models)}
        own["split_parameters"] = dict(self.split_parameters)
        return {**self.recording.to_json(), **own}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> EncodingRequest:
        check_fields(cls.operation, values, (*FIELDS, *OWN), ("dataset",))
        settings = {name: values[name] for name in OWN if values.get(name) is not None}
        return cls(Reference.from_json(values), **settings)


def run(request: EncodingRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: fit and score every model; each is kept as it is done.

    Returns
    -------
    dict
        ``key`` of the list of models in the store.
    """
    progress(0.0, "Opening the recording")
    ds = request.recording.open()
    keys = {}
    for number, model in enumerate(request.models):
        part = portion(progress, number / len(request.models), (number + 1) / len(request.models))

        def report(
            fraction: float, message: str = "", part: Progress = part, m: str = model
        ) -> None:
            part(fraction, f"{m}: {message}" if message else m)

        fit(model, request.config(model), ds, request.inner, report)
        keys[model] = fit_key(model, request.config(model), ds, request.inner)
    key = request.key()
    if key is None:
        raise NeurogalleryError("An encoder is still not on this machine")
    title = f"Encoding models: {ds.info.title}"
    store.save(key, {}, {"title": title, "request": request.to_json(), "fits": keys})
    return {"key": key}


def load(key: str) -> list[EncodingFit] | None:
    """The fitted models of a request from the store, None where one is gone."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        keys: Sequence[str] = list(dict(result.facts["fits"]).values())
    fits = [load_fit(each) for each in keys]
    return None if None in fits else [each for each in fits if each is not None]
