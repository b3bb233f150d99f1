"""Models of pairs, a file each: importing it registers it."""

from core.registry import discover

# How they are listed; a further file comes after these.
discover(
    __name__,
    __path__,
    first=("embedding_distance", "identity", "mlp", "siamese", "contrastive", "metric"),
)
