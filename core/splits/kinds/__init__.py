"""Kinds of splits, a file for each: importing it registers it."""

import importlib
import pkgutil

# How they are listed; a further file comes between, so that 'kfold' can fold by it too.
_FIRST = ["image", "category", "cluster"]
_LAST = ["kfold", "recorded", "pair"]
_found = [module.name for module in pkgutil.iter_modules(__path__)]
for _name in [*_FIRST, *sorted(set(_found) - set(_FIRST) - set(_LAST)), *_LAST]:
    importlib.import_module(f"{__name__}.{_name}")
