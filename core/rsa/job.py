"""The job that gathers RDMs and tells what models are worth beside a part of the brain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import rdm, store
from core.datasets import Dataset, Reference
from core.datasets.reference import FIELDS
from core.errors import InputError
from core.jobs.request import SEED, Request, check_fields, check_names
from core.progress import Progress, portion
from core.rdm import METRICS, RepeatCeiling, repeat_ceiling
from core.rdm.folds import Folds, folds_of
from core.registry import Parameter
from core.rsa import bank
from core.rsa.arrangement import arrange_rdms
from core.rsa.bank import RdmSet, gather
from core.rsa.inference import (
    CORRECTIONS,
    RESAMPLES,
    evaluate,
)
from core.rsa.models import FixedModel, RdmModel, SelectedModel, WeightedModel
from core.rsa.results import BrainResult, RsaResult, as_facts, from_facts, mean_of
from core.rsa.sources import (
    RDM_KINDS,
    RdmSource,
    Recordings,
    available,
    of_rois,
    usual_models,
    usual_parts,
)
from core.store.fingerprints import fingerprint

SET_VERSION, VERSION = 1, 4
SET, COMPARISON = "rdm_set", "compare"
GATHERED, EVALUATED = 0.4, 0.9
FLEXIBLE = ("weighted", "layers")
FEWEST_COMPONENTS = 2
MOST_ARRANGED = 64
# Halves of repeats tell a ceiling of these only.
SPLIT_HALF = {"method": ("spearman", "pearson"), "metric": ("correlation", "cosine")}

SAMPLES = Parameter(
    "samples", "Bootstrap samples", 1000, "Of the intervals", minimum=100, maximum=100_000
)
PERMUTATIONS = Parameter(
    "permutations", "Permutations", 1000, "Of the Mantel test", minimum=0, maximum=100_000
)
MOST_STIMULI = Parameter(
    "most_stimuli",
    "At most so many stimuli",
    200,
    "Of more, so many are drawn at random; 0 takes all of them",
    minimum=0,
    maximum=20_000,
)
NUMBERS = {"samples": SAMPLES, "permutations": PERMUTATIONS, "most_stimuli": MOST_STIMULI}
# Seconds on one core: to open a subject; of a pair of an RDM, in a sample and permuted; and how
# many times as long a sample takes where models are fitted.
OPEN_S, SAMPLE_S, PERMUTE_S, FLEXIBLE_TIMES = 0.5, 2e-8, 1e-8, 15.0
FOLDERS = ("*", "*/*")
OWN = ("brain", "models", "metric", "method", "resample", "correction", "flexible", "seed")


@dataclass(frozen=True)
class CompareRequest(Request):
    """Models beside parts of the brain, over the stimuli that all RDMs share.

    Attributes
    ----------
    recordings : tuple of Reference
        One subject each; the stimuli of the first give the order.
    brain, models : tuple of RdmSource
        Those of the brain name no subject: every subject's is taken.
    metric : str
        An id of ``core.rdm.METRICS``.
    method : str
        An id of ``core.rdm.COMPARISONS``.
    resample, correction : str
        As in ``evaluate``.
    flexible : tuple of str
        'weighted': all models combined; 'layers': the best layer of each encoder.
    numbers : mapping
        ``samples``, ``permutations`` and ``most_stimuli``.
    seed : int
    """

    operation = COMPARISON

    recordings: tuple[Reference, ...]
    brain: tuple[RdmSource, ...]
    models: tuple[RdmSource, ...]
    metric: str = "correlation"
    method: str = "spearman"
    resample: str = "both"
    correction: str = "holm"
    flexible: tuple[str, ...] = ()
    samples: int = SAMPLES.default
    permutations: int = PERMUTATIONS.default
    most_stimuli: int = MOST_STIMULI.default
    seed: int = SEED.default

    def __post_init__(self) -> None:
        METRICS[self.metric], rdm.COMPARISONS[self.method]
        choices = {"resample": RESAMPLES, "correction": CORRECTIONS}
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise InputError(f"{name} is {getattr(self, name)!r}", choices=known)
        for name in check_names("flexible", self.flexible):
            if name not in FLEXIBLE:
                raise InputError(f"flexible is {name!r}", choices=FLEXIBLE)
        for name, parameter in {**NUMBERS, "seed": SEED}.items():
            object.__setattr__(self, name, parameter.check(getattr(self, name)))
        if not self.brain or not self.models:
            raise InputError("No brain RDM or no model was named", "at least one of each")

    @classmethod
    def of(
        cls,
        ds: Dataset,
        brain: Sequence[RdmSource],
        models: Sequence[RdmSource],
        subjects: Sequence[str] = (),
        **settings: Any,
    ) -> CompareRequest:
        """The request of an open recording; of its other subjects none is opened yet.

        ``subjects`` are all of its own where none is named; ``ds`` comes first.
        """
        own = Reference.of(ds)
        others = [name for name in subjects or ds.subjects if name != ds.subject]
        named = [Reference(own.dataset, name, own.options, own.stimuli) for name in others]
        return cls((own, *named), tuple(brain), tuple(models), **settings)

    @classmethod
    def usual(cls, ds: Dataset) -> CompareRequest:
        """What page Compare shows of a recording with responses at first."""
        models = usual_models([each for each in available(ds) if each.kind != "roi"], [])
        return cls.of(ds, [of_rois([roi], "") for roi in usual_parts(ds)], models)

    @property
    def label(self) -> str:
        names = " and ".join(source.name_shown for source in self.brain[:2])
        more = f" and {len(self.brain) - 2} more" if len(self.brain) > 2 else ""
        return f"Compare {names}{more} with {len(self.models)} models, about {self._time}"

    @property
    def offer(self) -> str:
        return self.label  # which says the time

    @property
    def _time(self) -> str:
        seconds = self.seconds
        return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"

    @property
    def seconds(self) -> float:
        """Roughly how long it takes on one core, encoding of images left out."""
        listed = self.recordings[0].open_seen().n_stimuli
        n = min(listed, self.most_stimuli or listed)
        pairs, subjects = n * n / 2, len(self.recordings)
        rdms = len(self.models) + 2 * subjects
        flexible = FLEXIBLE_TIMES if self.flexible else 1.0
        once = subjects * OPEN_S * any(part.kind == "roi" for part in self.brain)
        bootstrap = self.samples * rdms * pairs * SAMPLE_S * flexible
        permuted = self.permutations * len(self.models) * pairs * PERMUTE_S
        return once + len(self.brain) * (bootstrap + permuted)

    def set_key(self) -> str:
        """Key of the RDMs in the store; other measures of the same ones share it."""
        recordings = Recordings(self.recordings)
        first, names = recordings.first, [str(own.subject) for own in self.recordings]
        # Of a simulation the options tell all subjects, wherever it lies.
        stamp = 0 if first.info.is_simulated else _stamp(first.info.where)
        content = [first.fingerprint, first.stimuli["id"].tolist(), names, stamp]
        of_sources = [
            [source.to_json(), RDM_KINDS[source.kind].identity(recordings, source)]
            for source in (*self.brain, *self.models)
        ]
        parameters = {
            "sources": of_sources,
            "metric": self.metric,
            "most_stimuli": self.most_stimuli,
        }
        return store.key(SET, fingerprint(content), parameters, seed=self.seed, version=SET_VERSION)

    def key(self) -> str:
        names = ("method", "resample", "correction", "samples", "permutations")
        parameters = {name: getattr(self, name) for name in names}
        parameters |= {"flexible": sorted(self.flexible), "brain": len(self.brain)}
        content = self.set_key()
        return store.key(COMPARISON, content, parameters, seed=self.seed, version=VERSION)

    def sources(self) -> list[RdmSource]:
        """Every RDM to gather, those of the brain for each subject."""
        whose = [str(recording.subject) for recording in self.recordings]
        of_brain = [part.of(subject) for part in self.brain for subject in whose]
        return [*of_brain, *self.models]

    def to_json(self) -> dict[str, Any]:
        return {
            **self.recordings[0].to_json(),
            "subjects": [recording.subject for recording in self.recordings],
            "fingerprint": [recording.fingerprint for recording in self.recordings],
            "brain": [source.to_json() for source in self.brain],
            "models": [source.to_json() for source in self.models],
            "flexible": list(self.flexible),
            **{name: getattr(self, name) for name in (*OWN[2:6], *NUMBERS, "seed")},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> CompareRequest:
        known = (*FIELDS, "subjects", *OWN, *NUMBERS)
        check_fields(cls.operation, values, known, ("dataset", "brain", "models"))
        settings = {
            name: values[name] for name in (*OWN[2:], *NUMBERS) if values.get(name) is not None
        }
        if "flexible" in settings:
            settings["flexible"] = check_names("flexible", settings["flexible"])
        brain, models = (
            tuple(RdmSource.from_json(source) for source in values[name])
            for name in ("brain", "models")
        )
        return cls(_recordings_of(values), brain, models, **settings)


def _stamp(folder: Path | None) -> int:
    """Newest change among the files of a recording: the other subjects are not opened for a key."""
    if folder is None or not folder.is_dir():
        return 0
    files = (path for pattern in FOLDERS for path in folder.glob(pattern))
    return max((path.stat().st_mtime_ns for path in files), default=0)


def _recordings_of(values: Mapping[str, Any]) -> tuple[Reference, ...]:
    subjects = check_names("subjects", values.get("subjects") or ()) or (values.get("subject"),)
    prints = check_names("fingerprint", values.get("fingerprint") or ())
    own = dict(zip(subjects, prints, strict=False))
    return tuple(
        Reference.from_json({**values, "subject": name, "fingerprint": own.get(name)})
        for name in subjects
    )


def run(request: CompareRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: gather RDMs, evaluate models, arrange all of them; into the store.

    Returns
    -------
    dict
        ``key`` of the result, for ``load``.
    """
    progress(0.0, "Opening the recording")
    key = request.key()
    if store.load(key) is not None:
        return {"key": key}
    gathered = load_set(request.set_key()) or _gather(request, portion(progress, 0.0, GATHERED))
    parts, notes = _evaluate_all(request, gathered, portion(progress, GATHERED, EVALUATED))
    progress(EVALUATED, "Comparing all with all")
    names = list(dict.fromkeys(source.name_shown for source in gathered.sources))[:MOST_ARRANGED]
    matrices = [mean_of(gathered, name) for name in names]
    similarities = rdm.compare_many(matrices, method=request.method)
    arranged = arrange_rdms(similarities, request.seed) if len(names) > 2 else None
    result = RsaResult(gathered, parts, tuple(names), similarities, arranged, notes)
    title = request.recordings[0].open_seen().info.title
    facts = {"title": title, "request": request.to_json(), "set": request.set_key()}
    store.save(key, {}, {**facts, **as_facts(result)})
    return {"key": key}


def _gather(request: CompareRequest, progress: Progress) -> RdmSet:
    most, seed = request.most_stimuli, request.seed
    gathered = gather(request.recordings, request.sources(), request.metric, most, seed, progress)
    title = request.recordings[0].open_seen().info.title
    store.save(
        request.set_key(),
        {"vectors": gathered.vectors},
        {"title": title, **bank.as_facts(gathered)},
    )
    return gathered


def load_set(key: str) -> RdmSet | None:
    """Gathered RDMs from the store, None where there are none. Read-only."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        return bank.from_facts(result.facts, result.arrays["vectors"])


def load(key: str) -> RsaResult | None:
    """A comparison from the store; None where it, or the RDMs that it is of, are gone."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        gathered = load_set(result.facts["set"])
        return None if gathered is None else from_facts(result.facts, gathered)


def models_of(gathered: RdmSet, request: CompareRequest) -> list[RdmModel]:
    """Each model as it is, and the flexible ones that are asked for."""
    places = gathered.places(request.models)
    own = [(gathered.sources[place], gathered.matrix(place)) for place in places]
    models: list[RdmModel] = [FixedModel(source.name_shown, matrix) for source, matrix in own]
    if "layers" in request.flexible:
        for encoder in dict.fromkeys(s.name for s, _ in own if s.kind == "encoder"):
            layers = [(s, m) for s, m in own if (s.kind, s.name) == ("encoder", encoder)]
            if len(layers) >= FEWEST_COMPONENTS:
                name = f"best layer of {encoder}"
                models.append(
                    SelectedModel(name, [m for _, m in layers], [s.name_shown for s, _ in layers])
                )
    if "weighted" in request.flexible and len(own) >= FEWEST_COMPONENTS:
        name = f"all {len(own)} weighted"
        models.append(WeightedModel(name, [m for _, m in own], [s.name_shown for s, _ in own]))
    return models


def _evaluate_all(
    request: CompareRequest, gathered: RdmSet, progress: Progress
) -> tuple[tuple[BrainResult, ...], tuple[str, ...]]:
    """Evaluate models beside each part of the brain; one without an RDM is left out."""
    models, parts, notes = models_of(gathered, request), [], list(gathered.notes)
    if not models:
        raise InputError("No model is left", "at least one", " ".join(gathered.notes))
    for number, brain in enumerate(request.brain):
        part = portion(progress, number / len(request.brain), (number + 1) / len(request.brain))
        own = [
            place
            for place, source in enumerate(gathered.sources)
            if source.subject and (source.kind, source.name) == (brain.kind, brain.name)
        ]
        if own:
            parts.append(_evaluate(request, gathered, brain, own, models, part))
        else:
            notes.append(f"{brain.name_shown} has no RDM of these subjects.")
    if not parts:
        raise InputError("No RDM of the brain is left", "at least one", " ".join(notes))
    return tuple(parts), tuple(notes)


def _evaluate(
    request: CompareRequest,
    gathered: RdmSet,
    brain: RdmSource,
    places: Sequence[int],
    models: Sequence[RdmModel],
    progress: Progress,
) -> BrainResult:
    subjects = [gathered.matrix(place) for place in places]
    evaluation = evaluate(
        subjects,
        models,
        request.method,
        request.resample,
        request.samples,
        request.seed,
        request.correction,
        portion(progress, 0.0, 0.7),
    )
    mantel, corrected = _mantel(request, subjects, models, portion(progress, 0.7, 1.0))
    halves, folds = None, ""
    if len(places) == 1:
        halves, folds = _split_half(request, gathered, gathered.sources[places[0]])
    return BrainResult(brain, evaluation, mantel, corrected, halves, folds)


def _mantel(
    request: CompareRequest,
    subjects: Sequence[np.ndarray],
    models: Sequence[RdmModel],
    progress: Progress,
) -> tuple[dict[str, float], dict[str, float]]:
    """p of each model that is not fitted, and p corrected by the largest statistic of all."""
    fixed = [model for model in models if not model.is_flexible]
    if not request.permutations:
        return {}, {}
    test = rdm.mantel_many(
        [model.rdms[0] for model in fixed],
        np.mean(subjects, axis=0),
        request.permutations,
        request.seed,
        request.method,
        progress=progress,
    )
    names = [model.name for model in fixed]
    return (
        dict(zip(names, test.p.tolist(), strict=True)),
        dict(zip(names, test.p_max.tolist(), strict=True)),
    )


def _split_half(
    request: CompareRequest, gathered: RdmSet, source: RdmSource
) -> tuple[RepeatCeiling | None, str]:
    """The ceiling that repeats give of a single subject, with runs as what is independent."""
    usual = request.method in SPLIT_HALF["method"] and request.metric in SPLIT_HALF["metric"]
    if source.kind != "roi" or not usual:
        return None, ""
    rois = list(dict(source.parameters)["rois"]) or None
    ds = Recordings(request.recordings).of(source.subject).subset(gathered.ids)
    try:
        folds: Folds = folds_of(ds, rois)
    except (InputError, LookupError):  # nothing was repeated
        return None, ""
    trials = ds.responses(rois, repeats="all")[folds.trials]
    rows = ds.trial_rows[folds.trials]
    ceiling = repeat_ceiling(
        trials, rows, folds.numbers, request.method, request.metric, request.seed
    )
    return ceiling, folds.text
