"""Splits into training, validation and test images, and an audit of what leaks between them."""

import core.splits.kinds  # noqa: F401  (each kind registers itself)
from core.splits.auditing import audit
from core.splits.copies import store_copies
from core.splits.findings import LEVELS, Finding, badge, worst
from core.splits.fold import SETS, Fold
from core.splits.kind import KINDS, Kind
from core.splits.making import Labels, make, together

__all__ = [
    "KINDS",
    "LEVELS",
    "SETS",
    "Finding",
    "Fold",
    "Kind",
    "Labels",
    "audit",
    "badge",
    "make",
    "store_copies",
    "together",
    "worst",
]
