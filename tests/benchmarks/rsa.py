"""CPU time of the bootstrap of models beside rsatoolbox, which gets a part of the samples."""

from __future__ import annotations

import contextlib
import io
import time
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import pdist, squareform
from threadpoolctl import threadpool_limits

from core.rsa import FixedModel, evaluate
from core.rsa.bootstrap import BootstrapDraws, ModelComparison, draw_scores
from core.rsa.samples import stack_rdms

STIMULI, SUBJECTS, MODELS, SAMPLES = 200, 8, 20, 1000
PEERS = {
    "stimuli": "eval_bootstrap_pattern",
    "subjects": "eval_bootstrap_rdm",
    "both": "eval_dual_bootstrap",
}
METHODS = {"cosine": "cosine", "pearson": "corr", "spearman": "spearman"}


@dataclass(frozen=True)
class BesideRsatoolbox:
    """CPU of rsatoolbox over ours for as many samples, and the largest difference of values."""

    gain: float
    difference: float


def beside_rsatoolbox(over: str, method: str, peer_samples: int) -> BesideRsatoolbox:
    """Bootstrap the same RDMs by both, in this process and with one thread.

    rsatoolbox takes its time for each sample alike: its time for some of them stands for all.
    Values are compared over stimuli, where both can have the same draws.
    """
    from rsatoolbox import inference
    from rsatoolbox.model import ModelFixed
    from rsatoolbox.rdm import RDMs

    subjects, models = _drawn()
    vectors = np.array([squareform(rdm) for rdm in subjects])
    peers = [ModelFixed(str(k), squareform(rdm)) for k, rdm in enumerate(models)]
    fixed = [FixedModel(str(k), rdm) for k, rdm in enumerate(models)]
    with threadpool_limits(1), contextlib.redirect_stderr(io.StringIO()):
        began = time.process_time()
        evaluate(subjects, fixed, method, over, SAMPLES)
        between = time.process_time()
        np.random.seed(0)  # rsatoolbox draws from the global generator
        measure = getattr(inference, PEERS[over])
        found = measure(peers, RDMs(vectors), method=METHODS[method], N=peer_samples)
        slow = (time.process_time() - between) * SAMPLES / peer_samples
    difference = float("nan")
    if over == "stimuli":
        difference = _difference(found, subjects, fixed, method)
    return BesideRsatoolbox(slow / (between - began), difference)


def _difference(
    found: object, subjects: list[np.ndarray], fixed: list[FixedModel], method: str
) -> float:
    """Largest difference of models and both ceilings in samples of the same draws."""
    evaluations, ceiling = found.evaluations, found.noise_ceiling  # type: ignore[attr-defined]
    np.random.seed(0)
    drawn = [
        np.bincount(np.random.randint(0, STIMULI, STIMULI), minlength=STIMULI)
        for _ in range(len(evaluations))
    ]
    stack = stack_rdms(subjects, [model.rdms[0] for model in fixed], method)
    comparison = ModelComparison(stack, tuple(fixed), method)
    draws = BootstrapDraws(np.array(drawn), np.ones((len(drawn), SUBJECTS), int))
    own = draw_scores(comparison, "stimuli", draws)["stimuli"][:, 0]
    return float(np.abs(own - np.concatenate([evaluations, ceiling.T], axis=1)).max())


def _drawn() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """RDMs of subjects and models that share some features, in single precision."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((STIMULI, 10))
    responses = [
        features @ rng.standard_normal((10, 30)) + 2 * rng.standard_normal((STIMULI, 30))
        for _ in range(SUBJECTS)
    ]
    shown = [features + k * rng.standard_normal((STIMULI, 10)) / 5 for k in range(MODELS)]
    return tuple(  # type: ignore[return-value]
        [squareform(np.float32(pdist(rows, "sqeuclidean"))).astype(float) for rows in group]
        for group in (responses, shown)
    )
