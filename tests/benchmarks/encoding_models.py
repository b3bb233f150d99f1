"""Encoding models beside himalaya, components beside scikit-learn, maps of the cortex in bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

import numpy as np

FULL, QUICK = (9_000, 512, 15_000), (2_000, 128, 1_500)
BANDED = (2_000, 600, 1_000)
ROWS, COLUMNS, K = 30_000, 25, 8
NOISE = 6.0
ALPHAS = np.logspace(-1, 5, 10)
BANDS = 3
CHILD = "from tests.benchmarks.encoding_models import child; child({names!r}, {shape!r})"


@dataclass(frozen=True)
class BesideHimalaya:
    """CPU of ours over that of himalaya, units with the same alpha, peak of ours in MiB."""

    ratio: float
    same: float
    memory_mib: float


def beside_himalaya(shape: tuple[int, int, int], banded: bool) -> BesideHimalaya:
    """Fit the same responses by both, each in a process of its own with one thread."""
    runs = {}
    for peer in ("ours", "himalaya"):
        names = (peer, "banded" if banded else "ridge")
        command = [sys.executable, "-c", CHILD.format(names=names, shape=shape)]
        environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        output = subprocess.run(
            command, check=True, capture_output=True, env={**_environment(), **environment}
        ).stdout
        runs[peer] = json.loads(output.splitlines()[-1])
    ours, theirs = runs["ours"], runs["himalaya"]
    same = np.isclose(ours["shown"], theirs["shown"], rtol=1e-3, atol=1e-3).mean()
    return BesideHimalaya(ours["cpu_s"] / theirs["cpu_s"], float(same), ours["memory_mib"])


def _environment() -> dict[str, str]:
    import os

    return dict(os.environ)


def child(names: tuple[str, str], shape: tuple[int, int, int]) -> None:
    """Fit in this process; prints CPU seconds, peak memory, and alphas or predictions."""
    import time

    from tests.benchmarks.measure import peak_mib

    peer, kind = names
    x, y, inner = _problem(shape)
    parts = np.array_split(x, BANDS, axis=1)
    shares = np.random.default_rng(1).dirichlet(np.ones(BANDS), 20)
    fit = FITS[peer, kind]
    began = time.process_time()
    shown = fit(x, y, inner) if kind == "ridge" else fit(parts, y, inner, shares)
    cpu = time.process_time() - began
    result = {"cpu_s": cpu, "memory_mib": peak_mib(), "shown": np.asarray(shown).tolist()}
    print(json.dumps(result))


def _problem(shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray, list[tuple]]:
    rows, width, units = shape
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, width), dtype=np.float32)
    x *= np.linspace(2, 0.1, width, dtype=np.float32)
    y = rng.standard_normal((rows, units), dtype=np.float32)
    for start in range(0, units, 1000):
        some = slice(start, min(start + 1000, units))
        strength = rng.random(some.stop - start, dtype=np.float32) * 0.05
        y[:, some] += x @ (rng.standard_normal((width, some.stop - start), np.float32) * strength)
    fold = np.arange(rows) % 5
    return x, y, [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(5)]


def _our_ridge(x: np.ndarray, y: np.ndarray, inner: list) -> np.ndarray:
    from core.encoding.solvers import ridge

    return ridge.fit_units(x, y, ALPHAS, inner).alpha


def _their_ridge(x: np.ndarray, y: np.ndarray, inner: list) -> np.ndarray:
    from himalaya.ridge import RidgeCV

    batches = {"n_targets_batch": 2000, "n_alphas_batch": 2}
    peer = RidgeCV(alphas=ALPHAS, cv=inner, fit_intercept=True, solver_params=batches)
    return np.asarray(peer.fit(x, y).best_alphas_)


def _our_bands(parts: list, y: np.ndarray, inner: list, shares: np.ndarray) -> np.ndarray:
    from core.encoding.solvers import banded

    bands = {str(number): part for number, part in enumerate(parts)}
    return banded.fit_bands(bands, y, ALPHAS, inner, shares=shares).predict(bands)[::50, ::20]


def _their_bands(parts: list, y: np.ndarray, inner: list, shares: np.ndarray) -> np.ndarray:
    from himalaya.ridge import GroupRidgeCV

    how = {"n_iter": shares, "alphas": ALPHAS, "progress_bar": False, "warn": False}
    how |= {"n_targets_batch": 2000, "n_alphas_batch": 2}
    peer = GroupRidgeCV(groups="input", fit_intercept=True, cv=inner, solver_params=how)
    return np.asarray(peer.fit(parts, y).predict(parts))[::50, ::20]


FITS = {
    ("ours", "ridge"): _our_ridge,
    ("himalaya", "ridge"): _their_ridge,
    ("ours", "banded"): _our_bands,
    ("himalaya", "banded"): _their_bands,
}


def components_beside_scikit_learn(method: str) -> float:
    """CPU of components with their order by reliability over that of scikit-learn alone."""
    import time

    from sklearn.decomposition import NMF, PCA, FastICA
    from threadpoolctl import threadpool_limits

    from core.components import decompose, halves, measure

    rng = np.random.default_rng(0)
    sources = rng.exponential(size=(ROWS // 2, K)) @ rng.exponential(size=(K, COLUMNS))
    # As noisy as recordings are: sources are not found within a few iterations.
    trials = np.tile(sources, (2, 1)) + NOISE * rng.standard_normal((ROWS, COLUMNS))
    rows = np.tile(np.arange(ROWS // 2), 2)
    mean = np.repeat(trials.reshape(2, ROWS // 2, COLUMNS).mean(axis=0), 2, axis=0)
    raised = mean - np.minimum(mean.min(axis=0), 0)
    peers = {
        "pca": lambda: PCA(K, random_state=0).fit_transform(mean),
        "ica": lambda: FastICA(
            K, whiten="unit-variance", max_iter=500, random_state=0
        ).fit_transform(mean),
        "nmf": lambda: NMF(K, init="nndsvda", max_iter=500, random_state=0).fit_transform(raised),
    }
    with threadpool_limits(1):
        began = time.process_time()
        peers[method]()
        between = time.process_time()
        result = decompose(mean, method, K)
        halved = halves(trials, rows, None, ROWS // 2)
        measure(halved, method, K, result.scores[::2])
        return (time.process_time() - between) / (between - began)


def cortex_bytes() -> tuple[int, int]:
    """Bytes of the geometry and of a map with a value at every vertex, as they are sent."""
    from core.cortex.fsaverage import VERTICES
    from pages.shared.components.cortex import cortex

    values = np.random.default_rng(0).random((2, VERTICES))
    return len(cortex._geometry()), len(cortex._packed(cortex.steps(values, (0.0, 1.0))))
