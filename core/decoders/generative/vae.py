"""What every generative head shares: an encoder and a decoder a modality, one latent space."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn

from core.decoders.generative import experts
from core.decoders.generative.parameters import BRAIN, FEATURES, TEXTUAL, VISUAL
from core.decoders.head import Shape

# Variances beyond would overflow in the product of experts.
LEAST, MOST = -10.0, 10.0
SMALLEST = 1e-6


class Views(NamedTuple):
    """Rows as the modalities show them.

    Attributes
    ----------
    x : list of tensor (b, D)
        Standardised, 0 where missing; one for each of the M modalities of the latent space.
    present : tensor (M, b) bool
    mean, log_variance : tensor (M, b, L)
        Posterior that each modality gives by itself.
    """

    x: list[torch.Tensor]
    present: torch.Tensor
    mean: torch.Tensor
    log_variance: torch.Tensor


class Generative(nn.Module):
    """A variational autoencoder of responses and features; each method adds ``terms``.

    Trained with textual features alone, the visual embedding is read out of the latents by a
    decoder whose gradient stops there: the latent space never sees it.

    Parameters
    ----------
    shape : Shape
    values : mapping
        Of the head.
    """

    # Whether the modalities present are fused by a product of experts, or stand alone.
    fuses = True

    def __init__(self, shape: Shape, values: dict[str, Any]) -> None:
        super().__init__()
        self.names = FEATURES[values["features"]]
        self.beta = values["beta"]
        width, latent = values["width"], values["latent"]
        sizes = {BRAIN: shape.units, VISUAL: shape.outputs, TEXTUAL: shape.texts}
        self.encoders = nn.ModuleDict(
            {name: _network(sizes[name], width, 2 * latent) for name in self.names}
        )
        self.decoders = nn.ModuleDict(
            {name: _network(latent, width, sizes[name]) for name in sizes if name in self._decoded}
        )
        for name in (VISUAL, TEXTUAL):
            self.register_buffer(f"{name}_mean", torch.zeros(sizes[name]))
            self.register_buffer(f"{name}_deviation", torch.ones(sizes[name]))

    @property
    def _decoded(self) -> set[str]:
        return {*self.names, VISUAL}

    def fit_scale(self, target: torch.Tensor, text: torch.Tensor) -> None:
        """Take mean and deviation of each feature from the training rows."""
        for name, rows in ((VISUAL, target), (TEXTUAL, text)):
            rows = rows[_is_there(rows)].double()
            if len(rows):
                deviation = rows.std(dim=0, correction=0)
                getattr(self, f"{name}_mean").copy_(rows.mean(dim=0))
                varies = torch.where(deviation > SMALLEST, deviation, torch.ones_like(deviation))
                getattr(self, f"{name}_deviation").copy_(varies)

    def forward(self, x: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
        """The visual embedding that the latents of responses are decoded to."""
        decoded = self.decoders[VISUAL](self.latent(x))
        return decoded * self.get_buffer("visual_deviation") + self.get_buffer("visual_mean")

    def latent(self, x: torch.Tensor) -> torch.Tensor:
        """Mean of the posterior of responses alone. (b, L)"""
        nothing = x.new_full((len(x), 0), torch.nan)
        return self._fused(self.views(x, nothing, nothing)).mean

    def draw_latents(self, target: torch.Tensor, text: torch.Tensor, count: int) -> torch.Tensor:
        """Draw from the posterior of features alone. (b, count, L)"""
        target, text = (rows.repeat_interleave(count, dim=0) for rows in (target, text))
        views = self.views(target.new_full((len(target), 0), torch.nan), target, text)
        fused = self._fused(views)
        return experts.draw(fused.mean, fused.log_variance).unflatten(0, (-1, count))

    def objective(
        self, x: torch.Tensor, target: torch.Tensor, text: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Terms of the loss by name, each the mean over rows of the negative of a bound."""
        # In bfloat16 sums over a thousand units would be rounded away.
        with torch.autocast(x.device.type, enabled=False):
            views = self.views(x, target, text)
            terms = self.terms(views)
            if VISUAL not in self.names:
                terms["readout of the visual embedding"] = self._readout(views, target)
        return terms

    def terms(self, views: Views) -> dict[str, torch.Tensor]:
        """The bound of the method."""
        raise NotImplementedError

    def not_finite(self, x: torch.Tensor, target: torch.Tensor, text: torch.Tensor) -> list[str]:
        """Modalities whose own encoder or decoder gives no number."""
        with torch.no_grad():
            views = self.views(x, target, text)
            return [
                name
                for place, name in enumerate(self.names)
                for reconstructed in [self.decoders[name](torch.zeros_like(views.mean[place]))]
                if not (
                    views.x[place].isfinite().all()
                    and views.mean[place].isfinite().all()
                    and views.log_variance[place].isfinite().all()
                    and reconstructed.isfinite().all()
                )
            ]

    def views(self, x: torch.Tensor, target: torch.Tensor, text: torch.Tensor) -> Views:
        """Standardise, mark what is missing, and encode each modality by itself."""
        rows = {BRAIN: x, VISUAL: target, TEXTUAL: text}
        shown, present, posteriors = [], [], []
        for name in self.names:
            own, there = rows[name], _is_there(rows[name])
            if own.shape[1] == 0:  # all of it is missing
                own = x.new_zeros(len(own), _inputs(self.encoders[name]))
            own = self._standardised(name, own)
            own = torch.where(there[:, None], own, torch.zeros_like(own))
            shown.append(own)
            present.append(there)
            posteriors.append(self.encoders[name](own))
        mean, log_variance = torch.stack(posteriors).chunk(2, dim=-1)
        return Views(shown, torch.stack(present), mean, log_variance.clamp(LEAST, MOST))

    def likelihoods(self, z: torch.Tensor, views: Views) -> torch.Tensor:
        """Log likelihood of each modality at z (..., b, L), 0 where missing. (M, ..., b)"""
        return torch.stack(
            [
                experts.log_likelihood(self.decoders[name](z), own) * there
                for name, own, there in zip(self.names, views.x, views.present, strict=True)
            ]
        )

    def bound(self, views: Views, shown: torch.Tensor) -> torch.Tensor:
        """Evidence lower bound of the modalities shown (M, b) by their product. (b,)"""
        mean, log_variance = experts.product(views.mean, views.log_variance, shown)
        reconstruction = self.likelihoods(experts.draw(mean, log_variance), views) * shown
        return reconstruction.sum(dim=0) - self.beta * experts.divergence(mean, log_variance)

    def _standardised(self, name: str, rows: torch.Tensor) -> torch.Tensor:
        if name == BRAIN:
            return rows
        return (rows - self.get_buffer(f"{name}_mean")) / self.get_buffer(f"{name}_deviation")

    def _fused(self, views: Views) -> _Posterior:
        """Posterior of what is present: the product, or that of one modality of each row."""
        if self.fuses:
            product = experts.product(views.mean, views.log_variance, views.present)
            return _Posterior(*product)
        # A row with several takes part with each in turn.
        count = views.present.sum(dim=0)
        turn = torch.arange(len(count), device=count.device) % count.clamp(min=1)
        chosen = (views.present & (views.present.cumsum(dim=0) == turn + 1)).to(views.mean.dtype)
        return _Posterior(
            torch.einsum("mb,mbl->bl", chosen, views.mean),
            torch.einsum("mb,mbl->bl", chosen, views.log_variance),
        )

    def _readout(self, views: Views, target: torch.Tensor) -> torch.Tensor:
        fused = self._fused(views)
        z = experts.draw(fused.mean, fused.log_variance).detach()
        there = _is_there(target)
        own = torch.where(there[:, None], self._standardised(VISUAL, target), 0.0)
        return -mean_over(experts.log_likelihood(self.decoders[VISUAL](z), own), there)


class _Posterior(NamedTuple):
    mean: torch.Tensor
    log_variance: torch.Tensor


def mean_over(values: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Mean of the values of some rows, 0 where there is none. (...,) and a mask of its shape"""
    return (values * rows).sum() / rows.sum().clamp(min=1)


def _network(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, outputs))


def _inputs(network: nn.Module) -> int:
    first = network[0]  # type: ignore[index]
    return int(first.in_features)


def _is_there(rows: torch.Tensor) -> torch.Tensor:
    """Rows of a number each; a row of no column is none. (b,) bool"""
    if rows.shape[1] == 0:
        return torch.zeros(len(rows), dtype=torch.bool, device=rows.device)
    return ~rows.isnan().any(dim=1)
