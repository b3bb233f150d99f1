"""About how long an ablation takes, before anything is trained."""

from __future__ import annotations

from core.ablations.design import Ablation, Replicate
from core.decoders import Config
from core.errors import NeurogalleryError

# Measured on two cores with the ROI transformer, widths 32 to 512 (see tests/benchmarks).
OPENING_S, SOLVING_S = 2.0, 1.0
OF_A_LAYER_S, OPERATIONS_A_SECOND = 15e-6, 3e10
TRAINED_ON, WIDTH, ROW_S = 0.75, 128, 20e-6
FORWARD_AND_BACK = 6


def estimate(ablation: Ablation, images: int) -> float:
    """Seconds on two cores with every epoch trained; embeddings are taken as stored.

    Parameters
    ----------
    ablation : Ablation
    images : int
        That the recording shows.
    """
    rows = ablation.replicates[: len(ablation.rows)]
    return ablation.of_a_row * sum(seconds_of(ablation, row, images) for row in rows)


def seconds_of(ablation: Ablation, replicate: Replicate, images: int) -> float:
    """Seconds of one decoder; 0 where its settings do not fit one another."""
    try:
        return OPENING_S + _training(ablation.config(replicate), TRAINED_ON * images)
    except NeurogalleryError:
        return 0.0


def _training(config: Config, rows: float) -> float:
    """Seconds of the epochs: what each layer costs by itself, and its multiplications."""
    if config.is_closed_form:
        return SOLVING_S
    values = config.head_parameters
    width = int(values.get("width", WIDTH))
    hidden, depth = int(values.get("hidden", width)), int(values.get("depth", 1))
    tokens = 1 + (len(config.rois) if len(config.rois) > 1 else config.training["groups"])
    a_layer = FORWARD_AND_BACK * tokens * (4 * width**2 + 2 * width * hidden)
    of_a_row = ROW_S + depth * (OF_A_LAYER_S + a_layer / OPERATIONS_A_SECOND)
    return float(config.training["epochs"] * rows * of_a_row)
