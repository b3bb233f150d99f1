"""Heads, from responses to embeddings: every file here is one, and importing it registers it.

Nothing here imports torch before ``build`` is called, so that pages read declarations at once:
the ``nn.Module`` of a head is in ``core/decoders/modules``, and its ``build`` imports it.
"""

from core.decoders.head import HEADS, Head, Shape, Solution, build, divide_units, fill
from core.registry import discover

# How they are listed; a further file comes after these.
discover(
    __name__,
    __path__,
    first=(
        "whitened_ridge",
        "ridge",
        "linear",
        "tuned_ridge",
        "mlp",
        "fc_attention",
        "clip_mused",
        "aligned",
        "roi_transformer",
        "generative",
    ),
)

__all__ = ["HEADS", "Head", "Shape", "Solution", "build", "divide_units", "fill"]
