"""The job that takes the responses of a subject apart and says which components come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import store
from core.components.decompose import ResponseComponents, decompose
from core.components.method import METHODS
from core.components.reliability import ComponentReliability, HowMany, halves, how_many, measure
from core.components.subjects import match_subjects
from core.datasets import Dataset, Reference, load_with
from core.datasets.reference import FIELDS
from core.errors import InputError
from core.jobs.request import SEED, Request, check_fields, check_names
from core.progress import Progress, portion
from core.registry import Parameter

VERSION = 1
SOURCES = ("regions", "units")
ORDERS = ("reliability", "variance")
K = Parameter("k", "Components", 0, "0 for as many as come back", minimum=0, maximum=100)
# As many are shown where none comes back.
FALLBACK = 4
OWN = ("source", "rois", "method", "k", "seed")
ARRAYS = ("scores", "profiles", "variance")
FACTS = ("explained", "converged", "shifted", "constant")
# On one core, of the region means of 1,500 stimuli; and for each further subject.
SECONDS = 1.5


@dataclass(frozen=True)
class ComponentsRequest(Request):
    """Components of one subject, their reliability, and their twins in the other subjects.

    Attributes
    ----------
    recording : Reference
    source : str
        'regions': mean responses of every region; 'units': those of ROIs, unit by unit.
    rois : tuple of str
        Of 'units'; empty for every unit.
    method : str
        Id of ``core.components.METHODS``.
    k : int
        0 for as many as come back in the other half of the repeats.
    seed : int

    Raises
    ------
    InputError, NotFoundError
        If a value is unknown or out of range.
    """

    operation = "components"

    recording: Reference
    source: str = SOURCES[0]
    rois: tuple[str, ...] = ()
    method: str = "nmf"
    k: int = K.default
    seed: int = SEED.default

    def __post_init__(self) -> None:
        METHODS[self.method]
        if self.source not in SOURCES:
            raise InputError(f"source is {self.source!r}", choices=SOURCES)
        rois = check_names("rois", self.rois) if self.source == "units" else ()
        object.__setattr__(self, "rois", rois)
        object.__setattr__(self, "k", K.check(self.k))
        object.__setattr__(self, "seed", SEED.check(self.seed))

    @property
    def seconds(self) -> float:
        """About how long it takes on one core."""
        ds = self.recording.open()
        width = (
            len(ds.regions) if self.source == "regions" else len(ds.units(list(self.rois) or None))
        )
        size = max(ds.n_stimuli, 1) * max(width, 1) / (1500 * 25)
        return SECONDS * max(size, 0.3) ** 0.8 * len(ds.subjects) ** 0.8

    @property
    def label(self) -> str:
        return f"Components by {METHODS[self.method].label}"

    def key(self) -> str:
        ds = self.recording.open()
        parameters = {name: getattr(self, name) for name in ("source", "method", "k")}
        parameters |= {"rois": list(self.rois), "subjects": list(ds.subjects)}
        return store.key(self.operation, ds.fingerprint, parameters, self.seed, VERSION)

    def to_json(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in OWN} | {"rois": list(self.rois)}
        return {**self.recording.to_json(), **own}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ComponentsRequest:
        check_fields(cls.operation, values, (*FIELDS, *OWN), ("dataset",))
        settings = {name: values[name] for name in OWN if values.get(name) is not None}
        return cls(Reference.from_json(values), **settings)


@dataclass(frozen=True, eq=False)
class ComponentsResult:
    """What page Components shows.

    Attributes
    ----------
    components : ResponseComponents
        The most reliable first; by variance where there are no repeats.
    names : tuple of str
        Columns of the profiles: regions, or numbers of units.
    reliability : Reliability or None
        None where there are no repeats, for the reason in ``problem``.
    how_many : HowMany or None
    twins : pd.DataFrame
        See ``match_subjects``.
    notes : tuple of str
    problem : str
    """

    components: ResponseComponents
    names: tuple[str, ...]
    reliability: ComponentReliability | None
    how_many: HowMany | None
    twins: pd.DataFrame
    notes: tuple[str, ...]
    problem: str

    @property
    def reliable(self) -> np.ndarray:
        """Mark the components that come back, at most as many as there are. (k,) bool"""
        if self.reliability is None or self.how_many is None:
            return np.zeros(self.components.k, dtype=bool)
        order = np.argsort(np.argsort(-self.reliability.r, kind="stable"))
        return np.asarray(self.reliability.reliable & (order < self.how_many.k))


def rows_of(ds: Dataset, request: ComponentsRequest, repeats: str = "mean") -> np.ndarray:
    """Responses that are taken apart, of stimuli or of trials. (n or trials, v)"""
    if request.source == "regions":
        return ds.region_means(repeats=repeats)  # type: ignore[arg-type]
    return ds.responses(list(request.rois) or None, repeats=repeats)  # type: ignore[arg-type]


def run(request: ComponentsRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: components, reliability and twins, into the store.

    Returns
    -------
    dict
        ``key`` of the result, for ``load``.
    """
    progress(0.0, "Opening the recording")
    ds, key = request.recording.open(), request.key()
    result = components_of(ds, request, portion(progress, 0.05, 0.6))
    others, notes = {}, list(result.notes)
    rest = [name for name in ds.subjects if name != ds.subject]
    for number, subject in enumerate(rest):
        progress(0.6 + 0.35 * number / len(rest), f"Components of {subject}")
        other = load_with(ds.info.name, subject, request.recording.options)
        try:
            fitted = decompose(
                rows_of(other, request), request.method, result.components.k, request.seed
            )
        except InputError as error:
            notes.append(f"{subject}: {error.problem}.")
            continue
        others[subject] = (fitted.scores, other.stimuli["id"].tolist())
    twins, left_out = match_subjects(
        result.components.scores, ds.stimuli["id"].tolist(), others, request.seed
    )
    save(key, result, twins, [*notes, *left_out], f"Components: {ds.info.title}")
    return {"key": key}


def components_of(ds: Dataset, request: ComponentsRequest, progress: Progress) -> ComponentsResult:
    """Components of one subject, ordered by reliability where repeats tell it."""
    responses = rows_of(ds, request)
    names = (
        ds.regions
        if request.source == "regions"
        else map(str, ds.units(list(request.rois) or None))
    )
    k, known, dimensions, problem = request.k, None, None, ""
    try:
        halved = halves(
            rows_of(ds, request, "all"), ds.trial_rows, ds.trial_runs, ds.n_stimuli, request.seed
        )
        dimensions = how_many(halved, seed=request.seed, progress=portion(progress, 0.0, 0.4))
    except InputError as error:
        halved, problem = None, str(error)
    usable = int(np.isfinite(responses[:, 0]).sum())
    most = max(1, min(responses.shape[1], usable // 2 - 1))
    k = k or min((dimensions.k if dimensions else 0) or FALLBACK, most)
    progress(0.4, f"{METHODS[request.method].label} with {k} components")
    components = decompose(responses, request.method, k, request.seed)
    if halved is not None:
        known = measure(
            halved, request.method, k, components.scores, request.seed, portion(progress, 0.6, 1.0)
        )
        order = np.argsort(-known.r, kind="stable")
        components = components.ordered(order)
        known = ComponentReliability(
            known.r[order], known.p[order], known.threshold, known.twin[order]
        )
    nothing = pd.DataFrame()
    return ComponentsResult(components, tuple(names), known, dimensions, nothing, (), problem)


def save(
    key: str, result: ComponentsResult, twins: pd.DataFrame, notes: list[str], title: str
) -> None:
    """Keep a result in the store."""
    components = result.components
    arrays: dict[str, np.ndarray] = {name: getattr(components, name) for name in ARRAYS}
    facts: dict[str, Any] = {
        "title": title,
        **{name: getattr(components, name) for name in FACTS},
        "names": list(result.names),
        "notes": notes,
        "problem": result.problem,
        "twins": twins.to_dict("records"),
    }
    for name in ("reliability", "how_many"):
        part = getattr(result, name)
        if part is not None:
            arrays |= {f"{name}_{n}": np.asarray(v) for n, v in part._asdict().items()}
    store.save(key, arrays, facts)


def load(key: str) -> ComponentsResult | None:
    """A result from the store, None where there is none."""
    stored = store.load(key)
    if stored is None:
        return None
    with store.reading(key):
        arrays, facts = stored.arrays, stored.facts
        components = ResponseComponents(
            arrays["scores"],
            arrays["profiles"],
            arrays["variance"],
            **{name: facts[name] for name in FACTS},
        )
        known = dimensions = None
        if "reliability_r" in arrays:
            parts = [arrays[f"reliability_{n}"] for n in ComponentReliability._fields]
            known = ComponentReliability(parts[0], parts[1], float(parts[2]), parts[3])
        if "how_many_r" in arrays:
            dimensions = HowMany(
                arrays["how_many_r"], arrays["how_many_threshold"], int(arrays["how_many_k"])
            )
        return ComponentsResult(
            components,
            tuple(facts["names"]),
            known,
            dimensions,
            pd.DataFrame(facts["twins"]),
            tuple(facts["notes"]),
            str(facts["problem"]),
        )
