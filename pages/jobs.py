"""All jobs of this machine, with progress, results and errors."""

from __future__ import annotations

from pages.shared.frame import navigation
from pages.shared.head import head
from pages.shared.jobs import listing

navigation.require_app()
head.show()
listing.table()
