"""Responses, visual and textual features of images that share a few latents."""

from __future__ import annotations

from typing import NamedTuple

import torch

from core.decoders import heads

UNITS, VISUAL, TEXTS = 20, 10, 6
SHAPE = heads.Shape(UNITS, ((0, 10), (10, 20)), 1, VISUAL, TEXTS)
SMALL = {"latent": 6, "width": 32}
RIVALS = ("cada_vae", "mvae", "mmvae", "mopoe_vae", "bravl")


class Planted(NamedTuple):
    """Standardised responses, targets and texts of some images, row for row."""

    x: torch.Tensor
    target: torch.Tensor
    text: torch.Tensor


def planted(rows: int, noise: float = 0.3, seed: int = 0) -> Planted:
    """Each modality is linear in four latents, but for noise; the maps do not change."""
    maps = torch.Generator().manual_seed(99)
    weights = [torch.randn(4, size, generator=maps) / 2 for size in (UNITS, VISUAL, TEXTS)]
    generator = torch.Generator().manual_seed(seed)
    latents = torch.randn(rows, 4, generator=generator)
    return Planted(
        *(latents @ w + noise * torch.randn(rows, w.shape[1], generator=generator) for w in weights)
    )


def built(head: str, seed: int = 0, **values):
    torch.manual_seed(seed)
    return heads.build(head, SHAPE, **SMALL | values)


def learned(head: str, data: Planted, steps: int = 60, seed: int = 0, **values):
    """A module after some steps of Adam on all rows at once."""
    module = built(head, seed, **values)
    module.fit_scale(data.target, data.text)
    optimiser = torch.optim.Adam(module.parameters(), lr=0.02)
    for _ in range(steps):
        optimiser.zero_grad()
        torch.stack(list(module.objective(*data).values())).sum().backward()
        optimiser.step()
    return module.eval()


def two_way(predicted: torch.Tensor, target: torch.Tensor) -> float:
    """Share of other images that are less similar to a prediction than its own."""
    centred = target - target.mean(dim=0)
    predicted = torch.nn.functional.normalize(predicted - target.mean(dim=0), dim=1)
    similarity = predicted @ torch.nn.functional.normalize(centred, dim=1).T
    less = (similarity < similarity.diag()[:, None]).float().sum()
    return float(less / (len(target) * (len(target) - 1)))
