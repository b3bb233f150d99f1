"""The strip of a lesson on every page, the page of the teacher, and that steps start nothing."""

from __future__ import annotations

import re
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from core import jobs
from pages.shared.classroom import classroom
from pages.shared.lessons import lesson as lessons
from pages.shared.lessons import strip
from tests.pages.app import open_address, open_page, texts

SHIPPED = lessons.listed()[0]
STEPS = [(lesson, n) for lesson in SHIPPED for n in range(1, len(lesson.steps) + 1)]


def html(app) -> str:
    return "\n".join(str(element.proto.body) for element in app.main.get("html"))


def links(app) -> dict[str, str]:
    """Where the links of the strip lead, by their labels."""
    found = re.findall(r'<a class="button[^"]*" href="([^"]*)">([^<]*)</a>', html(app))
    return {label: href.replace("&amp;", "&") for href, label in found}


def reaching(app):
    return next(e for e in app.main.expander if e.label == "How students reach this server")


def open_step(lesson, number):
    parts = urlsplit(lesson.address(number))
    return open_address(parts.path, parse_qs(parts.query))


@pytest.mark.parametrize(("lesson", "number"), STEPS, ids=lambda value: getattr(value, "id", value))
def test_a_step_opens_with_its_settings_and_its_strip(lesson, number):
    step = lesson.step(number)
    app = open_step(lesson, number)
    assert not app.exception
    assert not app.error
    assert not [w.value for w in app.warning if re.search("There is no|left out", w.value)]
    shown = html(app)
    for text in (step.text, step.question, step.answer):
        assert strip.worded(text) in shown
    assert "<details>" in shown
    for key, values in step.query.items():
        assert app.query_params.get(key, values) in (values, values[0]), key
    labels = {"Set the page again"}
    labels |= {"Back"} if number > 1 else set()
    labels |= {"Next"} if number < len(lesson.steps) else {"More lessons"}
    assert links(app).keys() == labels


def test_next_is_the_address_of_the_next_step_and_takes_the_selection_along():
    app = open_page("rdm", lesson="tour", step="1")
    app = app.button(key="rdm.select_pair").click().run().run()
    assert links(app)["Next"].startswith("/" + lessons.get("tour").address(2))
    query = parse_qs(urlsplit(links(app)["Next"]).query)
    assert query["step"] == ["2"]
    assert query["selected"] == [app.query_params["selected"]]


def test_a_lesson_stays_on_other_pages_until_it_is_left():
    app = open_page("rdm", lesson="tour", step="1")
    app = app.switch_page("pages/responses.py").run()
    assert "To the page of this step" in links(app)
    leave = next(button for button in app.button if button.label == "Leave the lesson")
    app = leave.click().run()
    assert links(app) == {}
    assert "lesson" not in app.query_params
    app = app.switch_page("pages/rdm.py").run()
    assert links(app) == {}


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ({"lesson": "nowhere"}, "There is no lesson 'nowhere'"),
        ({"lesson": "tour", "step": "9"}, "Lesson 'tour' has no step 9"),
        ({"lesson": "../tour", "step": "1"}, "There is no lesson"),
    ],
)
def test_an_address_of_no_lesson_says_so(address, message):
    app = open_page("responses", **address)
    assert message in app.error[0].value.replace("\\", "")
    assert links(app) == {}


def test_a_step_that_is_no_number_is_the_first():
    assert "step 1 of 4" in html(open_page("responses", lesson="tour", step="x"))


def test_the_page_lists_lessons_with_time_and_a_code_a_step(monkeypatch):
    context = SimpleNamespace(url="http://lab.example:8501/gallery/lessons?x=1", cookies={})
    monkeypatch.setattr(classroom.st, "context", context)
    app = open_page("lessons", **{"lessons.lesson": "The leak and the honest split"})
    assert not app.exception
    shown = texts(app) + html(app)
    for lesson in SHIPPED:
        assert f"about {lesson.minutes} min" in shown
    images = app.main.get("image")
    assert len(images) == 4
    address = "http://lab.example:8501/gallery/" + lessons.get("leak").address(1)
    assert address in shown.replace("\\", "")
    expander = reaching(app)
    assert not expander.proto.expanded


def test_the_page_says_that_phones_do_not_reach_localhost():
    app = open_page("lessons")
    assert app.text_input(key="lessons.server").value.startswith("http://localhost")
    expander = reaching(app)
    assert expander.proto.expanded
    assert "--server.address 0.0.0.0" in expander.markdown[0].value


@pytest.mark.parametrize(("lesson", "number"), STEPS, ids=lambda value: getattr(value, "id", value))
def test_opening_a_step_starts_no_job(lesson, number):
    app = open_step(lesson, number)
    assert [job.operation for job in jobs.all_jobs()] == []
    assert not [button.label for button in app.main.get("button") if "about" in button.label]
