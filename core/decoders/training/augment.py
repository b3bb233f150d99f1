"""Augmentation of training rows: noise, mixup, virtual responses, semantic library.

Tensors and generator are on one device, and inputs stay as they are. Responses are standardised,
(b, V) float32, exactly 0 where a subject lacks a unit; targets are embeddings of images, (b, d).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch

from core.errors import InputError

UNKNOWN = -1
AT_ONCE = 16


def noise(x: torch.Tensor, deviation: float, generator: torch.Generator) -> torch.Tensor:
    """Add Gaussian noise to responses; units that a subject lacks stay 0.

    Source: noise injection of study A; Bishop (1995), Neural Comput. 7:108-116.

    Raises
    ------
    InputError
        If the deviation, in standard deviations of the responses, is not a number of 0 or more.
    """
    if not (math.isfinite(deviation) and deviation >= 0):
        raise InputError(f"The deviation of noise is {deviation}", "a number of 0 or more")
    added = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
    return torch.where(x == 0, x, x + deviation * added)


def mixup(
    x: torch.Tensor,
    target: torch.Tensor,
    alpha: float,
    generator: torch.Generator,
    within: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mix each row with another one, and their targets in the same shares.

    Source: mixup, Zhang et al. (2018), ICLR, arXiv:1710.09412; of responses, MixCo: Kim et
    al. (2020), arXiv:2010.06300, as in MindEye, Scotti et al. (2023), arXiv:2305.18274
    (alpha .15, half of the rows). A mixed row has two categories: call it unknown to a loss.

    Parameters
    ----------
    x, target : tensor (b, V), tensor (b, d)
    alpha : float
        Shares are drawn from Beta(alpha, alpha); above 0.
    within : tensor (b,) int64, optional
        Rows are mixed only where these agree: the subjects, if there are several.
    """
    partner = _partners(len(x), x.device, generator, within)
    share = symmetric_beta(alpha, len(x), x.device, generator)[:, None]
    return torch.lerp(x[partner], x, share), torch.lerp(target[partner], target, share)


def symmetric_beta(
    alpha: float, count: int, device: torch.device, generator: torch.Generator
) -> torch.Tensor:
    """Draw from Beta(alpha, alpha). (count,) float32, 0 to 1.

    ``torch.distributions`` takes no generator. Student's t with 2 alpha degrees of freedom,
    drawn by the polar method of Bailey (1994), Math. Comput. 62:779-781, and shrunk to
    t / sqrt(2 alpha + t^2), is symmetric beta on -1 to 1: Devroye (1996), Proc. Winter Simul. Conf.

    Raises
    ------
    InputError
        If alpha is not a positive number.
    """
    if not (math.isfinite(alpha) and alpha > 0):
        raise InputError(f"alpha is {alpha}", "a positive number")
    length, turn = torch.rand(2, count, generator=generator, device=device)
    kept = length ** (1 / alpha)
    across = torch.cos(2 * torch.pi * turn)
    return 0.5 + 0.5 * across * (1 - kept).sqrt() / (kept + (1 - kept) * across**2).sqrt()


def weights(a: torch.Tensor, keep: torch.Tensor, renormalise: bool = False) -> torch.Tensor:
    """Weights of responses in a virtual one: softmax(a), and 0 where not kept.

    Source: study C (BrainSem), Eq. 1. As published the weights of those left out are lost, so
    a virtual response is shorter than a real one: .5625 on average with 8 responses.

    Parameters
    ----------
    a : tensor (..., K)
        Drawn from U(-1, 1); -inf where there is no response.
    keep : tensor (..., K) bool
    renormalise : bool
        Whether the weights that are left are divided by their sum.
    """
    kept = a.softmax(dim=-1) * keep
    return kept / kept.sum(dim=-1, keepdim=True) if renormalise else kept


def virtual_batch(
    x: torch.Tensor,
    members: torch.Tensor,
    generator: torch.Generator,
    renormalise: bool = False,
) -> torch.Tensor:
    """Make a virtual response of each group of rows. (b, V)

    Source: study C, Eq. 1; the first response always takes part, each other with probability .5.

    Parameters
    ----------
    x : tensor (n, V)
        All training responses.
    members : tensor (b, K) int64
        Rows of ``x`` of each group, those of one category and subject, -1 behind the last.
        `fellows` gives them for every row.
    renormalise : bool
        See `weights`.

    Raises
    ------
    InputError
        If a group has no first row.
    """
    if members.shape[1] == 0 or bool((members[:, 0] < 0).any()):
        raise InputError("A group of responses is empty", "one response or more in each group")
    a = 2 * torch.rand(members.shape, generator=generator, device=x.device) - 1
    keep = torch.rand(members.shape, generator=generator, device=x.device) < 0.5
    keep[:, 0] = True
    shares = weights(a.masked_fill(members < 0, -torch.inf), keep, renormalise)
    virtual = x.new_zeros(len(members), x.shape[1])
    # A few members at a time: the rows of a large category would not fit together.
    for part, rows in zip(shares.split(AT_ONCE, 1), members.split(AT_ONCE, 1), strict=True):
        virtual += torch.einsum("bk,bkv->bv", part.to(x.dtype), x[rows.clamp(min=0)])
    return virtual


def fellows(category: torch.Tensor) -> torch.Tensor:
    """Rows of the same category as each row, itself first. (n, K) int64, -1 behind the last.

    Parameters
    ----------
    category : tensor (n,) int64
        -1 where unknown: such a row has no fellow. With several subjects, a number for each
        pair of category and subject.
    """
    rolled: list[torch.Tensor] = [torch.empty(0)] * len(category)
    for value in category.unique():
        rows = (category == value).nonzero()[:, 0]
        for place, row in enumerate(rows.tolist()):
            rolled[row] = rows[place : place + 1] if value < 0 else rows.roll(-place)
    return torch.nn.utils.rnn.pad_sequence(rolled, batch_first=True, padding_value=UNKNOWN)


class Library:
    """Images of each category, any of which may stand for the one that was seen.

    Source: the semantic library of study C (BrainSem).

    Parameters
    ----------
    gallery : tensor (g, d)
        Embeddings.
    category : tensor (g,) int64
        -1 where unknown: such an image is never drawn.
    forbidden : iterable of int
        Test categories: their images are left out, and asking for them is an error.
    """

    def __init__(
        self, gallery: torch.Tensor, category: torch.Tensor, forbidden: Iterable[int] = ()
    ) -> None:
        self.forbidden = torch.tensor(sorted(forbidden), dtype=torch.int64, device=category.device)
        usable = (category >= 0) & ~torch.isin(category, self.forbidden)
        self._category, order = category[usable].sort(stable=True)
        self._gallery = gallery[usable][order]

    def draw(
        self, target: torch.Tensor, category: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        """Replace each target by an image of its category. (b, d)

        A target stays where its category is unknown or has no image.

        Raises
        ------
        InputError
            If a category is forbidden.
        """
        self._check(category)
        if len(self._gallery) == 0:
            return target.clone()
        first = torch.searchsorted(self._category, category)
        count = torch.searchsorted(self._category, category, right=True) - first
        chance = torch.rand(len(category), generator=generator, device=category.device)
        # Rounding can make the product equal to the count.
        step = torch.minimum((chance * count).long(), (count - 1).clamp(min=0))
        drawn = self._gallery[(first + step).clamp(max=len(self._gallery) - 1)]
        return torch.where((count > 0)[:, None], drawn.to(target.dtype), target)

    def _check(self, category: torch.Tensor) -> None:
        if len(self.forbidden) == 0:
            return
        tested = category[torch.isin(category, self.forbidden)].unique().tolist()
        if tested:
            raise InputError(
                f"The semantic library was asked for the test categories {tested}",
                "training categories alone",
                "Divide the images by category, and give the library the training set.",
            )


def _partners(
    count: int, device: torch.device, generator: torch.Generator, within: torch.Tensor | None
) -> torch.Tensor:
    """A permutation of the rows that keeps to the groups. (count,) int64"""
    shuffled = torch.rand(count, generator=generator, device=device).argsort()
    if within is None:
        return shuffled
    partner = torch.empty_like(shuffled)
    partner[within.argsort(stable=True)] = shuffled[within[shuffled].argsort(stable=True)]
    return partner
