"""Kinds of splits, a file for each: importing it registers it."""

from core.registry import discover

# How they are listed; a further file comes between, so that 'kfold' can fold by it too.
discover(
    __name__,
    __path__,
    first=("image", "category", "cluster"),
    last=("neighbour", "ood", "kfold", "recorded", "pair"),
)
