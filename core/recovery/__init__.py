"""What a design recovers of the known truth of the simulated experiment."""

from core.recovery.curves import (
    COLUMNS,
    CURVES,
    FEWEST_FOR_INTERVAL,
    MEASURES,
    limit,
    load,
    measure,
    needed,
    profiles,
    result_key,
    run,
    strongest,
    summary,
)

__all__ = [
    "COLUMNS",
    "CURVES",
    "FEWEST_FOR_INTERVAL",
    "MEASURES",
    "limit",
    "load",
    "measure",
    "needed",
    "profiles",
    "result_key",
    "run",
    "strongest",
    "summary",
]
