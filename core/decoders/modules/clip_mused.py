"""The module of the head ``clip_mused``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from core.decoders.head import Shape
from core.decoders.modules.layers import GroupEmbedding, Transformer


class ClipMused(nn.Module):
    """A low-level and a high-level token of the subject gather what the groups hold.

    Parameters
    ----------
    shape : Shape
    strengths : sequence of float
        Weights of orthogonality, of RSA at the high and of RSA at the low level.
    **sizes
        Of the transformer.
    """

    extra_tokens = 2

    def __init__(self, shape: Shape, strengths: Sequence[float], **sizes: Any) -> None:
        super().__init__()
        width = sizes["width"]
        self.embedding = GroupEmbedding(shape, width, own=True)
        self.low = nn.Parameter(torch.randn(shape.subjects, width) * 0.02)
        self.high = nn.Parameter(torch.randn(shape.subjects, width) * 0.02)
        self.transformer = Transformer(**sizes)
        self.outward = nn.Linear(2 * width, shape.outputs)
        self.strengths = tuple(strengths)

    def forward(self, x: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
        return self._read_out(*self.gather(x, subject))

    def forward_with_penalty(
        self, x: torch.Tensor, subject: torch.Tensor, target: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        low, high = self.gather(x, subject)
        return self._read_out(low, high), self.penalty(low, high, target)

    def attention(self, x: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
        return self.transformer.weights(self._tokens(x, subject))

    def gather(self, x: torch.Tensor, subject: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The low-level and the high-level token of each response. (b, width) each"""
        low, high = self.transformer(self._tokens(x, subject))[:, :2].unbind(dim=1)
        return low, high

    def penalty(
        self,
        low: torch.Tensor,
        high: torch.Tensor,
        target: torch.Tensor,
        low_target: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Orthogonality of the two tokens, and their dissimilarities against the targets'.

        Parameters
        ----------
        low, high : tensor (b, width)
            From ``gather``.
        target : tensor (b, d)
            Embeddings of the images that the tokens respond to.
        low_target : tensor (b, m), optional
            Features for the low-level token; the paper takes CLIP's first layer. The target
            where there are none.
        """
        # In bfloat16 the squares of small differences would be lost.
        with torch.autocast(low.device.type, enabled=False):
            low, high, target = low.float(), high.float(), target.float()
            low_target = target if low_target is None else low_target.float()
            terms = (
                (high @ low.T).square().mean(),
                (dissimilarity(high) - dissimilarity(target)).square().mean(),
                (dissimilarity(low) - dissimilarity(low_target)).square().mean(),
            )
            return torch.stack(
                [strength * term for strength, term in zip(self.strengths, terms, strict=True)]
            ).sum()

    def _read_out(self, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
        return self.outward(torch.cat([low, high], dim=1))

    def _tokens(self, x: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
        own = torch.stack([self.low[subject], self.high[subject]], dim=1)
        return torch.cat([own, self.embedding(x)], dim=1)


def dissimilarity(rows: torch.Tensor) -> torch.Tensor:
    """1 - cosine similarity of every two rows. (b, b), 0 to 2."""
    rows = F.normalize(rows, dim=1)
    return 1 - rows @ rows.T
