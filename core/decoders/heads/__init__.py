"""Heads, from responses to embeddings: every file here is one, and importing it registers it.

Nothing here imports torch before ``build`` is called, so that pages read declarations at once:
the ``nn.Module`` of a head is in ``core/decoders/modules``, and its ``build`` imports it.
"""

import importlib
import pkgutil

from core.decoders.head import HEADS, Head, Shape, build, fill, voxel_groups

# How they are listed; a further file comes after these.
_LISTED = ["ridge", "linear", "mlp", "fc_attention", "clip_mused", "roi_transformer"]
_found = [module.name for module in pkgutil.iter_modules(__path__)]
for _name in [*_LISTED, *sorted(set(_found) - set(_LISTED))]:
    importlib.import_module(f"{__name__}.{_name}")

__all__ = ["HEADS", "Head", "Shape", "build", "fill", "voxel_groups"]
