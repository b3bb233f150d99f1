"""The job that clusters a recording with every k and keeps the result in the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from core import store
from core.clusters.choice import COLUMNS, KS, Choice, Resampling, choose_k
from core.clusters.kmeans import Clustering
from core.clusters.metrics import METRICS
from core.clusters.pooling import TRIALS, rows_of
from core.datasets import Dataset, Reference
from core.datasets.reference import FIELDS
from core.errors import InputError
from core.jobs.request import SEED, Request, check_fields, check_names
from core.progress import Progress, portion
from core.registry import Parameter

VERSION = 2
DRAWING = 0.3
COUNTS = ("missing", "undefined", "refilled")
FACTS = ("k", "recommendation", "rows", "most_rows", "metric", "seed", "minimum_gain")
OF_UNITS = ("voxels", "map")
# On one core with every k, of the region means of 80 and of 1,500 stimuli.
START_S, ROW_S = 4.0, 0.01
K = Parameter("k", "Number of clusters", 2, minimum=1, maximum=1_000_000)
GAIN = Parameter("minimum_gain", "Least gain", 0.01, minimum=0.0, maximum=1.0)
DRAWS = tuple(
    Parameter(name, name, default, minimum=2, maximum=10**9)
    for name, default in vars(Resampling()).items()
)


@dataclass(frozen=True)
class RecordingsRequest(Request):
    """What requests of clusterings share: rows of one recording, or of several subjects.

    Attributes
    ----------
    recordings : tuple of Reference
        One subject each.
    source, roi, metric, seed : str, tuple of str, str, int
        As in ``rows_of``, the distance, and the seed of the clustering.
    """

    recordings: tuple[Reference, ...]
    source: str = "regions"
    roi: tuple[str, ...] = ()
    metric: str = "correlation"
    seed: int = SEED.default

    def __post_init__(self) -> None:
        METRICS[self.metric]
        object.__setattr__(self, "roi", check_names("roi", self.roi or ()))
        object.__setattr__(self, "seed", SEED.check(self.seed))

    @classmethod
    def of(cls, opened: Iterable[Dataset], **settings: Any) -> Self:
        """The request of open recordings, one subject each."""
        return cls(tuple(map(Reference.of, opened)), **settings)

    def open(self) -> list[Dataset]:
        """The recordings, each with those of the stimuli that its subject saw."""
        return [recording.open_seen() for recording in self.recordings]

    def content(self) -> str:
        """Fingerprint of what is clustered."""
        return store.fingerprint([ds.fingerprint for ds in self.open()])

    def to_json(self) -> dict[str, Any]:
        subjects = [recording.subject for recording in self.recordings]
        fingerprints = [recording.fingerprint for recording in self.recordings]
        return {
            **self.recordings[0].to_json(),
            **({"subjects": subjects} if self.source == "pooled" or len(subjects) > 1 else {}),
            **({"roi": list(self.roi)} if self.roi or self.source in OF_UNITS else {}),
            "source": self.source,
            "metric": self.metric,
            "seed": self.seed,
            **({"fingerprint": fingerprints} if any(fingerprints) else {}),
        }


@dataclass(frozen=True)
class ClustersRequest(RecordingsRequest):
    """The clusterings of every k, and which k to choose; see ``choose_k``.

    Attributes
    ----------
    ks, minimum_gain, resampling
        As in ``choose_k``.
    """

    operation = "clusters"

    ks: tuple[int, ...] = tuple(KS)
    minimum_gain: float = GAIN.default
    resampling: Resampling = field(default_factory=Resampling)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "ks", check_ks(self.ks))
        object.__setattr__(self, "minimum_gain", GAIN.check(self.minimum_gain))

    @property
    def label(self) -> str:
        return f"Clustering {self.source} with {min(self.ks)} to {max(self.ks)} clusters"

    @property
    def seconds(self) -> float:
        """About how long it takes on one core, a map that is drawn first left out."""
        opened = self.open()
        ways = len(self.ks) / len(KS)
        rows = sum(len(ds.trials) if self.source == TRIALS else ds.n_stimuli for ds in opened)
        return ways * (START_S + ROW_S * rows)

    def key(self) -> str:
        parameters = {
            "source": self.source,
            "roi": list(self.roi),
            "metric": self.metric,
            **self._choosing,
        }
        content, seed = self.content(), self.seed
        return store.key("clusters", content, parameters, seed=seed, version=VERSION)

    def choose(
        self, responses: np.ndarray, progress: Progress, groups: np.ndarray | None = None
    ) -> Choice:
        """The clusterings of these rows; see ``choose_k``."""
        return choose_k(
            responses,
            ks=self.ks,
            metric=self.metric,
            seed=self.seed,
            minimum_gain=self.minimum_gain,
            resampling=self.resampling,
            progress=progress,
            groups=groups,
        )

    @property
    def _choosing(self) -> dict[str, Any]:
        drawn = vars(self.resampling)
        return {"ks": list(self.ks), "minimum_gain": self.minimum_gain, **drawn}

    def to_json(self) -> dict[str, Any]:
        usual = ClustersRequest(self.recordings)._choosing
        changed = {name: value for name, value in self._choosing.items() if value != usual[name]}
        return {**super().to_json(), **changed}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ClustersRequest:
        own = ("source", "roi", "metric", "seed", "ks", "minimum_gain")
        known = (*FIELDS, "subjects", *own, *(number.name for number in DRAWS))
        check_fields(cls.operation, values, known, ("dataset",))
        settings = {name: values[name] for name in own if values.get(name) is not None}
        drawn = {p.name: p.check(values.get(p.name, p.default)) for p in DRAWS}
        return cls(recordings_of(values), **settings, resampling=Resampling(**drawn))


def recordings_of(values: Mapping[str, Any]) -> tuple[Reference, ...]:
    """One reference for each subject that the JSON values of a request name."""
    subjects = check_names("subjects", values.get("subjects") or ()) or (values.get("subject"),)
    fingerprints = check_names("fingerprint", values.get("fingerprint") or ())
    own = dict(zip(subjects, fingerprints, strict=False))
    return tuple(
        Reference.from_json({**values, "subject": subject, "fingerprint": own.get(subject)})
        for subject in subjects
    )


def ids_of(opened: Sequence[Dataset]) -> list[np.ndarray]:
    """Ids of the stimuli of each recording, as ``rows_of`` lines them up."""
    return [ds.stimuli["id"].to_numpy(dtype=str) for ds in opened]


def check_ks(ks: Iterable[Any]) -> tuple[int, ...]:
    """Numbers of clusters as whole numbers, or InputError where one is none."""
    if not isinstance(ks, Sequence) or isinstance(ks, str) or not ks:
        raise InputError(f"ks is {ks!r}", "a list of numbers of clusters")
    return tuple(K.check(k) for k in ks)


def run(request: ClustersRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: ``choose_k`` of a recording, with the clusterings of every k, into the store.

    Returns
    -------
    dict
        ``key`` of the result, for ``load``.
    """
    progress(0.0, "Opening the recording")
    opened, key = request.open(), request.key()
    if store.load(key) is None:
        drawing = portion(progress, 0.0, DRAWING)
        rows = rows_of(opened, request.source, request.roi, request.seed, drawing)
        begun = DRAWING if request.source == "map" else 0.0
        drawing = portion(progress, begun, 1.0)
        choice = request.choose(rows.responses, drawing, rows.ids(opened))
        save(key, choice, {"title": opened[0].info.title, **request.to_json()})
    return {"key": key}


def save(key: str, choice: Choice, facts: Mapping[str, Any]) -> None:
    """Keep a choice in the store; ``facts`` (JSON values) are listed with it."""
    ks = list(choice.clusterings)
    clusterings = list(choice.clusterings.values())
    arrays = {
        "ks": np.array(ks),
        "table": choice.table[list(COLUMNS)].to_numpy(dtype=np.float64),
        "labels": np.stack([each.labels for each in clusterings]),
        "fits": np.array([(each.objective, each.r2) for each in clusterings], dtype=np.float64),
        "counts": np.array([[getattr(each, name) for name in COUNTS] for each in clusterings]),
        **{f"centroids_{k}": each.centroids for k, each in choice.clusterings.items()},
    }
    values = {name: getattr(choice, name) for name in FACTS}
    apart = {str(k): p for k, p in choice.apart.items()}
    lists = {"chosen": dict(choice.chosen), "apart": apart, "notes": list(choice.notes)}
    store.save(key, arrays, {**facts, "choice": {**values, **lists}})


def load(key: str) -> Choice | None:
    """A choice from the store, None where there is none. Its arrays are read-only."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        facts, arrays = result.facts["choice"], result.arrays
        values = {name: facts[name] for name in FACTS}
        ks = [int(k) for k in arrays["ks"]]
        clusterings = {
            k: Clustering(
                labels=arrays["labels"][row],
                centroids=arrays[f"centroids_{k}"],
                objective=float(arrays["fits"][row, 0]),
                r2=float(arrays["fits"][row, 1]),
                sizes=np.bincount(arrays["labels"][row] + 1, minlength=k + 1)[1:],
                metric=values["metric"],
                k=k,
                seed=values["seed"],
                **{name: int(arrays["counts"][row, i]) for i, name in enumerate(COUNTS)},
            )
            for row, k in enumerate(ks)
        }
        table = pd.DataFrame(np.array(arrays["table"]), columns=list(COLUMNS))
        table.insert(0, "k", ks)
        return Choice(
            table=table,
            clusterings=clusterings,
            chosen=facts["chosen"],
            apart={int(k): p for k, p in facts["apart"].items()},
            notes=tuple(facts["notes"]),
            **values,
        )
