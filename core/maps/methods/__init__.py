"""Map methods, a file for each family: importing it registers it."""

import importlib
import pkgutil

# How they are listed; a further file comes after these.
_LISTED = ["pca", "tsne", "umap", "isomap", "mds"]
_found = [module.name for module in pkgutil.iter_modules(__path__)]
for _name in [*_LISTED, *sorted(set(_found) - set(_LISTED))]:
    importlib.import_module(f"{__name__}.{_name}")
