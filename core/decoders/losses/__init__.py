"""Losses between predicted and true embeddings: every file here is one, as with heads."""

import importlib
import pkgutil

from core.decoders.loss import LOSSES, Loss, build, check_terms, combined

# How they are listed; a further file comes after these.
_LISTED = ["infonce", "softclip", "fuzzy", "mse", "cosine"]
_found = [module.name for module in pkgutil.iter_modules(__path__)]
for _name in [*_LISTED, *sorted(set(_found) - set(_LISTED))]:
    importlib.import_module(f"{__name__}.{_name}")

__all__ = ["LOSSES", "Loss", "build", "check_terms", "combined"]
