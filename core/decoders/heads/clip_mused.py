"""Attention with two tokens for each subject (CLIP-MUSED)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from core.decoders.head import Head, Shape, register
from core.decoders.modules.transformer import (
    ATTENTION_HEADS,
    DEPTH,
    DROPOUT,
    HIDDEN,
    WIDTH,
    check_division,
)
from core.errors import InputError
from core.registry import Parameter

if TYPE_CHECKING:
    import torch
    from torch import nn

PENALTIES = ("orthogonality", "rsa_high", "rsa_low")


def build(shape: Shape, values: dict[str, Any]) -> nn.Module:
    return _module()(shape, values)


@cache
def _module() -> type[nn.Module]:
    import torch
    from torch import nn

    from core.decoders.modules.layers import GroupEmbedding, Transformer

    class ClipMused(nn.Module):
        """A low-level and a high-level token of the subject gather what the groups hold."""

        extra_tokens = 2

        def __init__(self, shape: Shape, values: dict[str, Any]) -> None:
            super().__init__()
            sizes = {name: value for name, value in values.items() if name not in PENALTIES}
            width = values["width"]
            self.embedding = GroupEmbedding(shape, width, own=True)
            self.low = nn.Parameter(torch.randn(shape.subjects, width) * 0.02)
            self.high = nn.Parameter(torch.randn(shape.subjects, width) * 0.02)
            self.transformer = Transformer(**sizes)
            self.outward = nn.Linear(2 * width, shape.outputs)
            self.strengths = [values[name] for name in PENALTIES]
            self.gathered: tuple[torch.Tensor, torch.Tensor] | None = None

        def forward(self, x: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
            low, high = self.transformer(self._tokens(x, subject))[:, :2].unbind(dim=1)
            self.gathered = (low, high)
            return self.outward(torch.cat([low, high], dim=1))

        def attention(self, x: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
            return self.transformer.weights(self._tokens(x, subject))

        def penalty(
            self, targets: torch.Tensor, low_targets: torch.Tensor | None = None
        ) -> torch.Tensor:
            """Orthogonality of the two tokens, and their dissimilarities against the targets'.

            Parameters
            ----------
            targets : tensor (b, d)
                Embeddings of the images of the last ``forward``.
            low_targets : tensor (b, m), optional
                Features for the low-level token; the paper takes CLIP's first layer. The
                targets where none are given.
            """
            if self.gathered is None:
                raise InputError("There are no tokens to penalise", "a call of forward before")
            low, high = (token.float() for token in self.gathered)
            self.gathered = None
            low_targets = targets if low_targets is None else low_targets
            terms = (
                (high @ low.T).square().mean(),
                (dissimilarity(high) - dissimilarity(targets.float())).square().mean(),
                (dissimilarity(low) - dissimilarity(low_targets.float())).square().mean(),
            )
            return torch.stack(
                [strength * term for strength, term in zip(self.strengths, terms, strict=True)]
            ).sum()

        def _tokens(self, x: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
            own = torch.stack([self.low[subject], self.high[subject]], dim=1)
            return torch.cat([own, self.embedding(x)], dim=1)

    return ClipMused


def dissimilarity(rows: torch.Tensor) -> torch.Tensor:
    """1 - cosine similarity of every two rows. (b, b), 0 to 2."""
    import torch.nn.functional as F

    rows = F.normalize(rows, dim=1)
    return 1 - rows @ rows.T


def _strength(name: str, label: str, default: float, help: str) -> Parameter:
    return Parameter(name, label, default, help, minimum=0.0, maximum=100.0)


register(
    Head(
        "clip_mused",
        "CLIP-MUSED attention",
        "One model for several subjects: a low-level and a high-level token of each gather "
        "from the ROIs, and are held apart and to the likeness of the images.",
        "Zhou, Du, Wang & He (2024), CLIP-MUSED, ICLR, arXiv:2402.08994",
        build,
        parameters=(
            Parameter(
                "depth", DEPTH.label, 4, DEPTH.help, minimum=DEPTH.minimum, maximum=DEPTH.maximum
            ),
            ATTENTION_HEADS,
            WIDTH,
            HIDDEN,
            DROPOUT,
            _strength(
                "orthogonality",
                "Weight of orthogonality",
                1e-3,
                "Of squared products of low-level and high-level tokens",
            ),
            _strength(
                "rsa_high",
                "Weight of RSA, high level",
                1e-3,
                "Of squared differences between the dissimilarities of tokens and of images",
            ),
            _strength(
                "rsa_low", "Weight of RSA, low level", 0.1, "The same for the low-level token"
            ),
        ),
        several_subjects=True,
        check_together=check_division,
        attends=True,
        penalises=True,
    )
)
