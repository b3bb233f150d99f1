"""One file an engine."""

from core.jobs.cluster.engine import ENGINES
from core.registry import discover

discover(__name__, __path__)

__all__ = ["ENGINES"]
