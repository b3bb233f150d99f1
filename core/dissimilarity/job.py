"""The job that fits models of pairs over a grid of settings, and the table that it makes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core import encoders, splits, store
from core.datasets import Dataset, Reference
from core.datasets.reference import FIELDS
from core.dissimilarity.data import LEAKING, check_metric, prepare
from core.dissimilarity.fitting import PairSetting, fit
from core.dissimilarity.model import label_of, read, split_text, write
from core.dissimilarity.table import Row, described, failed, scored
from core.encoders.devices import job_device
from core.errors import Cancelled, CorruptDataError, InputError, NeurogalleryError
from core.jobs.request import SEED, Request, check_fields, check_names
from core.progress import Progress, portion
from core.registry import Parameter
from core.words import counted

VERSION = 1
IMAGES = Parameter(
    "images", "Images", 500, "Drawn by the seed; 0 for all", minimum=0, maximum=1_000_000
)
TABLE = "table.json"
# Between concatenated ROIs, as page Jobs shows them.
BESIDE = " + "
BASELINES = ("embedding_distance", "identity")
QUICK: tuple[str, ...] = (
    "mlp,hidden=0",
    "mlp",
    "mlp,hidden=2",
    "mlp,order=free",
    "metric,form=bilinear",
)
QUICK += ("contrastive", "ridge", "predicted_response")
STUDY_MODELS = (
    "mlp,hidden=0",
    "mlp",
    "mlp,hidden=2",
    "mlp,hidden=3",
    "mlp,order=both",
    "mlp,order=free",
    "siamese",
    "siamese,output=sigmoid",
    "contrastive",
    "metric",
    "metric,form=bilinear",
    "ridge",
    "svr",
    "predicted_response",
)
# Seconds of a model on one core, 500 images of 512 dimensions; measured, to tell how long.
SECONDS = {"siamese": 40.0, "mlp": 6.0, "contrastive": 2.0, "metric": 2.0}
OTHER_SECONDS = 2.0
MOST_SETTINGS = 1000


@dataclass(frozen=True)
class DissimilarityRequest(Request):
    """Models of pairs for every combination of subjects, ROIs, metrics, embeddings and splits.

    Attributes
    ----------
    recording : Reference
    subjects : tuple of str
        Empty for that of the recording.
    rois : tuple of tuple of str
        Each a region of concatenated ROIs; () is every unit.
    metrics, embeddings, splits : tuple of str
        As in ``PairSetting``.
    models : tuple of str
        ``ID[,NAME=VALUE...]``; the baselines are always among them.
    images, seed : int
        As in ``PairSetting``.

    Raises
    ------
    InputError, NotFoundError
        If a name is unknown or twice, a value does not fit, or there is nothing to do.
    """

    operation = "dissimilarity"

    recording: Reference
    subjects: tuple[str, ...] = ()
    rois: tuple[tuple[str, ...], ...] = ((),)
    metrics: tuple[str, ...] = ("correlation",)
    embeddings: tuple[str, ...] = ("clip-small",)
    models: tuple[str, ...] = QUICK
    splits: tuple[str, ...] = (LEAKING, "image")
    images: int = IMAGES.default
    seed: int = SEED.default

    def __post_init__(self) -> None:
        if not isinstance(self.rois, list | tuple):
            raise InputError(f"rois is {self.rois!r}", "a list of lists of ROIs")
        regions = tuple(check_names("rois", list(names)) for names in self.rois)
        object.__setattr__(self, "rois", regions)
        for name in ("subjects", "metrics", "embeddings", "models", "splits"):
            values = check_names(name, getattr(self, name))
            object.__setattr__(self, name, values)
            if len(set(values)) < len(values):
                raise InputError(f"{name} names one twice", "each once")
            if not values and name in ("metrics", "embeddings", "splits"):
                raise InputError(f"{name} is empty", "one or more")
        self._check_parts()

    def _check_parts(self) -> None:
        for metric in self.metrics:
            check_metric(metric)
        for split in self.splits:
            splits.KINDS[split]
        for embedding in self.embeddings:
            encoders.get(split_text(embedding)[0])
        models = [write(*read(text)) for text in (*BASELINES, *self.models)]
        object.__setattr__(self, "models", tuple(dict.fromkeys(models)))
        object.__setattr__(self, "images", IMAGES.check(self.images))
        object.__setattr__(self, "seed", SEED.check(self.seed))
        if not 0 < len(list(self._places())) <= MOST_SETTINGS:
            raise InputError("The request has no setting, or too many", f"1 to {MOST_SETTINGS:,}")

    def _places(self) -> Iterator[tuple[str | None, tuple[str, ...], str, str, str]]:
        subjects = self.subjects or (self.recording.subject,)
        return itertools.product(subjects, self.rois, self.metrics, self.embeddings, self.splits)

    @classmethod
    def usual(cls, ds: Dataset) -> DissimilarityRequest:
        """What page Predict dissimilarity shows at first, of the encoder that comes along."""
        return cls(Reference.of(ds), rois=(tuple(list(ds.rois)[:1]),))

    def of_identity(self) -> DissimilarityRequest:
        """What identity alone explains of Euclidean and of correlation distances, pairs leaked."""
        metrics = ("correlation", "euclidean")
        return replace(self, metrics=metrics, models=(), splits=(LEAKING,))

    @property
    def settings(self) -> list[PairSetting]:
        """Every combination; both splits of one stand side by side."""
        recordings = {
            name: self.recording
            if name == self.recording.subject
            else Reference(self.recording.dataset, name, self.recording.options)
            for name in (self.subjects or (self.recording.subject,))
        }
        return [
            PairSetting(recordings[who], rois, metric, embedding, split, self.images, self.seed)
            for who, rois, metric, embedding, split in self._places()
        ]

    @property
    def seconds(self) -> float:
        """About how long it takes on one core; a model of images alone is fitted once."""
        each = [SECONDS.get(read(model)[0].id, OTHER_SECONDS) for model in self.models]
        return sum(each) * len(self.settings) * min(1.0, (self.images or 1000) / 500)

    @property
    def label(self) -> str:
        return f"Fit {counted(len(self.models), 'model')}, {_duration(self.seconds)}"

    @property
    def offer(self) -> str:
        return self.label  # which says the time

    def key(self) -> str | None:
        """None for an encoder that is not on this machine: the job fetches it."""
        names = [split_text(embedding)[0] for embedding in self.embeddings]
        if not all(encoders.get(name).info.is_here for name in names):
            return None
        ds = self.recording.open()
        parameters = self._own()
        parameters["content"] = [
            encoders.result_key(ds, name, "stimuli", **values)
            for name, values in map(split_text, self.embeddings)
        ]
        return store.key(self.operation, ds.fingerprint, parameters, self.seed, VERSION)

    def device(self) -> str:
        return job_device(any(read(model)[0].by_gradient for model in self.models))

    def _own(self) -> dict[str, Any]:
        return {
            "subjects": list(self.subjects),
            "rois": [list(names) for names in self.rois],
            "metrics": list(self.metrics),
            "embeddings": list(self.embeddings),
            "models": list(self.models),
            "splits": list(self.splits),
            "images": self.images,
        }

    def to_json(self) -> dict[str, Any]:
        rois = [BESIDE.join(names) for names in self.rois]
        return {**self.recording.to_json(), **self._own(), "rois": rois, "seed": self.seed}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> DissimilarityRequest:
        own = ("subjects", "rois", "metrics", "embeddings", "models", "splits", "images", "seed")
        check_fields(cls.operation, values, (*FIELDS, *own), ("dataset",))
        settings = {name: values[name] for name in own if values.get(name) is not None}
        if "rois" in settings:
            regions = check_names("rois", settings["rois"])
            settings["rois"] = tuple(tuple(filter(None, text.split(BESIDE))) for text in regions)
        return cls(Reference.from_json(values), **settings)


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    return "under a minute" if minutes < 1 else f"about {minutes:.0f} min"


def run(request: DissimilarityRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: fit and score every model in every setting; after each the table so far is kept.

    Fits are kept in the store as they are done, so that a job that was cancelled goes on
    behind them. A model that does not suit a setting has a row that says why.

    Returns
    -------
    dict
        ``key`` of the table in the store.
    """
    progress(0.0, "Opening the recording")
    rows: list[Row] = []
    settings = request.settings
    for number, setting in enumerate(settings):
        part = portion(progress, number / len(settings), (number + 1) / len(settings))
        rows += rows_of(setting, request.models, part)
        store.write_json(folder / TABLE, {"rows": rows})
    key = request.key()
    if key is None:
        raise NeurogalleryError("The encoder is still not on this machine")
    ds = request.recording.open()
    facts = {"title": ds.info.title, "request": request.to_json(), "rows": rows}
    store.save(key, {}, facts)
    return {"key": key}


def rows_of(setting: PairSetting, models: tuple[str, ...], progress: Progress) -> list[Row]:
    """A row for each model in a setting, with its scores beside both baselines.

    Raises
    ------
    Cancelled
    """
    words = f"{' + '.join(setting.rois) or 'every unit'}, {setting.metric}, split {setting.split}"
    try:
        data = prepare(setting, portion(progress, 0.0, 0.1))
    except NeurogalleryError as error:
        return [failed(setting, model, error) for model in models]
    fits, rows = {}, {}
    for place, model in enumerate(models):
        start, stop = (0.1 + 0.8 * (place + step) / len(models) for step in (0, 1))
        within = portion(progress, start, stop)

        def report(
            fraction: float, message: str = "", within: Progress = within, model: str = model
        ) -> None:
            within(fraction, f"{words}: {label_of(model)}")

        report(0.0)
        try:
            fits[model] = fit(setting, model, report, data)
            rows[model] = described(setting, model, fits[model], data.ids)
        except Cancelled:
            raise
        except Exception as error:  # whatever a plug-in raises: the other models go on
            rows[model] = failed(setting, model, error)
    progress(0.9, f"{words}: scores")
    scored({model: rows[model] for model in fits}, fits, setting.seed)
    return [rows[model] for model in models]


def load(key: str) -> list[Row] | None:
    """The rows of a table from the store, None where there is none."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        return [dict(row) for row in result.facts["rows"]]


def so_far(folder: Path) -> list[Row]:
    """What the job of a folder has done."""
    content = store.read_json(folder / TABLE)
    listed = content.get("rows") if isinstance(content, dict) else [] if content is None else None
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise CorruptDataError(f"{folder / TABLE} holds no rows", remedy="Remove the job.")
    return listed
