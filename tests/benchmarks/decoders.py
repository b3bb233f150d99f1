"""CPU time of core.ridge beside scikit-learn's RidgeCV, and of an epoch beside its bare steps."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import RidgeCV
from threadpoolctl import threadpool_limits

from core import ridge
from core.decoders import HEADS, Config, heads, losses
from core.decoders.training.batches import Augmented, Batch, DeviceSet
from core.decoders.training.data import ResponseRows
from core.decoders.training.gradient import Training

# As the embedded experiment: training rows of S1, its seven ROIs, clip-small.
ROWS, OUTPUTS = 1080, 128
ROOT = Path(__file__).parents[2]
SCORING = """
import time
import numpy as np
from core import scores
category = [f"c{row // 15}" for row in range(300)]
for _ in range(2):
    began = time.process_time()
    rng, heads = np.random.default_rng(0), []
    images = rng.standard_normal((300, 128))
    for _ in range(3):
        predicted = images + 2 * rng.standard_normal(images.shape)
        queries = scores.Queries(predicted, images, np.arange(300), category)
        if hasattr(scores, "score"):
            heads.append(scores.score([queries]).by_unit)
        else:
            scores.evaluate(queries)
    if heads:
        scores.compare(heads[0], {"ridge": heads[1:2], "linear": heads[2:]})
print(time.process_time() - began)
"""
ROI_UNITS = (218, 263, 136, 140, 146, 71, 72)


@dataclass(frozen=True)
class Beside:
    """``cpu``: CPU of RidgeCV over that of ``ridge.fit``, medians over the rounds.

    ``alpha``: whether both chose one alpha; ``difference``: the largest difference of
    their weights, of the largest weight.
    """

    cpu: float
    alpha: bool
    difference: float


def beside_ridgecv(n: int, v: int, d: int = 512, rounds: int = 5) -> Beside:
    """Fit the same planted data by both, taking turns.

    Both with one thread: waiting threads burn CPU time, the more the busier the machine.
    """
    x, y = planted(n, v, d)
    spent = np.zeros((rounds, 2))
    with threadpool_limits(1):
        for turn in range(rounds):
            began = time.process_time()
            own = ridge.fit(x, y)
            between = time.process_time()
            peer = RidgeCV(ridge.ALPHAS).fit(x, y)
            spent[turn] = between - began, time.process_time() - between
    own_s, peer_s = np.median(spent, axis=0)
    difference = np.abs(own.weights - peer.coef_.T).max() / np.abs(peer.coef_).max()
    same = bool(np.isclose(own.alpha, peer.alpha_))
    return Beside(float(peer_s / own_s), same, float(difference))


def scoring_beside(commit: str, rounds: int = 3) -> float | None:
    """CPU of scoring three heads today over that at a commit, medians; None without its files.

    300 images of 20 categories, 1,000 permutations and resamples, the second time that a process
    scores; both take turns, each in a process of its own with one thread.
    """
    with TemporaryDirectory() as folder:
        archive = subprocess.run(
            ["git", "archive", commit, "core"], cwd=ROOT, capture_output=True, check=False
        )
        if archive.returncode:
            return None
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        spent = [[_scoring_s(tree) for tree in (ROOT, Path(folder))] for _ in range(rounds)]
    now, before = np.median(spent, axis=0)
    return float(now / before)


def _scoring_s(tree: Path) -> float:
    """CPU seconds of ``SCORING`` with the modules of a tree."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    environment = {**os.environ, **threads, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        [sys.executable, "-c", SCORING],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def planted(n: int, v: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy linear targets (n, d) of standard normal responses (n, v), float32."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, v), dtype=np.float32)
    weights = rng.standard_normal((v, d), dtype=np.float32) / np.float32(np.sqrt(v))
    return x, x @ weights + 2 * rng.standard_normal((n, d), dtype=np.float32)


def epoch_of_bare_steps(head: str, rounds: int = 7) -> float:
    """CPU of an epoch of ``Training`` over that of its bare steps, median over the rounds.

    The epoch draws its batches, sets the learning rate and copies the weights as a best epoch
    does; validation is left out. A bare step is forward, loss, backward and the optimiser's
    step, over batches drawn before. Both take turns, with one thread.
    """
    config = Config("simulated", head=head)
    with one_thread():
        training, bare = training_of(config), training_of(config)
        # Ever lower: every epoch is the best one so far.
        training.validate = lambda: (-float(len(training.curve)), 0.5)  # type: ignore[method-assign]
        batches = list(bare.training.epoch())
        spent = []
        for _ in range(rounds + 1):
            began = time.process_time()
            training.epoch()
            between = time.process_time()
            _bare_epoch(bare, batches)
            spent.append((between - began) / (time.process_time() - between))
    return float(np.median(spent[1:]))


def training_of(config: Config) -> Training:
    """A training of a head with its defaults on random rows."""
    rng = np.random.default_rng(0)
    edges = np.cumsum([0, *ROI_UNITS]).tolist()
    texts = 0 if config.text_encoder is None else OUTPUTS
    shape = heads.Shape(edges[-1], tuple(pairwise(edges)), 1, OUTPUTS, texts)
    x = rng.standard_normal((ROWS, edges[-1]), dtype=np.float32)
    targets = rng.standard_normal((ROWS, OUTPUTS), dtype=np.float32)
    rows = ResponseRows(x, np.zeros(ROWS, dtype=np.int64), np.arange(ROWS))
    text = rng.standard_normal((ROWS, texts), dtype=np.float32)
    side = DeviceSet(rows, targets, np.arange(ROWS) % 60, "cpu", text)
    torch.manual_seed(0)
    module: Any = heads.build(config.head, shape, **config.head_parameters)
    if not config.has_loss:
        module.fit_scale(side.target, side.text)
    drawn = Augmented(side, config, None, torch.Generator().manual_seed(0))
    loss = losses.combined(config.loss)
    return Training(config, module, loss, drawn, side, "benchmark", Path())


def _bare_epoch(training: Training, batches: list[Batch]) -> None:
    module, loss, optimiser = training.module, training.loss, training.optimiser
    penalises = HEADS[training.config.head].penalises
    module.train()
    for x, subject, target, category, text in batches:
        optimiser.zero_grad(set_to_none=True)
        if not training.config.has_loss:
            value = torch.stack(list(module.objective(x, target, text).values())).sum()
        elif penalises:
            predicted, penalty = module.forward_with_penalty(x, subject, target)
            value = loss(predicted, target, category) + penalty
        else:
            value = loss(module(x, subject), target, category)
        value.backward()
        optimiser.step()


@contextmanager
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
