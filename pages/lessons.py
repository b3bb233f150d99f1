"""Lessons to take, and what a teacher needs to give them to a class."""

from __future__ import annotations

from pages.shared.classroom import classroom
from pages.shared.frame import jobs, navigation
from pages.shared.frame.guard import show_error
from pages.shared.head import head
from pages.shared.lessons import lesson as lessons


def page() -> None:
    head.show()
    every, errors = lessons.listed()
    for error in errors:
        show_error(error)
    for lesson in every:
        classroom.present(lesson)
    classroom.offer_codes(every)
    classroom.explain_own()


navigation.require_app()
jobs.begin()
page()
