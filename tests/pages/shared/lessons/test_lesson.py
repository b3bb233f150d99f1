"""Lessons as files: those that come along, those of a teacher, and what is wrong with a file."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from core import paths
from core.errors import InputError, NotFoundError
from core.paths import PROJECT
from pages.shared.lessons import lesson as lessons

GOOD = """
title = "One"
about = "A lesson of one step."
[[steps]]
title = "First"
address = "http://host:8501/base/rdm?roi=V1&roi=LOC&rdm.order=original&job=7&lesson=x&step=3"
text = "Look."
question = "What?"
answer = "That."
"""
SHIPPED = lessons.listed()[0]


def write(folder: Path, text: str, name: str = "mine") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.toml"
    file.write_text(text, "utf-8")
    return file


def test_a_tour_and_a_lesson_for_each_study_come_along():
    assert [lesson.id for lesson in SHIPPED] == ["tour", "matrix", "clusters", "leak", "reading"]
    assert len(SHIPPED[0].steps) == 4
    assert all(lesson.source and lesson.minutes for lesson in SHIPPED[1:])
    assert sum(lesson.minutes for lesson in SHIPPED[1:]) <= 75


@pytest.mark.parametrize("lesson", SHIPPED, ids=lambda lesson: lesson.id)
def test_a_step_is_a_few_sentences(lesson):
    for step in lesson.steps:
        assert 1 <= len(re.findall(r"[.!?](?= |$)", step.text)) <= 4, step.title
        assert len(step.text) < 330, step.title
        assert "?" in step.question


def test_what_lessons_set_off_is_on_the_screen():
    folders = [PROJECT / "core", PROJECT / "pages"]
    screen = "\n".join(f.read_text("utf-8") for folder in folders for f in folder.rglob("*.py"))
    texts = [text for lesson in SHIPPED for s in lesson.steps for text in (s.text, s.answer)]
    named = [words for text in texts for words in re.findall(r"\*([^*]+)\*", text)]
    assert named
    assert [words for words in named if words not in screen and words != "Next"] == []


def test_an_address_is_copied_whole_from_a_browser(tmp_path):
    lesson = lessons.read(write(tmp_path, GOOD))
    step = lesson.step(1)
    assert step.page == "rdm"
    assert step.query == {"roi": ["V1", "LOC"], "rdm.order": ["original"]}
    parts = urlsplit(lesson.address(1))
    assert parts.path == "rdm"
    assert parse_qs(parts.query) == {**step.query, "lesson": ["mine"], "step": ["1"]}
    with pytest.raises(NotFoundError, match="no step 2"):
        lesson.step(2)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('question = "What?"', "", r"mine\.toml, step 1: question is missing"),
        ('text = "Look."', "text = 3", r"mine\.toml, step 1: text is 3"),
        ('title = "One"', 'title = " "', r"mine\.toml: title is ' '"),
        ("/rdm?", "/rmd?", r"mine\.toml, step 1: address leads to 'rmd'.*rdm"),
        ("rdm.order", "maps.order", r"step 1: address sets 'maps.order', which page rdm"),
        ("roi=V1", "noise=V1", r"step 1: address sets 'noise'"),
        ("[[steps]]", "[step]", r"mine\.toml has no step"),
        ('about = "', "minutes = -1\nabout = \"", r"mine\.toml: minutes is -1"),
        ('title = "One"', 'title = "One', r"mine\.toml is no TOML: .*line 2"),
    ],
)  # fmt: skip
def test_an_error_names_the_file_the_step_and_the_field(old, new, message, tmp_path):
    with pytest.raises(InputError, match=message) as caught:
        lessons.read(write(tmp_path, GOOD.replace(old, new)))
    assert "\n" not in str(caught.value)


def test_a_teacher_adds_a_lesson_by_a_file_and_replaces_one_by_its_name():
    folder = paths.data_root() / "lessons"
    write(folder, GOOD)
    write(folder, GOOD, "tour")
    write(folder, "title =", "broken")
    every, [error] = lessons.listed()
    assert {lesson.id for lesson in every} == {lesson.id for lesson in SHIPPED} | {"mine"}
    assert lessons.get("tour").title == lessons.get("mine").title == "One"
    assert "broken.toml" in str(error)
    with pytest.raises(NotFoundError, match="nowhere"):
        lessons.get("nowhere")


def test_a_file_that_changes_is_read_again(tmp_path):
    import os

    file = write(tmp_path, GOOD)
    assert lessons.read(file).title == "One"
    write(tmp_path, GOOD.replace("One", "Two"))
    os.utime(file, ns=(1, 1))
    assert lessons.read(file).title == "Two"
