"""A linear map that begins as a ridge and is trained on by gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.decoders.head import Head, register
from core.decoders.head_parameters import one_matrix
from core.registry import Parameter


def start(values: Mapping[str, Any]) -> str:
    return str(values["start"])


register(
    Head(
        "tuned_ridge",
        "Ridge tuned by a loss",
        "Begins at the weights of a ridge and moves on from there; a learning rate of 0.00001 "
        "keeps near, the usual 0.001 forgets them.",
        "Fine-tuning of a linear probe: Kumar et al. (2022), ICLR, arXiv:2202.10054",
        one_matrix,
        parameters=(
            Parameter(
                "start",
                "Begins as",
                "whitened_ridge",
                "A head in closed form with its defaults, fitted to the same training rows",
                choices=("whitened_ridge", "ridge"),
            ),
        ),
        start=start,
    )
)
