"""Lessons as data, one file each: steps with an address, a text, a question and its answer."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from core import paths
from core.errors import InputError, NeurogalleryError, NotFoundError
from pages.shared.frame.address import CHOICES, LESSON, OPTION, SHARED, STEP
from pages.shared.frame.navigation import START

FOLDER = paths.PROJECT / "data" / "lessons"
PAGES = frozenset(file.stem for file in (paths.PROJECT / "pages").glob("*.py"))
# What an address may say besides, and a step does not: another's job, and the step itself.
NOT_OF_A_STEP = ("job", LESSON, STEP)
LAST = 100
TEXTS, STEP_TEXTS = ("title", "about"), ("title", "address", "text", "question", "answer")


@dataclass(frozen=True)
class Step:
    """A page with its settings, what to see there, and a question.

    Attributes
    ----------
    title, text, question, answer : str
    page : str
        As its address names it.
    query : mapping of str to list of str
        The settings of the page, by the keys of its address.
    """

    title: str
    page: str
    query: Mapping[str, list[str]]
    text: str
    question: str
    answer: str


@dataclass(frozen=True)
class Lesson:
    """A sequence of steps.

    Attributes
    ----------
    id : str
        The name of its file.
    title, about : str
    minutes : int
        That a class takes.
    source : str
        The study that it is about, '' for none.
    order : int
        Its place in the list.
    steps : tuple of Step
    """

    id: str
    title: str
    about: str
    minutes: int
    source: str
    order: int
    steps: tuple[Step, ...]

    def step(self, number: int) -> Step:
        """A step, counted from 1.

        Raises
        ------
        NotFoundError
            If the lesson has no such step.
        """
        if not 1 <= number <= len(self.steps):
            raise NotFoundError(
                f"Lesson {self.id!r} has no step {number}", f"1 to {len(self.steps)}"
            )
        return self.steps[number - 1]

    def address(self, number: int) -> str:
        """Of a step, counted from 1, such as ``rdm?roi=LOC&lesson=tour&step=1``."""
        step = self.step(number)
        page = "" if step.page == START else step.page
        return f"{page}?{urlencode({**step.query, LESSON: self.id, STEP: number}, doseq=True)}"


def folders() -> list[Path]:
    """Where lessons lie: those that come along, and the teacher's own, which go before."""
    return [FOLDER, paths.data_root() / "lessons"]


def listed() -> tuple[list[Lesson], list[NeurogalleryError]]:
    """Every lesson in order, and what is wrong with files that are none.

    A file of the data folder replaces the one that comes along under its name.
    """
    files = {file.stem: file for folder in folders() for file in paths.visible(folder)
             if file.suffix == ".toml"}  # fmt: skip
    lessons, errors = [], []
    for file in files.values():
        try:
            lessons.append(read(file))
        except NeurogalleryError as error:
            errors.append(error)
    return sorted(lessons, key=lambda lesson: (lesson.order, lesson.title)), errors


def get(name: str) -> Lesson:
    """A lesson by the name of its file.

    Raises
    ------
    NotFoundError
        If there is none of this name.
    InputError
        If its file is no lesson.
    """
    for folder in reversed(folders()):
        for file in paths.visible(folder):
            if file.name == f"{name}.toml":
                return read(file)
    raise NotFoundError(f"There is no lesson {name!r}", "one of those that page Lessons lists")


def read(file: Path) -> Lesson:
    """A lesson from its file.

    Raises
    ------
    InputError
        If the file cannot be read, lacks a field, or an address leads nowhere; the error names
        the file, the step and the field.
    """
    try:
        return _read(file, file.stat().st_mtime_ns)
    except OSError as error:
        raise InputError(f"{file.name} cannot be read ({error.strerror})") from error


@functools.lru_cache(maxsize=64)
def _read(file: Path, changed: int) -> Lesson:
    try:
        fields = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{file.name} is no TOML: {error}", "a file as data/lessons/tour.toml"
        ) from error
    title, about = (_text(fields, name, file.name) for name in TEXTS)
    steps = fields.get("steps")
    if not isinstance(steps, list) or not steps:
        raise InputError(f"{file.name} has no step", "[[steps]], once a step")
    return Lesson(
        file.stem,
        title,
        about,
        _number(fields, "minutes", 0, file.name),
        _text(fields, "source", file.name) if "source" in fields else "",
        _number(fields, "order", LAST, file.name),
        tuple(_step(step, f"{file.name}, step {n}") for n, step in enumerate(steps, start=1)),
    )


def _step(fields: Any, place: str) -> Step:
    if not isinstance(fields, dict):
        raise InputError(f"{place} is no table", "[[steps]] before its fields")
    title, address, text, question, answer = (_text(fields, name, place) for name in STEP_TEXTS)
    page, query = _parse(address, place)
    return Step(title, page, query, text, question, answer)


def _parse(address: str, place: str) -> tuple[str, dict[str, list[str]]]:
    """Page and settings of an address, which may be copied whole from a browser."""
    parts = urlsplit(address)
    page = parts.path.rstrip("/").rpartition("/")[2] or START
    if page not in PAGES:
        raise InputError(f"{place}: address leads to {page!r}", choices=sorted(PAGES))
    query = parse_qs(parts.query, keep_blank_values=True)
    query = {key: values for key, values in query.items() if key not in NOT_OF_A_STEP}
    for key in query:
        if key not in SHARED and not key.startswith((OPTION, f"{page}.")):
            raise InputError(
                f"{place}: address sets {key!r}, which page {page} has not",
                f"{', '.join(CHOICES)}, {OPTION}<option> or {page}.<setting>",
                "Copy the address from the browser.",
            )
    return page, query


def _text(fields: Mapping[str, Any], name: str, place: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        what = "missing" if value is None else f"{value!r}"
        raise InputError(f"{place}: {name} is {what}", "text in quotes")
    return " ".join(value.split())


def _number(fields: Mapping[str, Any], name: str, default: int, place: str) -> int:
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InputError(f"{place}: {name} is {value!r}", "a whole number, 0 or more")
    return value
