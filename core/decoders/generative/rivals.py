"""The bounds of CADA-VAE, MVAE, MMVAE, MoPoE-VAE and BraVL."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import torch
from torch import nn

from core.decoders.generative import experts
from core.decoders.generative.vae import Generative, Views, mean_over
from core.decoders.head import Shape


class Mvae(Generative):
    """Product of experts; bounds of all modalities together, and of each by itself.

    Source: Wu & Goodman (2018), NeurIPS, arXiv:1802.05335, equation 4, without subsets drawn
    at random, as BraVL compares it.
    """

    def terms(self, views: Views) -> dict[str, torch.Tensor]:
        terms = {"all together": -mean_over(self.bound(views, views.present), _any(views))}
        for place, name in enumerate(self.names):
            alone = torch.zeros_like(views.present)
            alone[place] = views.present[place]
            terms[name] = -mean_over(self.bound(views, alone), alone[place])
        return terms


class Mmvae(Generative):
    """Mixture of experts: what is drawn of each modality has to explain all of them.

    With K samples the bound is importance weighted, with one the plain one.

    Source: Shi et al. (2019), NeurIPS, arXiv:1911.03393, equations 2 and 3 (Gaussian posteriors).
    """

    fuses = False

    def __init__(self, shape: Shape, values: dict[str, Any]) -> None:
        super().__init__(shape, values)
        self.samples = values["samples"]

    def terms(self, views: Views) -> dict[str, torch.Tensor]:
        bounds = self.bounds(views)
        shares = views.present / views.present.sum(dim=0).clamp(min=1)
        rows = _any(views).sum().clamp(min=1)
        return {
            name: -(bound * share).sum() / rows
            for name, bound, share in zip(self.names, bounds, shares, strict=True)
        }

    def bounds(self, views: Views) -> torch.Tensor:
        """The bound with samples of each modality. (M, b), 0 where it is missing"""
        posteriors = (views.mean, views.log_variance)
        z = experts.draw(*posteriors, self.samples)
        zeros = torch.zeros_like(views.mean[0])
        prior = experts.log_normal(z, zeros, zeros)
        known = views.present | ~_any(views)  # a row without any has no mixture
        posterior = experts.log_mixture(z, *posteriors, known)
        weights = self.likelihoods(z, views).sum(dim=0) + self.beta * (prior - posterior)
        return (weights.logsumexp(dim=0) - math.log(self.samples)) * views.present


class MoPoE(Generative):
    """Mixture of the products of experts of all subsets of the modalities.

    Source: Sutter, Daunhawer & Vogt (2021), ICLR, arXiv:2105.02470, equations 3 and 4.
    """

    def terms(self, views: Views) -> dict[str, torch.Tensor]:
        subsets = list(_subsets(len(self.names)))
        bounds, shares = [], []
        for subset in subsets:
            shown = torch.zeros_like(views.present)
            shown[list(subset)] = views.present[list(subset)]
            shares.append(shown.sum(dim=0) == len(subset))
            bounds.append(self._of_subset(views, shown))
        share = torch.stack(shares) / torch.stack(shares).sum(dim=0).clamp(min=1)
        rows = _any(views).sum().clamp(min=1)
        return {
            " + ".join(self.names[place] for place in subset): -(bound * part).sum() / rows
            for subset, bound, part in zip(subsets, bounds, share, strict=True)
        }

    def _of_subset(self, views: Views, shown: torch.Tensor) -> torch.Tensor:
        """Bound of all modalities present by the product of those shown. (b,)"""
        mean, log_variance = experts.product(views.mean, views.log_variance, shown)
        reconstruction = self.likelihoods(experts.draw(mean, log_variance), views).sum(dim=0)
        return reconstruction - self.beta * experts.divergence(mean, log_variance)


class Bravl(MoPoE):
    """MoPoE-VAE whose latents are informative of each modality, and of which belong together.

    - Within a modality: a network reads the latents from what they are decoded to, and its
      log density is a bound of their mutual information.
    - Between modalities: the bound of rows that belong together is to be high, and an upper
      bound (CUBO, of the chi-squared divergence) of mismatched rows low. Which modalities are
      exchanged is drawn at each step, where the released code goes through all.

    Source: Du et al. (2023), IEEE TPAMI 45:10760-10777, and its code; InfoGAN's bound: Chen et
    al. (2016), arXiv:1606.03657; CUBO: Dieng et al. (2017), arXiv:1611.00328.
    """

    def __init__(self, shape: Shape, values: dict[str, Any]) -> None:
        super().__init__(shape, values)
        self.intra, self.inter = values["intra"], values["inter"]
        self.samples = values["samples"]
        self.readers = nn.ModuleDict(
            {name: _reader(self.decoders[name], values) for name in self.names}
        )

    def terms(self, views: Views) -> dict[str, torch.Tensor]:
        terms = super().terms(views)
        matched = torch.stack(list(terms.values())).sum()
        if self.intra:
            terms["mutual information within"] = -self.intra * self.within(views)
        if self.inter and len(views.present[0]) > 1:
            between = matched + self.upper_bound(self.mismatched(views)).mean()
            terms["mutual information between"] = self.inter * between
        return terms

    def within(self, views: Views) -> torch.Tensor:
        """Bound of the mutual information of latents and each reconstruction, summed. Scalar"""
        product = experts.product(views.mean, views.log_variance, views.present)
        z = experts.draw(*product)
        spread = torch.full_like(z, 2 * math.log(experts.SCALE))
        return torch.stack(
            [
                mean_over(
                    experts.log_normal(z, self.readers[name](self.decoders[name](z)), spread), there
                )
                for name, there in zip(self.names, views.present, strict=True)
            ]
        ).sum()

    def mismatched(self, views: Views) -> Views:
        """The rows with some modalities, drawn at random, taken from another row."""
        count, rows = views.present.shape
        proper = list(_subsets(count))[:-1]
        # On the device, whose random state is the one that a checkpoint has.
        device = views.mean.device
        exchanged = proper[int(torch.randint(len(proper), (), device=device))]
        order = torch.arange(rows, device=device)
        other = order.roll(int(torch.randint(1, rows, (), device=device)))
        places = [other if place in exchanged else order for place in range(count)]
        return Views(
            [own[place] for own, place in zip(views.x, places, strict=True)],
            *(
                torch.stack([part[place] for part, place in zip(parts, places, strict=True)])
                for parts in views[1:]
            ),
        )

    def upper_bound(self, views: Views) -> torch.Tensor:
        """CUBO with n = 2 of the log likelihood, by K samples of the product. (b,)"""
        mean, log_variance = experts.product(views.mean, views.log_variance, views.present)
        z = experts.draw(mean, log_variance, self.samples)
        zeros = torch.zeros_like(mean)
        weights = self.likelihoods(z, views).sum(dim=0) + experts.log_normal(z, zeros, zeros)
        weights = weights - experts.log_normal(z, mean, log_variance)
        return 0.5 * ((2 * weights).logsumexp(dim=0) - math.log(self.samples))


class CadaVae(Generative):
    """An autoencoder a modality; latents are aligned, and decoded to the other modalities.

    Source: Schönfeld et al. (2019), CVPR, arXiv:1812.01784, equations 3 to 6 (L1 as a Laplace
    likelihood, weights as there, without their rise over epochs).
    """

    fuses = False

    def __init__(self, shape: Shape, values: dict[str, Any]) -> None:
        super().__init__(shape, values)
        self.cross, self.alignment = values["cross"], values["alignment"]

    def terms(self, views: Views) -> dict[str, torch.Tensor]:
        z = experts.draw(views.mean, views.log_variance)
        likelihoods = self.likelihoods(z, views)  # decoded (M), from latents of (M), rows
        divergences = experts.divergence(views.mean, views.log_variance)
        terms = {
            name: -mean_over(
                likelihoods[place, place] - self.beta * divergences[place], views.present[place]
            )
            for place, name in enumerate(self.names)
        }
        crossed, apart = [], []
        for first, second in combinations(range(len(self.names)), 2):
            both = views.present[first] & views.present[second]
            crossed += [mean_over(likelihoods[second, first], both)]
            crossed += [mean_over(likelihoods[first, second], both)]
            ends = [(views.mean[place], views.log_variance[place]) for place in (first, second)]
            apart += [mean_over(experts.wasserstein(*ends[0], *ends[1]), both)]
        terms["cross-reconstruction"] = -self.cross * torch.stack(crossed).sum()
        terms["alignment"] = self.alignment * torch.stack(apart).sum()
        return terms


def _any(views: Views) -> torch.Tensor:
    """Rows with a modality at least. (b,) bool"""
    return views.present.any(dim=0)


def _subsets(count: int) -> list[tuple[int, ...]]:
    """Every set of some of so many places, the whole one last."""
    return [subset for size in range(1, count + 1) for subset in combinations(range(count), size)]


def _reader(decoder: nn.Module, values: dict[str, Any]) -> nn.Sequential:
    inputs = int(decoder[-1].out_features)  # type: ignore[index]
    return nn.Sequential(
        nn.Linear(inputs, values["width"]), nn.ReLU(), nn.Linear(values["width"], values["latent"])
    )
