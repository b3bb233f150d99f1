"""Every head, the published transformers and augmentation: the device beside the CPU."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.decoders.training import train
from core.progress import silent
from tests.gpu.devices import check_device
from tests.gpu.paired import Trained, batches_of, compared, trained
from tests.gpu.rows import Figure, Row
from tests.gpu.settings import Settings

# Largest share that losses may be apart, least mean cosine of predictions. On the CPU, responses
# and targets changed by 1e-6 of themselves, more than another order of sums does, move losses by
# .002 % and predictions to .9995 (CADA-VAE) at most; bfloat16 moves them by .08 % and to .9999.
EXACT, MIXED = (0.002, 0.995), (0.02, 0.99)
EPOCHS = 2
AUGMENTED = {"virtual": 0.3, "noise": 0.3, "mix": 0.15, "library": 0.3}


def heads(settings: Settings) -> Iterator[Row]:
    """Each head in float32 and in mixed precision, on the same batches as the CPU in float32."""
    for head in settings.heads:
        config = settings.config(head)
        data = settings.data(config)
        batches = batches_of(config, data)
        cpu: Trained | None = None
        for precision, limits in (("float32", EXACT), ("bfloat16", MIXED)):
            if precision == "bfloat16" and not config.has_loss:
                continue  # own objectives are computed in float32 whatever the setting says
            own = trained(config, data, settings.device, batches, settings.epochs, precision)
            cpu = cpu or trained(config, data, "cpu", batches, settings.epochs, "float32")
            yield Row(f"{head}, {precision}", compared(own, cpu, *limits))


def transformers(settings: Settings) -> Iterator[Row]:
    """A few steps of the ROI transformer in its published sizes, a token for each ROI."""
    for preset, sizes in settings.presets.items():
        config = settings.config(
            "roi_transformer",
            head_parameters=sizes,
            rois=settings.rois,
            training={"batch": settings.batch},
        )
        data = settings.data(config)
        batches = batches_of(config, data, settings.steps)
        cpu = trained(config, data, "cpu", batches, EPOCHS, "float32")
        for precision, limits in (("float32", EXACT), ("bfloat16", MIXED)):
            own = trained(config, data, settings.device, batches, EPOCHS, precision)
            yield Row(f"transformer {preset}, {precision}", compared(own, cpu, *limits))


def augmentation(settings: Settings) -> Iterator[Row]:
    """Every augmentation drawn on the device: other draws, so that losses are alike at most."""
    config = settings.config(
        "linear", training={**AUGMENTED, "epochs": settings.epochs, "patience": settings.epochs}
    )
    if config.training["library"] and not len(settings.data(config).opened[0].gallery):
        config = settings.config("linear", training={**AUGMENTED, "library": 0.0})
    data = settings.data(config)
    lowest = []
    for device in (settings.device, "cpu"):
        run = train.fit(config, data, silent, device)
        check_device(run.facts["device"], device)
        lowest.append(min(row["validation"] for row in run.curve))
    apart = 100 * abs(lowest[0] - lowest[1]) / abs(lowest[1])
    what = ", ".join(name for name in AUGMENTED if config.training[name])
    yield Row("augmentation", (Figure("loss apart, %", float(np.float64(apart)), most=10),), what)
