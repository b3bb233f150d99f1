"""What a loss declares, and the registry that the losses join when imported."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from core.registry import Parameter, Registry, check_given

if TYPE_CHECKING:
    from torch import nn

Term = tuple[str, float, dict[str, Any]]

TERM = "an id, or an id, a weight and parameters, e.g. ['mse', 0.5, {}]"
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
    contrasts : bool
        Whether it is the cross entropy of one among n rows, ln n at chance.
    """

    id: str
    label: str
    note: str
    citation: str
    build: Callable[[dict[str, Any]], nn.Module]
    parameters: tuple[Parameter, ...] = ()
    contrasts: bool = False

    def check(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give every parameter its checked value, the default where none was given.

        Raises
        ------
        InputError
            If a parameter is unknown or out of range.
        """
        return check_given(self.id, self.parameters, values)


LOSSES: Registry[Loss] = Registry("loss")


def register(loss: Loss) -> None:
    """Add a loss; each module in ``losses`` calls this when imported."""
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


def check_terms(terms: Any) -> tuple[Term, ...]:
    """Read a sum of losses: id, weight and checked parameters of each term.

    Parameters
    ----------
    terms : str or sequence
        Terms, or one term by itself. A term is an id, or a sequence of an id, a weight (more
        than 0; 1 where absent) and parameters (the defaults where absent).

    Raises
    ------
    NotFoundError
        If there is no such loss.
    InputError
        If it is no such sum, a weight is not a positive number, or a parameter is unknown or
        out of range.
    """
    if isinstance(terms, str) or _is_weighted(terms):
        terms = (terms,)
    if not isinstance(terms, list | tuple):
        raise InputError(f"The loss is {terms!r}", "a sequence of terms")
    return tuple(_check_term(term) for term in terms)


def combined(terms: Any) -> nn.Module:
    """Make a weighted sum of losses, of terms as `check_terms` reads them.

    Raises
    ------
    NotFoundError, InputError
        As `check_terms`, and InputError if there is no term.
    """
    from core.decoders.modules.contrast import WeightedSum

    checked = check_terms(terms)
    if not checked:
        raise InputError("There is no loss in the sum", "one or more", choices=LOSSES)
    return WeightedSum(
        [LOSSES[loss].build(values) for loss, _, values in checked],
        [weight for _, weight, _ in checked],
    )


def _is_weighted(terms: Any) -> bool:
    """Whether it is one term: an id and a weight, not two ids."""
    if not isinstance(terms, list | tuple) or len(terms) not in (2, 3):
        return False
    return isinstance(terms[0], str) and isinstance(terms[1], Real)


def _check_term(term: Any) -> Term:
    parts = list(term) if isinstance(term, list | tuple) else [term]
    loss, weight, values = [*parts, *(None, 1.0, {})[len(parts) :]][:3]
    if len(parts) > 3 or not isinstance(loss, str) or not isinstance(values, Mapping):
        raise InputError(f"A term of the loss is {term!r}", TERM)
    weight = Parameter(f"The weight of {loss}", "Weight", 1.0).check(weight)
    if not (math.isfinite(weight) and weight > 0):
        raise InputError(f"The weight of {loss} is {weight}", "a positive number")
    return loss, weight, LOSSES[loss].check(values)
