"""Map methods, a file for each family: importing it registers it."""

import importlib

# In the order in which they are listed.
for _module in ("pca", "tsne", "umap", "isomap", "mds"):
    importlib.import_module(f"{__name__}.{_module}")
