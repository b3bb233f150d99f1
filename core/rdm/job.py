"""RDMs of a recording: computed from a ROI, or published with it; kept in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import store
from core.datasets import Dataset, Reference
from core.datasets.reference import FIELDS
from core.errors import InputError, NotFoundError
from core.jobs.request import Request, check_fields, check_names
from core.progress import Progress, portion
from core.rdm.compute import compute
from core.rdm.folds import folds_of
from core.rdm.large.computed import ComputedRdm
from core.rdm.large.summary import RdmSummary, summarise, summary_of
from core.rdm.metrics import METRICS
from core.rdm.order import ORDERS

VERSION = 1
# Of metrics with folds: 2 since runs are folds, and noise is estimated outside a pair of folds.
FOLDS_VERSION = 2
COMPUTED = 0.9
# Products of responses in a second on one core; a ROI of few units takes as long as one of so many.
WORK_A_SECOND, LEAST_UNITS = 2e10, 400
# Above so many stimuli (1.6 GB) no matrix is kept: its cells are computed when they are looked at.
MOST_KEPT = 20_000
# Orders that are known without the matrix.
LARGE_ORDERS = ("original", "category")


def of_dataset(
    ds: Dataset,
    rois: Sequence[str] | None = None,
    metric: str = "correlation",
    *,
    noise: str = "none",
    progress: Progress | None = None,
) -> np.ndarray:
    """RDM of a recording's responses in one or several concatenated ROIs (None: every unit).

    Metrics that need folds take those of ``folds_of``; stimuli of a single fold are NaN.

    Returns
    -------
    np.ndarray of shape (n, n), float32
        Row i is row i of ``ds.stimuli``; stimuli without a usable response are NaN.

    Raises
    ------
    InputError
        As of ``compute`` and ``folds_of``, and where a metric is undefined over so few units.
    NotFoundError
        If the recording has no responses, no such ROI, or no folds.
    """
    roi = list(rois) if rois else None
    if not METRICS[metric].needs_folds:
        responses = ds.responses(roi)
        METRICS[metric].check_units(responses.shape[1])
        return compute(responses, metric, progress=progress)
    folds = folds_of(ds, rois)
    trials = ds.responses(roi, repeats="all")[folds.trials]
    rows = ds.trial_rows[folds.trials]
    order = np.argsort(rows, kind="stable")
    seen = np.unique(rows)
    matrix = np.full((ds.n_stimuli, ds.n_stimuli), np.nan, dtype=np.float32)
    matrix[np.ix_(seen, seen)] = compute(
        trials[order],
        metric,
        folds.numbers[order],
        stimuli=rows[order],
        noise=noise,
        progress=progress,
    )
    np.fill_diagonal(matrix, 0.0)
    return matrix


def notes_of(ds: Dataset, rois: Sequence[str] | None, metric: str) -> tuple[str, ...]:
    """What a reader must know of an RDM of ``of_dataset``, a sentence each."""
    method = METRICS[metric]
    sentences = [method.describe_units(len(ds.units(list(rois) if rois else None)))]
    if method.needs_folds:
        sentences.append(f"Folds are {folds_of(ds, rois).text}.")
    return tuple(filter(None, sentences))


def published(ds: Dataset, name: str) -> np.ndarray:
    """An RDM that comes with the recording."""
    if name not in ds.rdms:
        raise NotFoundError(f"There is no RDM {name!r} in {ds.info.title}", choices=ds.rdms)
    return np.asarray(ds.rdms[name])


def result_key(ds: Dataset, rois: Sequence[str] | None, metric: str, noise: str = "none") -> str:
    """Key of the RDM of a ROI in the store."""
    parameters = {"rois": list(rois or ()), "metric": metric, "noise": noise}
    version = FOLDS_VERSION if METRICS[metric].needs_folds else VERSION
    return store.key("rdm", ds.fingerprint, parameters, version=version)


def is_large(n: int, metric: str) -> bool:
    """Whether an RDM is summarised instead of kept; metrics with folds need all of it at once."""
    return n > MOST_KEPT and not METRICS[metric].needs_folds


def check_order(n: int, metric: str, order: str) -> None:
    """Raise InputError for an order that needs a matrix which is too large to be kept."""
    if is_large(n, metric) and order not in LARGE_ORDERS:
        raise InputError(
            f"The order {order!r} needs the whole matrix of {n:,} stimuli",
            f"at most {MOST_KEPT:,} stimuli",
            f"Choose the order {' or '.join(LARGE_ORDERS)}, or select fewer stimuli.",
        )


def load_summary(key: str) -> RdmSummary | None:
    """The summary of a large RDM from the store, None where there is none."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        return summary_of(result)


@dataclass(frozen=True)
class RdmRequest(Request):
    """One RDM of a ROI, and the order that it is shown in.

    Attributes
    ----------
    recording : Reference
    rois : tuple of str
        Concatenated; empty for every unit.
    metric, noise : str
        As in ``of_dataset``.
    order : str
        Id of ``ORDERS``; one that takes long is arranged by the job too.
    """

    operation = "rdm"

    recording: Reference
    rois: tuple[str, ...] = ()
    metric: str = "correlation"
    noise: str = "none"
    order: str = "original"

    def __post_init__(self) -> None:
        object.__setattr__(self, "rois", check_names("rois", self.rois or ()))
        METRICS[self.metric], ORDERS[self.order]

    @property
    def label(self) -> str:
        return f"RDM of {' + '.join(self.rois) or 'every unit'}, {self.metric}"

    def key(self) -> str:
        ds = self.recording.open()
        own = result_key(ds, self.rois, self.metric, self.noise)
        if not is_large(ds.n_stimuli, self.metric):
            return own
        return store.key("rdm", ds.fingerprint, {"summary of": own}, version=VERSION)

    @property
    def seconds(self) -> float:
        """About how long RDM and order take."""
        ds = self.recording.open()
        units = len(ds.units(self.rois or None))
        work = ds.n_stimuli**2 * max(units, LEAST_UNITS)
        if METRICS[self.metric].needs_folds:
            work *= int(ds.repeats.max()) * (4 if self.noise == "none" else 8)
            work += 40 * (units**3 + len(ds.trials) * units**2) * (self.noise == "full")
        return work / WORK_A_SECOND + (ds.n_stimuli / ORDERS[self.order].slow_above) ** 2

    def is_arranged(self) -> bool:
        """Whether the order is there, or comes at once."""
        ds = self.recording.open()
        is_known = is_large(ds.n_stimuli, self.metric) and self.order in LARGE_ORDERS
        if is_known or ds.n_stimuli <= ORDERS[self.order].slow_above:
            return True
        return store.load(_order_key(ds, self.order, self.key())) is not None

    def to_json(self) -> dict[str, Any]:
        return {
            "stimuli": [],
            **self.recording.to_json(),
            "rois": list(self.rois),
            "metric": self.metric,
            "noise": self.noise,
            "order": self.order,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RdmRequest:
        own = ("rois", "metric", "noise", "order")
        check_fields(cls.operation, values, (*FIELDS, *own))
        settings = {name: values[name] for name in own if name in values}
        return cls(Reference.from_json(values), **settings)


def load(key: str) -> np.ndarray | None:
    """An RDM from the store, None where there is none. Read-only."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        return result.arrays["rdm"]


def run(request: RdmRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: compute one RDM into the store, and arrange an order that takes long.

    One that is too large to be kept is summarised.

    Returns
    -------
    dict
        ``key`` of the RDM.
    """
    progress(0.0, "Opening the recording")
    ds, key = request.recording.open(), request.key()
    if is_large(ds.n_stimuli, request.metric):
        check_order(ds.n_stimuli, request.metric, request.order)
        summary = _summarised(ds, request, progress)
        facts = {"title": ds.info.title, **request.to_json(), **summary.facts()}
        store.save(key, summary.arrays(), facts)
        return {"key": key}
    matrix = load(key)
    if matrix is None:
        matrix = of_dataset(
            ds,
            request.rois,
            request.metric,
            noise=request.noise,
            progress=portion(progress, 0.0, COMPUTED),
        )
        information = {"title": ds.info.title, **request.to_json()}
        if METRICS[request.metric].needs_folds:
            information["folds"] = folds_of(ds, request.rois).text
        store.save(key, {"rdm": matrix}, information)
    if request.order != "original":
        progress(0.92, "Ordering the stimuli")
        arrange(ds, matrix, request.order, key)
    return {"key": key}


def _summarised(ds: Dataset, request: RdmRequest, progress: Progress) -> RdmSummary:
    responses = ds.responses(list(request.rois) or None)
    nothing = np.empty((0, 0))
    orders = {name: ORDERS[name].arrange(ds.stimuli, nothing) for name in LARGE_ORDERS}
    return summarise(responses, request.metric, orders, progress)


def arrange(ds: Dataset, matrix: np.ndarray | ComputedRdm, order: str, key: str) -> np.ndarray:
    """Permutation of an order, from the store where it was arranged before."""
    method = ORDERS[order]
    if isinstance(matrix, ComputedRdm):
        check_order(len(matrix), "correlation", order)
        return method.arrange(ds.stimuli, np.empty((0, 0)))
    if len(matrix) <= method.slow_above:
        return method.arrange(ds.stimuli, matrix)
    order_key = _order_key(ds, order, key)
    result = store.load(order_key)
    if result is None:
        permutation = method.arrange(ds.stimuli, matrix)
        result = store.save(order_key, {"permutation": permutation}, {"order": order})
    return np.asarray(result.arrays["permutation"])


def _order_key(ds: Dataset, order: str, key: str) -> str:
    return store.key("order", ds.fingerprint, {"of": key, "order": order}, version=VERSION)
