"""Images as the small CLIP meets them in training: turned, bent, mirrored, lit, partly hidden."""

from __future__ import annotations

import torch

from core.clip_small.model import DEVIATION, MEAN, PIXELS

TURN, SHIFT, SHEAR = 0.22, 0.14, 0.15
ZOOM, STRETCH = (0.7, 1.06), (0.85, 1.18)
BEND, BEND_POINTS = 0.05, 5
LIGHT, GAIN = 0.06, (0.88, 1.12)
HIDDEN_SHARE, HIDDEN_SIDES = 0.4, (8, 25)


def augmented(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Vary images at random, but neither hue nor what they show.

    Parameters
    ----------
    images : torch.Tensor of shape (b, side, side, 3), uint8
    generator : torch.Generator

    Returns
    -------
    torch.Tensor of shape (b, 3, 60, 60), float32
    """
    count = len(images)
    pixels = images.permute(0, 3, 1, 2).float() / 255
    grid = _affine(count, generator) + _bend(count, generator)
    pixels = torch.nn.functional.grid_sample(
        pixels, grid, padding_mode="reflection", align_corners=False
    )
    gain = _uniform(count, *GAIN, generator)[:, None, None, None]
    light = _uniform(count, -LIGHT, LIGHT, generator)[:, None, None, None]
    return scaled(_partly_hidden((pixels * gain + light).clamp(0, 1), generator))


def scaled(pixels: torch.Tensor) -> torch.Tensor:
    mean, deviation = (torch.tensor(value)[None, :, None, None] for value in (MEAN, DEVIATION))
    return (pixels - mean) / deviation


def _uniform(count: int, low: float, high: float, generator: torch.Generator) -> torch.Tensor:
    return torch.rand(count, generator=generator) * (high - low) + low


def _affine(count: int, generator: torch.Generator) -> torch.Tensor:
    angle = _uniform(count, -TURN, TURN, generator)
    shear = _uniform(count, -SHEAR, SHEAR, generator)
    zoom, stretch = _uniform(count, *ZOOM, generator), _uniform(count, *STRETCH, generator)
    across, down = (_uniform(count, -SHIFT, SHIFT, generator) for _ in range(2))
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    sine, cosine = angle.sin(), angle.cos()
    first = torch.stack([cosine * zoom * stretch * mirror, (shear - sine) * zoom, across], 1)
    second = torch.stack([sine * zoom * mirror, cosine * zoom / stretch, down], 1)
    return torch.nn.functional.affine_grid(
        torch.stack([first, second], 1), [count, 3, PIXELS, PIXELS], align_corners=False
    )


def _bend(count: int, generator: torch.Generator) -> torch.Tensor:
    """Smooth displacements, (b, 60, 60, 2)."""
    points = torch.randn(count, 2, BEND_POINTS, BEND_POINTS, generator=generator) * BEND
    field = torch.nn.functional.interpolate(points, (PIXELS, PIXELS), mode="bicubic")
    return field.permute(0, 2, 3, 1)


def _partly_hidden(pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    count, at = len(pixels), torch.arange(PIXELS)
    size = torch.randint(*HIDDEN_SIDES, (count, 2, 1), generator=generator)
    corner = torch.randint(-8, PIXELS - 8, (count, 2, 1), generator=generator)
    inside = (at >= corner) & (at < corner + size)
    some = torch.rand(count, generator=generator) < HIDDEN_SHARE
    box = inside[:, 0, :, None] & inside[:, 1, None, :] & some[:, None, None]
    return pixels.masked_fill(box[:, None], 0.5)
