"""Jobs on a page: whose they are, how far they are, and what can be done about them."""

from pages.shared.frame.jobs.line import summary
from pages.shared.frame.jobs.panel import (
    ACTIVE,
    POLL_SECONDS,
    begin,
    forget_former,
    note,
    overtake_former,
    show,
    watch,
)
from pages.shared.frame.jobs.session import is_own, own_session

__all__ = [
    "ACTIVE",
    "POLL_SECONDS",
    "begin",
    "forget_former",
    "is_own",
    "note",
    "overtake_former",
    "own_session",
    "show",
    "summary",
    "watch",
]
