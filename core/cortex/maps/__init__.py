"""Maps of the cortex, a file each: importing it registers it."""

from core.registry import discover

discover(
    __name__,
    __path__,
    first=("ceiling", "reliability", "encoder", "response", "cluster", "component", "pattern"),
)
