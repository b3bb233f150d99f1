"""Ridge regression: linear, in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from core.decoders.head import Head, Shape, register
from core.errors import InputError
from core.registry import Parameter

if TYPE_CHECKING:
    from torch import nn


def alphas(values: Mapping[str, Any]) -> np.ndarray:
    """Give the regularisation to choose among, in geometric steps. (count,) float64."""
    return np.logspace(values["smallest"], values["largest"], values["count"])


def _check_order(values: Mapping[str, Any]) -> None:
    if values["smallest"] > values["largest"]:
        raise InputError(
            f"The smallest alpha is 10^{values['smallest']:g}, "
            f"the largest 10^{values['largest']:g}",
            "a smallest alpha that is not above the largest",
        )


def build(shape: Shape, values: dict[str, Any]) -> nn.Module:
    """Alpha shapes no module: the caller chooses one and fills in the parameters."""
    from torch import nn

    from core.decoders.modules.layers import OfResponses

    return OfResponses(nn.Linear(shape.units, shape.outputs))


register(
    Head(
        "ridge",
        "Ridge regression",
        "Alpha (regularisation) is chosen by leaving out one row at a time; the baseline that "
        "every other head has to beat.",
        "Hoerl & Kennard (1970), Technometrics 12:55-67; leave-one-out by one "
        "eigendecomposition: Rifkin & Lippert (2007), MIT-CSAIL-TR-2007-025",
        build,
        parameters=(
            Parameter(
                "smallest",
                "Smallest alpha (power of ten)",
                0.0,
                "Regularisation; responses are standardised, so it counts in rows",
                minimum=-6,
                maximum=12,
            ),
            Parameter(
                "largest",
                "Largest alpha (power of ten)",
                6.0,
                "Where the chosen alpha is the largest, raise this",
                minimum=-6,
                maximum=12,
            ),
            Parameter(
                "count",
                "Alphas tried",
                13,
                "In geometric steps from the smallest to the largest",
                minimum=1,
                maximum=100,
            ),
        ),
        check_together=_check_order,
        trained_by="closed form",
    )
)
