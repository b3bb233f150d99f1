"""What a loss declares, and the registry that the losses join when imported."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from core.registry import Parameter, Registry, check_given

if TYPE_CHECKING:
    from torch import nn

TEMPERATURE = Parameter(
    "temperature",
    "Temperature",
    0.07,
    "Cosine similarities are divided by it; where it is learned, it starts there",
    minimum=0.01,
    maximum=10.0,
)


@dataclass(frozen=True)
class Loss:
    """A registered loss.

    Attributes
    ----------
    id, label, note, citation : str
        ``note`` is one sentence that says what it rewards.
    build : callable
        ``build(values)`` gives a module whose ``forward(predicted, target, category)`` takes
        embeddings (b, d) twice and category numbers (b,) int64, -1 where unknown, and gives
        a scalar in float32. A learned temperature is a parameter of the module: train it
        without weight decay.
    parameters : tuple of Parameter
    """

    id: str
    label: str
    note: str
    citation: str
    build: Callable[[dict[str, Any]], nn.Module]
    parameters: tuple[Parameter, ...] = ()

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Give every parameter its checked value, the default where none was given.

        Raises
        ------
        InputError
            If a parameter is unknown or out of range.
        """
        return check_given(self.id, self.parameters, given)


LOSSES: Registry[Loss] = Registry("loss")


def register(loss: Loss) -> None:
    """Add a loss; each module beside ``shared`` calls this when imported."""
    LOSSES.register(loss.id, loss)


def build(loss: str, **parameters: Any) -> nn.Module:
    """Make the module of a loss.

    Raises
    ------
    NotFoundError
        If there is no such loss.
    InputError
        If a parameter is unknown or out of range.
    """
    declared = LOSSES[loss]
    return declared.build(declared.check(parameters))


def combined(terms: Sequence[tuple[str, float, Mapping[str, Any]]]) -> nn.Module:
    """Make a weighted sum of losses.

    Parameters
    ----------
    terms : sequence of (str, float, mapping)
        Id, weight (more than 0) and parameters of each.

    Raises
    ------
    NotFoundError
        If there is no such loss.
    InputError
        If there is no term, a weight is not a positive number, or a parameter is unknown or
        out of range.
    """
    from core.decoders.losses.shared.modules import WeightedSum

    if not terms:
        raise InputError("There is no loss in the sum", "one or more", choices=LOSSES)
    for loss, weight, _ in terms:
        if not (math.isfinite(weight) and weight > 0):
            raise InputError(f"The weight of {loss} is {weight}", "a positive number")
    return WeightedSum(
        [build(loss, **values) for loss, _, values in terms], [weight for _, weight, _ in terms]
    )
