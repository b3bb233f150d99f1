"""Ways to take responses apart, a file each: importing it registers it."""

from core.registry import discover

discover(__name__, __path__, first=("pca", "ica", "nmf"))
