"""What encoders that run in torch share: forward passes in float32, checked once when loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PIL import Image

from core.encoders.devices import batch_size, device_label
from core.encoders.encoder import Loaded
from core.encoders.preparation import by_shape
from core.errors import InputError
from core.memory import is_shortage

if TYPE_CHECKING:
    import torch

PROBE_SIDE = 64


class Prepares(Protocol):
    """Sizes images in threads, and scales a batch of them on the device."""

    def prepare(self, images: Sequence[Image.Image]) -> list[np.ndarray]: ...

    def tensor(self, prepared: np.ndarray, device: str) -> torch.Tensor: ...


class TorchLoaded(Loaded):
    """A model in memory, with the preparation of its images.

    Parameters
    ----------
    preparer : Prepares
    features : callable
        Embeddings (b, d) of a batch of prepared images.
    device : str

    Raises
    ------
    InputError
        If the model gives no vector for an image, or another one each time.
    """

    def __init__(
        self,
        preparer: Prepares,
        features: Callable[[torch.Tensor], torch.Tensor],
        device: str,
    ) -> None:
        self.device = device
        self.batch = batch_size(device)
        self._preparer = preparer
        self._features = features
        self.dimensions = self._probe()

    def prepare(self, images: Sequence[Image.Image]) -> list[np.ndarray]:
        return self._preparer.prepare(images)

    def images(self, prepared: Sequence[np.ndarray]) -> np.ndarray:
        return by_shape(prepared, self._as_memory_allows)

    def _as_memory_allows(self, prepared: np.ndarray) -> np.ndarray:
        """Embeddings; where the device runs out of memory, in smaller batches from then on."""
        import torch

        parts: list[np.ndarray] = []
        start = 0
        while start < len(prepared):
            part = prepared[start : start + self.batch]
            try:
                parts.append(self._forward(part))
                start += len(part)
                continue
            except (MemoryError, RuntimeError) as error:
                if not is_shortage(error):
                    raise
                self.batch = len(part) // 2
            if self.batch == 0:
                self.batch = 1
                raise InputError(
                    f"One image does not fit into the memory of {device_label(self.device)}",
                    "memory for one image at a time",
                    "End what else uses the device, or encode with device 'cpu'.",
                )
            torch.cuda.empty_cache()
        return np.concatenate(parts)

    def _forward(self, prepared: np.ndarray) -> np.ndarray:
        with inference(self.device):
            features = self._features(self._preparer.tensor(prepared, self.device))
            return np.asarray(features.float().cpu().numpy())

    def _probe(self) -> int:
        blank = self.prepare([Image.new("RGB", (PROBE_SIDE, PROBE_SIDE), "grey")])[0]
        first, second = (self._forward(np.stack([blank])) for _ in range(2))
        if first.ndim != 2 or len(first) != 1:
            raise InputError(
                f"The model gives the shape {first.shape} for one image", "(1, dimensions)"
            )
        if not np.allclose(first, second, rtol=1e-4, atol=1e-6, equal_nan=True):
            raise InputError(
                "The model gives another embedding each time", "a model that draws nothing"
            )
        return first.shape[1]


@contextmanager
def inference(device: str) -> Iterator[None]:
    """No gradients, and no reduced precision in convolutions."""
    import torch

    with torch.inference_mode():
        if device != "cuda":
            yield
            return
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            yield
