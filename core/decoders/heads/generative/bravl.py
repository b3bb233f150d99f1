"""BraVL: see ``core/decoders/generative/rivals.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.generative.parameters import parameters, textual
from core.decoders.head import Head, Shape, register
from core.registry import Parameter

if TYPE_CHECKING:
    from torch import nn


def build(shape: Shape, values: dict[str, Any]) -> nn.Module:
    from core.decoders.generative.rivals import Bravl

    return Bravl(shape, values)


register(
    Head(
        "bravl",
        "BraVL",
        "MoPoE-VAE whose latents keep mutual information within and between brain, visual and "
        "textual modality; the strongest generative rival of study C.",
        "Du, Fu, Li & He (2023), Decoding visual neural representations by multimodal learning of "
        "brain-visual-linguistic features, IEEE TPAMI 45:10760-10777, "
        "doi:10.1109/TPAMI.2023.3263181",
        build,
        parameters=parameters(
            Parameter(
                "intra",
                "Mutual information within",
                1e-3,
                "Weight of what each reconstruction tells of the latents",
                minimum=0.0,
                maximum=100.0,
            ),
            Parameter(
                "inter",
                "Mutual information between",
                1e-3,
                "Weight of telling rows that belong together from mismatched ones",
                minimum=0.0,
                maximum=100.0,
            ),
            Parameter(
                "samples",
                "Samples",
                4,
                "Of the upper bound of mismatched rows; the released code draws 30",
                minimum=1,
                maximum=100,
            ),
            Parameter(
                "transductive",
                "Transductive",
                False,
                "Train with the features of the test images too, without responses to them: their "
                "score is then of images that the decoder has seen, and stands by itself",
            ),
        ),
        trained_by="own objective",
        textual=textual,
        transductive=lambda values: bool(values["transductive"]),
    )
)
