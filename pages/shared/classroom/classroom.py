"""What a teacher needs: the lessons with their time, a code a step, and how students get here."""

from __future__ import annotations

import html
from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from core import paths
from core.words import counted
from pages.shared.frame.text import plain
from pages.shared.head import share
from pages.shared.lessons import strip
from pages.shared.lessons.lesson import Lesson

WIDTH = 170
REACH = """
An address with `localhost` leads to your own machine: Neurogallery listens on it alone, and no
student reaches it. Start it with

`.venv/bin/streamlit run app.py --server.address 0.0.0.0`

and put the name or the IP address of your machine in place of `localhost` above. Students must be
in the same network, and a firewall must let the port through. Whoever reaches the server can use
all of it, and what students compute is computed on your machine. With `NEUROGALLERY_READONLY=1`
before the command nobody deletes anything or starts long jobs (`docs/deployment.md`). Below a path
of a site, add `--server.baseUrlPath gallery`, and the address ends in `/gallery`. No connection to
the internet is needed.
"""


def present(lesson: Lesson) -> None:
    """A lesson in a few lines, and the link that begins it."""
    steps = counted(len(lesson.steps), "step")
    source = f"<small>{html.escape(lesson.source)}</small>" if lesson.source else ""
    st.html(
        f'<div class="lesson-card"><div><p><b>{html.escape(lesson.title)}</b> · {steps}, about '
        f"{lesson.minutes} min</p><p>{html.escape(lesson.about)}</p>{source}</div>"
        f"{strip.link('Begin', lesson, 1, is_main=True)}</div>"
    )


def offer_codes(every: Sequence[Lesson]) -> None:
    """The steps of a lesson with their addresses and codes, as students reach them."""
    st.header("For a class")
    st.markdown("Students scan a code, or type the address, and go on by themselves from there.")
    by_title = {lesson.title: lesson for lesson in every}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.selectbox(
            "Lesson", list(by_title), key="lessons.lesson", bind="query-params", width=300
        )
        server = st.text_input(
            "Address of this server, as students reach it",
            suggested_server(),
            key="lessons.server",
            bind="query-params",
            max_chars=200,
            width=400,
        )
    with st.expander("How students reach this server", expanded=share.is_here_only(server)):
        st.markdown(REACH)
    if title is not None:
        _show_codes(by_title[title], server.rstrip("/"))


def suggested_server() -> str:
    """As the browser of this session reaches it."""
    parts = urlsplit(str(st.context.url or "http://localhost:8501/lessons"))
    path = parts.path.rstrip("/").removesuffix("lessons").rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _show_codes(lesson: Lesson, server: str) -> None:
    with st.container(key="lesson_codes"):
        columns = st.columns(len(lesson.steps))
    for number, (column, step) in enumerate(zip(columns, lesson.steps, strict=True), start=1):
        address = f"{server}/{lesson.address(number)}"
        with column:
            st.markdown(f"**{number}. {plain(step.title)}**")
            drawing = _code(address)
            if drawing is not None:
                st.image(drawing, width=WIDTH, alt=f"QR code of step {number}: {address}")
            st.caption(plain(address))


@st.cache_data(max_entries=256, show_spinner=False)
def _code(text: str) -> bytes | None:
    return share.code(text)


def explain_own() -> None:
    """How a lesson is added."""
    st.header("A lesson of your own")
    st.markdown(
        "A lesson is one text file. Copy `data/lessons/tour.toml` to "
        f"`{paths.data_root() / 'lessons'}` under another name, and write your own steps: open a "
        "page, set it as you like, and copy its address from the browser. It is listed here at "
        "once; what is wrong with it is said above, with its step and field."
    )
