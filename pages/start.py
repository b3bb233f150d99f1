"""What this is, three doors into it, and what is on this machine."""

from __future__ import annotations

from pages.shared.frame import jobs, navigation
from pages.shared.lessons import strip
from pages.shared.start import doors, here


def page() -> None:
    doors.tell()
    strip.show()
    doors.show()
    here.show()


navigation.require_app()
jobs.begin()
page()
