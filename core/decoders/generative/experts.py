"""Gaussian posteriors of several modalities, fused; and the terms of their bounds.

``mean`` and ``log_variance`` are of modality, row and latent dimension, (M, b, L); ``present``
(M, b) says which modality each row has. Every function gives a value a row.
"""

from __future__ import annotations

import math

import torch

# Of the Laplace likelihood, as in the released code of BraVL for every method.
SCALE = 0.75


def log_likelihood(mean: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Log density of x (..., b, D) under Laplace distributions of scale .75. (..., b)"""
    return -((x - mean).abs() / SCALE + math.log(2 * SCALE)).sum(dim=-1)


def log_normal(z: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Log density of z (..., L) under diagonal Gaussians. (...)"""
    squares = (z - mean).square() * (-log_variance).exp()
    return -0.5 * (squares + log_variance + math.log(2 * math.pi)).sum(dim=-1)


def divergence(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Kullback-Leibler divergence from the standard Gaussian.

    Source: Kingma & Welling (2014), ICLR, arXiv:1312.6114, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(dim=-1)


def product(
    mean: torch.Tensor, log_variance: torch.Tensor, present: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Product of the experts present and of the prior, a Gaussian. (b, L) each.

    Source: Wu & Goodman (2018), NeurIPS, arXiv:1802.05335, section 2.2.
    """
    precision = present[..., None] * (-log_variance).exp()
    total = 1 + precision.sum(dim=0)
    return (precision * mean).sum(dim=0) / total, -total.log()


def log_mixture(
    z: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor, present: torch.Tensor
) -> torch.Tensor:
    """Log density of z (..., b, L) under the even mixture of the experts present. (..., b)

    Source: Shi et al. (2019), NeurIPS, arXiv:1911.03393, equation 1.
    """
    each = torch.stack([log_normal(z, *expert) for expert in zip(mean, log_variance, strict=True)])
    absent = ~present.reshape(len(present), *[1] * (each.dim() - 2), -1)
    return each.masked_fill(absent, -torch.inf).logsumexp(dim=0) - present.sum(dim=0).log()


def wasserstein(
    mean: torch.Tensor, log_variance: torch.Tensor, mean2: torch.Tensor, log_variance2: torch.Tensor
) -> torch.Tensor:
    """2-Wasserstein distance of two diagonal Gaussians.

    Source: Schönfeld et al. (2019), CVPR, arXiv:1812.01784, equation 5.
    """
    apart = (mean - mean2).square().sum(dim=-1)
    spread = ((log_variance / 2).exp() - (log_variance2 / 2).exp()).square().sum(dim=-1)
    # The root has no gradient at 0.
    return (apart + spread + 1e-12).sqrt()


def draw(mean: torch.Tensor, log_variance: torch.Tensor, *samples: int) -> torch.Tensor:
    """Draw from Gaussians, from torch's global generator. (*samples, ..., L)"""
    noise = torch.randn(*samples, *mean.shape, device=mean.device, dtype=mean.dtype)
    return mean + (log_variance / 2).exp() * noise
