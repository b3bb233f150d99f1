"""What a head declares, and the registry that the heads join when imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.errors import InputError
from core.registry import Parameter, Registry, check_given

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class Solution:
    """What a head in closed form comes to: weights (V, d), intercept (d,), and facts to keep."""

    weights: np.ndarray
    intercept: np.ndarray
    facts: Mapping[str, float]


Trained = Literal["gradient", "own objective", "closed form"]


@dataclass(frozen=True)
class Shape:
    """Sizes of what goes into a head and comes out of it.

    Attributes
    ----------
    units : int
        Columns V of the responses: the ROIs beside one another.
    groups : tuple of (int, int)
        First column and the column after the last of each group of units (an ROI, or part
        of one); each becomes a token of a head that attends.
    subjects : int
    outputs : int
        Dimensions d of the embedding.
    texts : int
        Dimensions t of the textual modality, 0 where there is none.

    Raises
    ------
    InputError
        If a size is not positive, or a group is empty or reaches beyond the units.
    """

    units: int
    groups: tuple[tuple[int, int], ...]
    subjects: int
    outputs: int
    texts: int = 0

    def __post_init__(self) -> None:
        for name in ("units", "subjects", "outputs"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}", "1 or more")
        for start, stop in self.groups:
            if not 0 <= start < stop <= self.units:
                raise InputError(
                    f"The group ({start}, {stop}) of units is not inside 0 to {self.units}",
                    "groups of at least one unit",
                )


@dataclass(frozen=True)
class Head:
    """A registered way from responses to embeddings.

    Attributes
    ----------
    id, label, note, citation : str
        ``note`` is one sentence that says what to know before choosing it.
    build : callable
        ``build(shape, values)`` gives a module whose ``forward(x, subject)`` takes
        standardised responses (b, V) float32 (zero where a subject lacks a unit) and subject
        numbers (b,) int64, and gives embeddings (b, d).
    parameters : tuple of Parameter
    check_together : callable, optional
        ``check_together(values)`` raises InputError where values that are each in range do
        not fit together.
    trained_by : {'gradient', 'own objective', 'closed form'}
        With an objective of its own no registered loss counts. Its module is told the scale of
        the training rows once, ``fit_scale(target, text)``; ``objective(x, target, text)`` gives
        the terms of the loss by name, and ``not_finite(x, target, text)`` names the modalities
        that gave no number. A row of NaN is a modality that is missing. In closed form there
        is ``solve``, and its module is filled.
    several_subjects : bool
        Whether it tells subjects apart, so that one model serves several.
    attends : bool
        Whether its module has ``attention(x, subject)``, which gives the weights of the last
        layer, (b, heads, queries, tokens); each row sums to 1. The first ``extra_tokens``
        tokens of the module are learned ones, the others are the groups in their order.
    penalises : bool
        Whether its module has ``forward_with_penalty(x, subject, target)`` too, which gives
        the embeddings of ``forward``, and a scalar to add to the loss; ``target`` (b, d) are
        those of the same rows.
    solve : callable, optional
        Of a head in closed form: ``solve(x, y, image, values)`` takes standardised responses
        (n, V), targets (n, d) and the number of each row's image, (n,), and gives a Solution.
    start : callable, optional
        ``start(values)`` gives the head in closed form whose weights a module of one matrix has
        before its first step.
    textual : callable, optional
        ``textual(values)`` gives the encoder of its textual modality, '' for the one whose
        embedding is the target, None where the values ask for no text.
    transductive : callable, optional
        ``transductive(values)`` says whether it is trained with features of the test images
        too, never with responses to them.
    presets : mapping of str to mapping
        Named values of the parameters.
    """

    id: str
    label: str
    note: str
    citation: str
    build: Callable[[Shape, dict[str, Any]], nn.Module]
    parameters: tuple[Parameter, ...] = ()
    check_together: Callable[[Mapping[str, Any]], None] | None = None
    trained_by: Trained = "gradient"
    several_subjects: bool = False
    attends: bool = False
    penalises: bool = False
    solve: Callable[[np.ndarray, np.ndarray, np.ndarray, Mapping[str, Any]], Solution] | None = None
    start: Callable[[Mapping[str, Any]], str] | None = None
    textual: Callable[[Mapping[str, Any]], str | None] | None = None
    transductive: Callable[[Mapping[str, Any]], bool] | None = None
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def check(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give every parameter its checked value, the default where none was given.

        Raises
        ------
        InputError
            If a parameter is unknown, out of range or does not go with another.
        """
        checked = check_given(self.id, self.parameters, values)
        if self.check_together is not None:
            self.check_together(checked)
        return checked


HEADS: Registry[Head] = Registry("head")


def register(head: Head) -> None:
    """Add a head; each module in ``heads`` calls this when imported."""
    HEADS.register(head.id, head)


def build(head: str, shape: Shape, **parameters: Any) -> nn.Module:
    """Make the module of a head, on the CPU and untrained.

    Weights are drawn from torch's global generator: call ``torch.manual_seed`` before.

    Parameters
    ----------
    head : str
        Id of a registered head.
    shape : Shape
    **parameters
        Values of the head's parameters, the default where none is given.

    Raises
    ------
    NotFoundError
        If there is no such head.
    InputError
        If a parameter is unknown, out of range or does not go with another, or if the head
        attends and there are fewer than two groups of units.
    """
    declared = HEADS[head]
    values = declared.check(parameters)
    if declared.attends and len(shape.groups) < 2:
        raise InputError(
            f"{declared.label} has {len(shape.groups)} group of units to attend to",
            "two or more",
            "Give it several ROIs, or divide the units of one with heads.divide_units.",
        )
    module = declared.build(shape, values)
    if declared.penalises and not hasattr(module, "forward_with_penalty"):
        raise InputError(
            f"The module of {declared.label} penalises without forward_with_penalty",
            "forward_with_penalty(x, subject, target), which gives embeddings and penalty",
            "Let it call forward, and penalty with what it needs, in place of penalty(targets).",
        )
    return module


def fill(
    module: nn.Module, weights: np.ndarray | torch.Tensor, intercept: np.ndarray | torch.Tensor
) -> None:
    """Give a linear module the weights that were computed for it.

    Parameters
    ----------
    module : nn.Module
        Of a head in closed form, or ``linear``.
    weights : array or tensor (V, d)
    intercept : array or tensor (d,)

    Raises
    ------
    InputError
        If the module is not linear, or the shapes are others.
    """
    import torch

    layer = getattr(module, "network", None)
    if not isinstance(layer, torch.nn.Linear):
        raise InputError("The module is not linear", "one matrix and an intercept")
    expected = (layer.in_features, layer.out_features)
    if tuple(weights.shape) != expected or tuple(intercept.shape) != expected[1:]:
        raise InputError(
            f"The weights are {tuple(weights.shape)} and the intercept {tuple(intercept.shape)}",
            f"{expected} and {expected[1:]}",
        )
    with torch.no_grad():
        layer.weight.copy_(torch.as_tensor(weights).T)
        layer.bias.copy_(torch.as_tensor(intercept))


def divide_units(units: int, count: int) -> tuple[tuple[int, int], ...]:
    """Divide the units of one ROI into nearly equal groups of neighbouring columns, the tokens.

    Raises
    ------
    InputError
        If there are fewer units than groups, or no group.
    """
    if not 1 <= count <= units:
        raise InputError(f"{units} units cannot form {count} groups", f"1 to {units} groups")
    return tuple(pairwise(units * part // count for part in range(count + 1)))
