"""The steps that are measured; each takes the responses and returns what is timed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core import rdm
from core.rdm.large.bands import write_rdm
from core.rdm.large.summary import summarise

CONTROL_MIB = 64


def prepare(step: str, responses: np.ndarray) -> Callable[[], object]:
    """Import what a step needs before the clock starts."""
    return globals()[f"_{step}"](responses)  # type: ignore[no-any-return]


def _to_disk(responses: np.ndarray) -> Callable[[], object]:
    """The RDM as a file, computed in bands."""

    def step() -> None:
        with tempfile.TemporaryDirectory() as folder:
            write_rdm(responses, Path(folder) / "rdm.npy")

    return step


def _summary(responses: np.ndarray) -> Callable[[], object]:
    """What page RDM keeps of a matrix that is too large."""
    orders = {"original": np.arange(len(responses))}
    return lambda: summarise(responses, "correlation", orders)


def _control(responses: np.ndarray) -> Callable[[], object]:
    """An allocation of known size, by which the measuring is measured."""
    return lambda: np.ones(CONTROL_MIB * 2**17)


def _product(responses: np.ndarray) -> Callable[[], object]:
    return lambda: responses @ responses.T


def _correlation(responses: np.ndarray) -> Callable[[], object]:
    return lambda: rdm.compute(responses, "correlation")


def _euclidean(responses: np.ndarray) -> Callable[[], object]:
    return lambda: rdm.compute(responses, "euclidean")


def _extremes(responses: np.ndarray) -> Callable[[], object]:
    return lambda: rdm.extreme_pairs(responses, "correlation", 10)


def _scipy_correlation(responses: np.ndarray) -> Callable[[], object]:
    from scipy.spatial.distance import pdist

    return lambda: pdist(responses, "correlation")


def _rsatoolbox_correlation(responses: np.ndarray) -> Callable[[], object]:
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm

    peer = Dataset(responses)
    return lambda: calc_rdm(peer, method="correlation")


def _rsatoolbox_float64_correlation(responses: np.ndarray) -> Callable[[], object]:
    return _rsatoolbox_correlation(responses.astype(np.float64))
