"""The steps that are measured; each takes the responses and returns what is timed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core import rdm

CONTROL_MIB = 64


def prepare(step: str, responses: np.ndarray) -> Callable[[], object]:
    """Import what a step needs before the clock starts."""
    return globals()[f"_{step}"](responses)  # type: ignore[no-any-return]


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
