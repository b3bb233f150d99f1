"""Layers that heads are made of; this imports torch, so heads import it when they build."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import nn

from core.decoders.head import Shape


class OfResponses(nn.Module):
    """A network of the responses alone: every subject alike."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
        return self.network(x)


class Residual(nn.Module):
    """A network whose input is added to what it gives."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.network(x)


class GroupEmbedding(nn.Module):
    """One token a group of units: zero-padded to one length, projected, and marked by its place.

    Parameters
    ----------
    shape : Shape
    width : int
    own : bool
        Whether each group has a projection of its own, or all share one as patches do.
    """

    index: torch.Tensor

    def __init__(self, shape: Shape, width: int, own: bool) -> None:
        super().__init__()
        longest = max(stop - start for start, stop in shape.groups)
        lengths = torch.tensor([stop - start for start, stop in shape.groups])
        starts = torch.tensor([start for start, _ in shape.groups])
        within = torch.arange(longest) < lengths[:, None]
        columns = torch.where(within, starts[:, None] + torch.arange(longest), shape.units)
        self.register_buffer("index", columns, persistent=False)
        sides = lengths if own else torch.tensor([longest])
        weight = (2 * torch.rand(len(sides), longest, width) - 1) / sides[:, None, None].sqrt()
        self.weight = nn.Parameter(weight * within[..., None] if own else weight)
        # As long as what a shared projection gives: it has to tell the groups from the start.
        self.place = nn.Parameter(torch.randn(len(lengths), width) * (0.02 if own else 0.5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Tokens (b, groups, width) of responses (b, V)."""
        patches = F.pad(x, (0, 1))[:, self.index]
        if len(self.weight) == 1:
            return patches @ self.weight[0] + self.place
        return torch.einsum("bgl,glw->bgw", patches, self.weight) + self.place


class SelfAttention(nn.Module):
    """Tokens (b, t, width) that look at one another, in several heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        # A bias of the keys would cancel in the softmax; the norm before has one for the rest.
        self.inward = nn.Linear(width, 3 * width, bias=False)
        self.outward = nn.Linear(width, width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        attended = F.scaled_dot_product_attention(*self._split(tokens))
        return self.outward(attended.transpose(1, 2).flatten(2))

    def weights(self, tokens: torch.Tensor) -> torch.Tensor:
        """Who looks at whom: (b, heads, t, t), each row with the sum 1."""
        query, key, _ = self._split(tokens)
        return (query @ key.transpose(2, 3) * query.shape[-1] ** -0.5).softmax(dim=-1)

    def _split(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Query, key and value, (b, heads, t, width / heads) each."""
        split = self.inward(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return split[0], split[1], split[2]


class Attending(nn.Module):
    """Attention after a norm, added to its input."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return tokens + self.dropout(self.attention(self.norm(tokens)))

    def weights(self, tokens: torch.Tensor) -> torch.Tensor:
        """Attention, (b, heads, t, t)."""
        return self.attention.weights(self.norm(tokens))


class TransformerBlock(Attending):
    """Attention and then an MLP, each after a norm and added to its input."""

    def __init__(self, width: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__(width, heads, dropout)
        self.mlp = Residual(
            nn.Sequential(
                nn.LayerNorm(width),
                nn.Linear(width, hidden),
                nn.GELU(),
                nn.Linear(hidden, width),
                nn.Dropout(dropout),
            )
        )

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.mlp(super().forward(tokens))


class Stack(nn.Module):
    """Layers of attention, one after the other."""

    def __init__(self, layers: Iterable[Attending]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            tokens = layer(tokens)
        return tokens

    def weights(self, tokens: torch.Tensor) -> torch.Tensor:
        """Attention of the last layer, (b, heads, t, t)."""
        *before, last = self.layers
        for layer in before:
            tokens = layer(tokens)
        assert isinstance(last, Attending)
        return last.weights(tokens)


class Transformer(Stack):
    """Blocks as in a vision transformer (Dosovitskiy et al. 2021), and a last norm."""

    def __init__(self, depth: int, width: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__(TransformerBlock(width, heads, hidden, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.norm(super().forward(tokens))
