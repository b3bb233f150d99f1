"""What a design recovers of the known truth of the simulated experiment."""

from core.recovery.curves import (
    COLUMNS,
    CURVES,
    FEWEST_FOR_INTERVAL,
    MEASURES,
    limit,
    measure,
    needed,
    profiles,
    strongest,
    summary,
)
from core.recovery.job import RecoveryRequest, load

__all__ = [
    "COLUMNS",
    "CURVES",
    "FEWEST_FOR_INTERVAL",
    "MEASURES",
    "RecoveryRequest",
    "limit",
    "load",
    "measure",
    "needed",
    "profiles",
    "strongest",
    "summary",
]
