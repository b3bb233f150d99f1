"""Linear support vector regression by stochastic gradient, batch after batch of pairs."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.dissimilarity.data import PairData
from core.dissimilarity.features import PairScaler
from core.dissimilarity.model import FittedModel, PairModel, pairs_drawn, register
from core.progress import Progress
from core.registry import Parameter

PAIRS_AT_ONCE = 4096
SCALED_BY = 8192

PARAMETERS = (
    Parameter(
        "epsilon",
        "Epsilon",
        0.1,
        "Errors below this many standard deviations of the target cost nothing",
        minimum=0.0,
        maximum=2.0,
    ),
    Parameter(
        "alpha", "Alpha", 0.001, "Strength of the regularisation", minimum=1e-8, maximum=100.0
    ),
    pairs_drawn(300_000),
)


def fit(data: PairData, values: dict[str, Any], seed: int, progress: Progress) -> FittedModel:
    """Kernel-free, so that it fits the size: a matrix of 80,000 x 80,000 pairs needs 51 GB."""
    from sklearn.linear_model import SGDRegressor

    rng = np.random.default_rng([seed, 5])
    i, j = data.training.draw(SCALED_BY, rng)
    scaler, truth = PairScaler(data.components, i, j), data.truth(i, j)
    centre, spread = float(truth.mean()), float(truth.std()) or 1.0
    # Rows of length 1 on average, whatever the dimensions: the step size fits all encoders.
    shrink = np.float32(1.0 / np.sqrt(2 * data.components.shape[1]))
    machine = SGDRegressor(
        loss="epsilon_insensitive",
        epsilon=values["epsilon"],
        alpha=values["alpha"],
        learning_rate="invscaling",
        eta0=0.5,
        power_t=0.25,
        average=True,
        shuffle=False,
        random_state=seed,
    )
    for drawn in range(0, values["pairs"], PAIRS_AT_ONCE):
        progress(drawn / values["pairs"], f"{drawn:,} of {values['pairs']:,} pairs")
        i, j = data.training.draw(min(PAIRS_AT_ONCE, values["pairs"] - drawn), rng)
        machine.partial_fit(scaler(i, j) * shrink, (data.truth(i, j) - centre) / spread)

    def predict(i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return np.asarray(centre + spread * machine.predict(scaler(i, j) * shrink))

    return FittedModel(predict, {"pairs_drawn": values["pairs"], "parameters": len(machine.coef_)})


register(
    PairModel(
        "svr",
        "Linear SVR",
        "Support vector regression on the same order-free features as ridge, in batches: a "
        "kernel matrix of pairs would not fit.",
        "Drucker et al. (1996), NIPS 9:155-161; Bottou (2010), COMPSTAT:177-186",
        fit,
        parameters=PARAMETERS,
    )
)
