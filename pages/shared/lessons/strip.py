"""The lesson in progress: named in the address, shown on every page until it is left."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import streamlit as st

from core.errors import NeurogalleryError
from pages.shared.frame import navigation
from pages.shared.frame.address import LESSON, STEP
from pages.shared.frame.guard import show_error
from pages.shared.frame.selection import ADDRESS
from pages.shared.lessons import lesson as lessons
from pages.shared.lessons.lesson import Lesson

IN_PROGRESS = "lesson_in_progress"
SET_OFF = re.compile(r"\*(\S[^*]*)\*")


def leave() -> None:
    """Go on without the lesson; a callback."""
    st.session_state.pop(IN_PROGRESS, None)
    for key in (LESSON, STEP):
        st.query_params.pop(key, None)


def show() -> None:
    """The step in progress, where there is one: text, question with its answer, back and next."""
    place = _of_address() or st.session_state.get(IN_PROGRESS)
    if place is None:
        return
    name, number = st.session_state[IN_PROGRESS] = place
    try:
        lesson = lessons.get(name)
        lesson.step(number)
    except NeurogalleryError as error:
        leave()
        show_error(error)
        return
    for key, value in ((LESSON, lesson.id), (STEP, str(number))):
        if st.query_params.get(key) != value:  # a link to another page has left it behind
            st.query_params[key] = value
    _draw(lesson, number)


def link(label: str, lesson: Lesson, number: int, is_main: bool = False) -> str:
    """A link to a step of a lesson, counted from 1, as HTML; the selection goes with it."""
    selected = urlencode({ADDRESS: st.query_params.get_all(ADDRESS)}, doseq=True)
    address = "&".join(filter(None, (lesson.address(number), selected)))
    href = html.escape(navigation.path_to(address))
    return f'<a class="button{" main" if is_main else ""}" href="{href}">{html.escape(label)}</a>'


def _of_address() -> tuple[str, int] | None:
    """Lesson and step of the address."""
    name, number = st.query_params.get(LESSON), st.query_params.get(STEP, "1")
    return (name, int(number) if number.isdecimal() and len(number) < 4 else 1) if name else None


def _draw(lesson: Lesson, number: int) -> None:
    step = lesson.step(number)
    with st.container(key="lesson", border=True):
        st.html(
            f'<div class="lesson"><p><b>{html.escape(step.title)}.</b> {worded(step.text)}</p>'
            f"<details><summary><b>{worded(step.question)}</b> <u>Answer</u>"
            f"</summary><p>{worded(step.answer)}</p></details></div>"
        )
        with st.container(horizontal=True, vertical_alignment="center", key="lesson_moves"):
            st.html(_moves(lesson, number))
            st.button("Leave the lesson", icon=":material/close:", type="tertiary", on_click=leave)


def _moves(lesson: Lesson, number: int) -> str:
    """Links to the steps before and after, and to this one where the reader has gone elsewhere."""
    links = [link("Back", lesson, number - 1)] if number > 1 else []
    if number < len(lesson.steps):
        links.append(link("Next", lesson, number + 1, is_main=True))
    else:
        href = navigation.path_to("lessons")
        links.append(f'<a class="button main" href="{href}">More lessons</a>')
    if navigation.page_in_view() == lesson.step(number).page:
        links.append(link("Set the page again", lesson, number))
    else:
        links.append(link("To the page of this step", lesson, number))
    place = f"<i>{html.escape(lesson.title)}: </i>step {number} of {len(lesson.steps)}"
    return f'<nav class="moves" aria-label="Lesson">{"".join(links)}<span>{place}</span></nav>'


def worded(text: str) -> str:
    """A text of a lesson as HTML: nothing in it is interpreted but words between asterisks."""
    return SET_OFF.sub(r"<b>\1</b>", html.escape(text))
