"""The product's own doors: a sweep of seeds, the same seed again, a training that goes on."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import numpy as np

from core import decoders
from core.__main__ import main
from core.decoders import Config, Run
from core.decoders.training.batches import DeviceSet
from core.errors import Cancelled
from tests.gpu.devices import check_device, held_mib
from tests.gpu.rows import Figure, Row
from tests.gpu.settings import Settings

# Other draws and bfloat16; two seeds of the CPU alone are as far apart.
TWO_WAY = 0.03
REPEATED = ("mlp", "bravl")


def sweep(settings: Settings) -> Iterator[Row]:
    """``python -m core sweep`` of a few seeds, whose sets have to be on the device."""
    swept = []
    for device in (settings.device, "cpu"):
        with settings.own_results(), _sets_seen() as seen:
            began = time.monotonic()
            swept.append((_swept(settings, device), time.monotonic() - began, seen))
    (own, seconds, seen), (cpu, cpu_seconds, _) = swept
    errors = [row["error"] for row in own + cpu if row["error"]]
    if errors:
        raise AssertionError(errors[0])
    apart = [abs(_score(a) - _score(b)) for a, b in zip(own, cpu, strict=True)]
    elsewhere = sum(device != settings.device for device, _ in seen)
    held = [mib for _, mib in seen]
    yield Row(
        f"sweep of {settings.seeds} seeds",
        (
            Figure("two-way apart", max(apart), most=TWO_WAY),
            Figure("sets elsewhere", elsewhere, most=0),
            Figure("MiB kept", held[-1] - held[1] if len(held) > 2 else 0.0, most=1),
            Figure("s", seconds),
            Figure("CPU", cpu_seconds),
        ),
        f"two-way {', '.join(f'{_score(row):.3f}' for row in own)}",
    )


def repeat(settings: Settings) -> Iterator[Row]:
    """The same seed gives the same decoder, and so does a training that was interrupted."""
    for head in (head for head in REPEATED if head in settings.heads):
        config = Config(
            **settings.dataset, head=head, training={"epochs": 4, "precision": "float32"}
        )
        runs = []
        for breaks in (False, False, True):
            with settings.own_results():
                if breaks:
                    _interrupt(config, settings.device)
                runs.append(decoders.train(config, device=settings.device))
            check_device(runs[-1].facts["device"], settings.device)
        yield Row(
            f"{head} again, and resumed",
            (
                Figure("again", _apart(runs[0], runs[1]), most=0),
                Figure("resumed", _apart(runs[0], runs[2]), most=0),
            ),
            f"largest difference of a weight; trained on {runs[0].facts['device']}",
        )


def _swept(settings: Settings, device: str) -> list[dict[str, Any]]:
    names = settings.dataset
    command = ["sweep", names["dataset"], "--head", "mlp", "--device", device, "--json"]
    command += ["--encoder", names["encoder"]] if "encoder" in names else []
    command += ["--set", f"epochs={settings.sweep_epochs}"]
    for seed in range(settings.seeds):
        command += ["--seed", str(seed)]
    with redirect_stdout(io.StringIO()) as printed:
        main(command)
    rows: list[dict[str, Any]] = json.loads(printed.getvalue())
    return rows


def _score(row: dict[str, Any]) -> float:
    return next(score["value"] for score in row["scores"] if score["measure"] == "two-way")


@contextmanager
def _sets_seen() -> Iterator[list[tuple[str, float]]]:
    """Device of every set as it is placed there, and the MiB that were held before it."""
    seen: list[tuple[str, float]] = []
    place = DeviceSet.__init__

    def noted(self: DeviceSet, *arguments: Any, **named: Any) -> None:
        before = held_mib("cuda") if arguments[3] == "cuda" else 0.0
        place(self, *arguments, **named)
        seen.append((self.x.device.type, before))

    DeviceSet.__init__ = noted  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        DeviceSet.__init__ = place  # type: ignore[method-assign]


def _interrupt(config: Config, device: str) -> None:
    """Leave the checkpoint of two epochs."""

    def progress(fraction: float, message: str) -> None:
        if message.startswith("Epoch 3 "):
            raise Cancelled

    try:
        decoders.train(config, progress, device=device)
    except Cancelled:
        return
    raise AssertionError("the training was not interrupted")


def _apart(run: Run, other: Run) -> float:
    return max(
        float(np.abs(run.state[name] - other.state[name]).max(initial=0.0)) for name in run.state
    )
