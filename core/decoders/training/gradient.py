"""Training by gradient: epochs, early stopping, checkpoints that a later run goes on from."""

from __future__ import annotations

import json
import math
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import save as as_bytes
from torch import nn

from core import store
from core.decoders.config import Config
from core.decoders.heads import HEADS
from core.decoders.runs import CURVE
from core.decoders.training.batches import Augmented, Batch, DeviceSet
from core.errors import CorruptDataError, NeurogalleryError

CHECKPOINT = "checkpoint.safetensors"
SAVE_EVERY_S = 15.0
TELL_EVERY_S = 0.5
AT_ONCE = 2048
WARM = 1 / 3
COLDEST = 0.01


class Training:
    """One training under way.

    Parameters
    ----------
    config : Config
    module, loss : nn.Module
        On the device of the sets.
    training : Augmented
    validation : DeviceSet
    key : str
        Of the run; a checkpoint of another run is not taken up.
    folder : Path
        For the checkpoint and the curve.
    """

    def __init__(
        self,
        config: Config,
        module: nn.Module,
        loss: nn.Module,
        training: Augmented,
        validation: DeviceSet,
        key: str,
        folder: Path,
    ) -> None:
        self.config, self.settings = config, config.training
        self.module, self.loss = module, loss
        self.training, self.validation = training, validation
        self.key, self.folder = key, folder
        self.optimiser = _optimiser(config, module, loss)
        self.best = _copied(module)
        self.curve: list[dict[str, Any]] = []
        self.stopped = ""
        self._saved = self._reported = time.monotonic()
        self._is_whole = True
        self._culprits: list[str] = []

    @property
    def best_epoch(self) -> int:
        """Epoch, from 1, of the least validation loss; 0 before the first."""
        if not self.curve:
            return 0
        return 1 + min(range(len(self.curve)), key=lambda at: self.curve[at]["validation"])

    @property
    def compared(self) -> dict[str, int]:
        """Rows that a loss sees at once, by set."""
        training = min(self.settings["batch"], len(self.training.source))
        return {"training": training, "validation": min(AT_ONCE, len(self.validation))}

    @property
    def is_over(self) -> bool:
        done, settings = len(self.curve), self.settings
        if not self.stopped and done >= settings["epochs"]:
            self.stopped = f"all {done} epochs"
        if not self.stopped and done - self.best_epoch >= settings["patience"]:
            self.stopped = f"no lower validation loss for {settings['patience']} epochs"
        return bool(self.stopped)

    def epoch(self, report: Callable[[float], None] = lambda share: None) -> None:
        """One pass over the training set, and the validation after it.

        ``report(share)`` is called now and then with how much of it is done; it may raise.
        """
        began, losses = time.monotonic(), []
        self._is_whole = False
        self.module.train()
        steps = math.ceil(len(self.training.source) / self.settings["batch"])
        for step, batch in enumerate(self.training.epoch()):
            rate = self._rate((len(self.curve) + step / steps) / self.settings["epochs"])
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            losses.append(self._step(batch))
            self._report(report, (step + 1) / steps)
        trained = torch.stack(losses).mean().item()
        validation, two_way = self.validate()
        if not (math.isfinite(trained) and math.isfinite(validation)):
            self._diverged(losses)
            return
        self._is_whole = True
        seconds = time.monotonic() - began
        row = {"epoch": len(self.curve) + 1, "training": trained, "validation": validation}
        self.curve.append({**row, "two_way": two_way, "learning_rate": rate, "seconds": seconds})
        if self.best_epoch == len(self.curve):
            self.best = _copied(self.module)

    def _report(self, report: Callable[[float], None], share: float) -> None:
        if time.monotonic() - self._reported > TELL_EVERY_S:
            self._reported = time.monotonic()
            report(share)

    def validate(self) -> tuple[float, float]:
        """Loss and two-way identification in the validation set."""
        self.module.eval()
        losses, parts = [], []
        with torch.inference_mode():
            for batch in self.validation.in_order(AT_ONCE):
                with self._precision():
                    predicted = self.module(batch.x, batch.subject).float()
                losses.append(self._validation_loss(predicted, batch))
                parts.append(predicted)
        total = sum(loss.item() * len(part) for loss, part in zip(losses, parts, strict=True))
        two_way = _two_way(torch.cat(parts), self.validation)
        return total / len(self.validation), two_way

    def _validation_loss(self, predicted: torch.Tensor, batch: Batch) -> torch.Tensor:
        if self.config.has_loss:
            return self.loss(predicted, batch.target, batch.category)
        # The same draws in every epoch, or noise would choose the best one.
        with torch.random.fork_rng():
            torch.manual_seed(self.config.seed)
            return self._objective(batch)

    def _objective(self, batch: Batch) -> torch.Tensor:
        """The loss of a head that has one of its own; remembers what is first not a number."""
        module: Any = self.module
        rows = (batch.x, batch.target, batch.text)
        terms = module.objective(*rows)
        loss = torch.stack(list(terms.values())).sum()
        if not self._culprits and not torch.isfinite(loss):
            bad = [name for name, term in terms.items() if not torch.isfinite(term)]
            self._culprits = module.not_finite(*rows) or bad or ["the sum of terms"]
        return loss

    def _step(self, batch: Batch) -> torch.Tensor:
        self.optimiser.zero_grad(set_to_none=True)
        loss = self._loss(batch) if self.config.has_loss else self._objective(batch)
        loss.backward()
        self.optimiser.step()
        return loss.detach()

    def _loss(self, batch: Batch) -> torch.Tensor:
        """The registered losses, and what the head adds to them."""
        penalty: torch.Tensor | float = 0.0
        with self._precision():
            if HEADS[self.config.head].penalises:
                forward: Any = self.module.forward_with_penalty
                predicted, penalty = forward(batch.x, batch.subject, batch.target)
            else:
                predicted = self.module(batch.x, batch.subject)
        return self.loss(predicted.float(), batch.target, batch.category) + penalty

    @property
    def _device(self) -> str:
        return self.validation.x.device.type

    @property
    def computed_on(self) -> str:
        """The device for the reader, e.g. 'cuda, bfloat16'; own objectives stay in float32."""
        reduced = self._is_reduced and self.config.has_loss
        return f"{self._device}, bfloat16" if reduced else self._device

    @property
    def _is_reduced(self) -> bool:
        precision = self.settings["precision"]
        return precision == "bfloat16" or (precision == "auto" and self._device == "cuda")

    def _precision(self) -> Any:
        if not self._is_reduced:
            return nullcontext()
        return torch.autocast(self._device, dtype=torch.bfloat16)

    def _rate(self, done: float) -> float:
        peak, schedule = self.settings["learning_rate"], self.settings["schedule"]
        if schedule == "constant":
            return peak
        if schedule == "one-cycle" and done < WARM:
            return peak * (COLDEST + (1 - COLDEST) * done / WARM)
        left = (done - WARM) / (1 - WARM) if schedule == "one-cycle" else done
        return peak * (COLDEST + (1 - COLDEST) * 0.5 * (1 + math.cos(math.pi * left)))

    def _diverged(self, losses: list[torch.Tensor]) -> None:
        bad = [step for step, loss in enumerate(losses, 1) if not math.isfinite(loss.item())]
        where = f"epoch {len(self.curve) + 1}, " + (f"step {bad[0]}" if bad else "validation")
        if self._culprits:
            where += f" ({', '.join(self._culprits)})"
        if not self.curve:
            raise NeurogalleryError(
                f"The loss is not a number in {where}",
                "a finite loss",
                "Lower the learning rate, or ask for float32.",
            )
        self.stopped = f"the loss is not a number in {where}; earlier weights are kept"

    def save(self, always: bool = False) -> None:
        """Write the curve, and the checkpoint now and then.

        In the middle of an epoch the earlier checkpoint stays, from which a resumed training
        takes the same steps as one that was never interrupted.
        """
        store.write_json(self.folder / CURVE, self.curve)
        if not self._is_whole:
            return
        if not always and time.monotonic() - self._saved < SAVE_EVERY_S:
            return
        tensors = self._tensors()
        about = {
            "key": self.key,
            "curve": self.curve,
            "device": self._device,
            "checksum": checksum_of(tensors),
        }
        with store.replacing(self.folder / CHECKPOINT) as part:
            part.write_bytes(as_bytes(tensors, {"about": json.dumps(about)}))
        self._saved = time.monotonic()

    def resume(self) -> None:
        """Go on from the checkpoint of the same run, where there is one.

        Raises
        ------
        CorruptDataError
            If it is damaged.
        """
        path = self.folder / CHECKPOINT
        try:
            with safetensors.safe_open(path, framework="pt") as file:
                about = json.loads(file.metadata()["about"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            if about["checksum"] != checksum_of(tensors):
                raise ValueError("other weights than were saved")
            if about["key"] == self.key:
                self._take(tensors, about)
        except FileNotFoundError:  # another process of the same run has just finished
            return
        except (
            safetensors.SafetensorError,
            KeyError,
            TypeError,
            ValueError,
            RuntimeError,
        ) as error:
            reason = str(error).splitlines()[0]
            raise CorruptDataError(
                f"{path} is damaged ({reason})", remedy="Remove it to begin again."
            ) from error

    def _tensors(self) -> dict[str, torch.Tensor]:
        parts = {
            "module": self.module.state_dict(),
            "best": self.best,
            "loss": self.loss.state_dict(),
            "random": {"rows": self.training.generator.get_state(), "torch": _random_state(self)},
        }
        moments = self.optimiser.state_dict()["state"]
        parts |= {f"optimiser.{number}": values for number, values in moments.items()}
        return {
            f"{part}.{name}": tensor.detach().cpu().contiguous().clone()
            for part, values in parts.items()
            for name, tensor in values.items()
        }

    def _take(self, tensors: dict[str, torch.Tensor], about: dict[str, Any]) -> None:
        def part(name: str) -> dict[str, torch.Tensor]:
            start = f"{name}."
            return {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}

        self.module.load_state_dict(part("module"))
        self.loss.load_state_dict(part("loss"))
        self.best = part("best")
        state = self.optimiser.state_dict()
        count = sum(len(group["params"]) for group in state["param_groups"])
        moments = {number: part(f"optimiser.{number}") for number in range(count)}
        state["state"] = {number: values for number, values in moments.items() if values}
        self.optimiser.load_state_dict(state)
        self.curve = about["curve"]
        # The states of two kinds of device do not fit each other: there, new numbers are drawn.
        if about["device"] == self._device:
            self.training.generator.set_state(tensors["random.rows"])
            _set_random_state(self, tensors["random.torch"])


def _optimiser(config: Config, module: nn.Module, loss: nn.Module) -> torch.optim.Optimizer:
    kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[config.training["optimiser"]]
    groups = [
        {"params": list(module.parameters()), "weight_decay": config.training["weight_decay"]},
        {"params": list(loss.parameters()), "weight_decay": 0.0},
    ]
    used = [group for group in groups if group["params"]]
    return kind(used, lr=config.training["learning_rate"])


def checksum_of(tensors: Mapping[str, torch.Tensor]) -> int:
    """CRC-32 of the names and bytes of all tensors."""
    checksum = 0
    for name in sorted(tensors):
        checksum = zlib.crc32(name.encode(), checksum)
        content = tensors[name].reshape(-1).view(torch.uint8).numpy()
        checksum = zlib.crc32(content.tobytes(), checksum)
    return checksum


def _copied(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in module.state_dict().items()}


def _two_way(predicted: torch.Tensor, validation: DeviceSet) -> float:
    """Share of the other images of the set that are less similar than the right one."""
    names, first = _distinct(validation)
    images = nn.functional.normalize(validation.target[first], dim=1)
    similarity = nn.functional.normalize(predicted, dim=1) @ images.T
    own = similarity.gather(1, names[:, None])
    others = similarity.shape[1] - 1
    if others == 0:
        return float("nan")
    less = (similarity < own).sum(dim=1) + 0.5 * ((similarity == own).sum(dim=1) - 1)
    return (less / others).mean().item()


def _distinct(validation: DeviceSet) -> tuple[torch.Tensor, torch.Tensor]:
    """Number of each row's image among the images of the set, and a row of each image."""
    import numpy as np

    _, first, number = np.unique(validation.stimulus, return_index=True, return_inverse=True)
    device = validation.x.device
    return torch.from_numpy(number).to(device), torch.from_numpy(first).to(device)


def _random_state(training: Training) -> torch.Tensor:
    return _random_of(training).get_rng_state()


def _set_random_state(training: Training, state: torch.Tensor) -> None:
    _random_of(training).set_rng_state(state)


def _random_of(training: Training) -> Any:
    """The module whose random numbers dropout draws."""
    return {"cuda": torch.cuda, "mps": torch.mps}.get(training._device, torch)
