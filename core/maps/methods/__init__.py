"""Map methods, a file for each family: importing it registers it."""

from core.registry import discover

# How they are listed; a further file comes after these.
discover(__name__, __path__, first=("pca", "tsne", "umap", "isomap", "mds"))
