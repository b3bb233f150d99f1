"""CPU time and objective of clusters.fit beside scikit-learn's KMeans, on the same rows."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans

from core import clusters

KS = range(2, 13)
FEW = 6
MEMORY = """
import numpy as np
from core import clusters
from tests.benchmarks.measure import peak_mib
responses = np.random.default_rng(0).standard_normal(({n}, {v}), dtype=np.float32)
clusters.fit(responses, {k})
print(peak_mib())
"""

NULL = """
import sys, time
sys.path.insert(0, "")
import numpy as np
from core import clusters
rng = np.random.default_rng(0)
axes = np.linalg.qr(rng.standard_normal((15, 15)))[0] * [3, 2, 1.5, *[0.6] * 12]
responses = [(rng.exponential(1, (300, 15)) - 1) @ axes.T for _ in range(3)]
clusters.fit(responses[0], 4)
began = time.process_time()
clusters.consistency_across_subjects(responses, 4)
print(time.process_time() - began)
"""


@dataclass(frozen=True)
class Beside:
    """Against scikit-learn, over k = 2..12.

    ``cpu``: CPU of ``clusters.fit`` over that of KMeans with 10 starts. ``few`` and
    ``all``: the largest mean objective over KMeans' at any k up to 6 and up to 12.
    """

    cpu: float
    few: float
    all: float


def beside_kmeans(
    seeds: int = 20, n: int = 30_000, v: int = 25, ks: Sequence[int] = KS, kind: str = "regions"
) -> Beside:
    """Cluster ``drawn`` responses by both, taking turns; each k with each seed."""
    responses = drawn(n, v, kind)
    centred = responses - responses.mean(axis=1, keepdims=True)
    rows = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    cpu = np.zeros(2)
    quotients: dict[int, float] = {}
    for k in ks:
        objectives = np.zeros(2)
        for seed in range(seeds):
            began = time.process_time()
            own = clusters.fit(responses, k, "correlation", seed=seed)
            between = time.process_time()
            peer = KMeans(k, n_init=10, algorithm="lloyd", random_state=seed).fit(rows)
            cpu += between - began, time.process_time() - between
            objectives += own.objective, correlation_objective(rows, peer.labels_)
        quotients[k] = float(objectives[0] / objectives[1])
    few = [quotient for k, quotient in quotients.items() if k <= FEW]
    return Beside(float(cpu[0] / cpu[1]), max(few), max(quotients.values()))


def null_beside(commit: str = "eb128f3", rounds: int = 3) -> float:
    """CPU of the null of 'clusters come back' over that of a commit before it, by defaults.

    Processes of both take turns; the fastest of each counts. NaN where git lacks the commit.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", commit, "core"], capture_output=True)
        if archive.returncode:
            return float("nan")
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        cpu = {place: float("inf") for place in (".", folder)}
        for _ in range(rounds):
            for place in cpu:
                command = [sys.executable, "-c", NULL]
                output = subprocess.run(command, cwd=place, check=True, capture_output=True)
                cpu[place] = min(cpu[place], float(output.stdout))
    return cpu["."] / cpu[folder]


def peak_memory_mib(n: int = 240_000, v: int = 25, k: int = 12) -> float:
    """Peak memory of a process that clusters n responses, libraries and input included."""
    script = MEMORY.format(n=n, v=v, k=k)
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    return float(output.stdout)


def drawn(n: int, v: int, kind: str = "regions") -> np.ndarray:
    """Responses of correlated regions with weak clusters, or 'noise' without any structure.

    Without structure there are the most local optima, and every method takes longest.
    """
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((n, v))
    if kind == "regions":
        mixing = rng.standard_normal((v, v)) * np.linspace(0.6, 0.06, v)
        noise += rng.standard_normal((n, v)) @ mixing
        noise += rng.standard_normal((6, v))[rng.integers(0, 6, n)]
    return noise.astype(np.float32)


def correlation_objective(rows: np.ndarray, labels: np.ndarray) -> float:
    """Sum of the correlation distances to the best centroids of a partition of unit rows."""
    sums = [rows[labels == label].sum(axis=0, dtype=np.float64) for label in np.unique(labels)]
    return len(rows) - float(np.linalg.norm(sums, axis=1).sum())
