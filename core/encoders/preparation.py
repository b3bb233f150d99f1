"""Images as a model takes them: sized, cropped and scaled like its own image processor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core.errors import InputError

if TYPE_CHECKING:
    import torch

LONGEST = 100
RESCALED = 1 / 255


@dataclass(frozen=True)
class Preparation:
    """Sizing and centre crop in PIL, scaling of the whole batch on the device.

    Attributes
    ----------
    shortest : int or None
        Length of the shorter side after sizing; None sizes to ``height`` x ``width`` at once.
    height, width : int
        Size of the prepared image.
    resample : int
        Filter of PIL.
    mean, deviation : tuple of float
        Subtracted from, and divided by, each channel of 0 to 1.
    """

    shortest: int | None
    height: int
    width: int
    resample: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def pixels(self, image: Image.Image) -> np.ndarray:
        """An image as the model sees it, before scaling. (height, width, 3) uint8."""
        check_shape(image)
        filter_ = Image.Resampling(self.resample)
        if self.shortest is None:
            return np.asarray(image.resize((self.width, self.height), filter_))
        short, long = sorted(image.size)
        sides = (self.shortest, int(self.shortest * long / short))
        size = sides if image.width <= image.height else sides[::-1]
        left, top = (size[0] - self.width) // 2, (size[1] - self.height) // 2
        box = (left, top, left + self.width, top + self.height)
        return np.asarray(image.resize(size, filter_).crop(box))

    def scaled(self, pixels: np.ndarray, device: str) -> torch.Tensor:
        """Pixels (b, height, width, 3) uint8 as the model takes them, (b, 3, height, width)."""
        import torch

        batch = torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float()
        mean, deviation = (
            torch.tensor(values, dtype=torch.float32, device=device)[None, :, None, None]
            for values in (self.mean, self.deviation)
        )
        return batch.mul_(RESCALED).sub_(mean).div_(deviation).contiguous()


class Preparer:
    """Prepares with the checkpoint's image processor, or faster where that does the same."""

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        self._fast = as_preparation(processor)

    def prepare(self, images: Sequence[Image.Image]) -> list[np.ndarray]:
        if self._fast is not None:
            return [self._fast.pixels(image) for image in images]
        for image in images:
            check_shape(image)
        return [
            np.asarray(self._processor(images=image, return_tensors="np")["pixel_values"][0])
            for image in images
        ]

    def tensor(self, prepared: np.ndarray, device: str) -> torch.Tensor:
        import torch

        if self._fast is not None:
            return self._fast.scaled(prepared, device)
        return torch.from_numpy(prepared).float().to(device)


def load_processor(folder: Path) -> Any:
    """Image processor of a checkpoint, in its version that needs no torchvision."""
    from transformers import AutoImageProcessor

    return AutoImageProcessor.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False, backend="pil"
    )


def as_preparation(processor: Any) -> Preparation | None:
    """The same as an image processor does, None where that has steps of its own."""
    from transformers.image_processing_backends import PilBackend

    inherited = all(
        getattr(type(processor), step, None) is getattr(PilBackend, step)
        for step in ("_preprocess", "process_image", "resize", "center_crop", "rescale")
    )
    plain = (
        inherited
        and processor.do_resize
        and processor.do_rescale
        and processor.do_normalize
        and abs(processor.rescale_factor - RESCALED) < 1e-9
        and not getattr(processor, "do_pad", None)
        and len(processor.image_mean) == len(processor.image_std) == 3
    )
    return _sizes(processor) if plain else None


def _sizes(processor: Any) -> Preparation | None:
    size, crop = dict(processor.size), processor.do_center_crop and dict(processor.crop_size)
    named = {name for name, value in size.items() if value}
    rest = (
        int(processor.resample),
        tuple(map(float, processor.image_mean)),
        tuple(map(float, processor.image_std)),
    )
    if named == {"shortest_edge"} and crop:
        height, width = int(crop["height"]), int(crop["width"])
        # A crop beyond the edge would be filled up.
        if max(height, width) <= size["shortest_edge"]:
            return Preparation(int(size["shortest_edge"]), height, width, *rest)
    if named == {"height", "width"} and not crop:
        return Preparation(None, int(size["height"]), int(size["width"]), *rest)
    return None


def check_shape(image: Image.Image) -> None:
    """Refuse a strip, which becomes huge when its shorter side is sized."""
    short, long = sorted(image.size)
    if short == 0 or long > LONGEST * short:
        raise InputError(
            f"The image is {image.width} x {image.height} pixels",
            f"an image at most {LONGEST} times as long as wide",
        )


def by_shape(
    prepared: Sequence[np.ndarray], forward: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Embeddings of prepared images, which some processors leave at different sizes."""
    shapes = [image.shape for image in prepared]
    features: dict[int, np.ndarray] = {}
    for shape in dict.fromkeys(shapes):
        rows = [row for row, own in enumerate(shapes) if own == shape]
        outputs = forward(np.stack([prepared[row] for row in rows]))
        features.update(zip(rows, outputs, strict=True))
    return np.stack([features[row] for row in range(len(prepared))]).astype(np.float32, copy=False)
