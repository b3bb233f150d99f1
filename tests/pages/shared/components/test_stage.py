"""What the stage sends to the browser, and whom it tells what comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import streamlit as st

from core.errors import InputError
from pages.shared.components.stage import stage as component
from pages.shared.components.stage.stage import Deck, Row, Slide, StageImage, stage

IMAGES = [StageImage(f"image-{n}", "volcano" if n % 2 else "", f"image {n}") for n in range(9)]
SLIDES = [
    Slide("a", 7, "volcano", [Row([7, 2], [0.8124, 0.5], 1.0)], ["rank 1 of 9"]),
    Slide("b", 2, "lake", [Row([5], [float("nan")], float("nan"))], ["not in the gallery"]),
]


class Browser:
    """Stands for both mounts: what was sent, and messages back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.state: dict[str, Any] = {}
        self.sent: dict[str, Any] = {}
        self.linked: dict[str, Any] = {}
        self.callbacks: dict[str, Any] = {}
        monkeypatch.setattr(st, "session_state", self.state)
        monkeypatch.setattr(component, "_link", component._link.__wrapped__)  # type: ignore[attr-defined]
        monkeypatch.setattr(component, "_mount", self.mount)
        monkeypatch.setattr(component, "_mount_link", self.mount_link)

    def mount(self, key: str, data: dict, on_moved_change: Any) -> None:
        self.sent, self.callbacks[key] = data, on_moved_change

    def mount_link(self, key: str, data: dict, on_needed_change: Any) -> None:
        self.linked, self.callbacks[key] = data, on_needed_change

    def say(self, key: str, name: str, message: Any) -> None:
        self.state[key] = {name: message}
        self.callbacks[key]()
        del self.state[key]


class Page:
    """A page with a stage that keeps what it was told."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.current, self.present = "a", False
        self.heard: list[Any] = []
        self.drawn: list[str] = []

    def run(self, deck: Deck | None = None) -> None:
        def move(id_: str) -> None:
            self.current = id_
            self.heard.append(id_)

        def show(on: bool) -> None:
            self.present = on
            self.heard.append(on)

        stage(
            deck or self.deck(),
            key="stage",
            current=self.current,
            on_move=move,
            on_present=show,
            present=self.present,
        )

    def deck(self) -> Deck:
        return Deck(SLIDES, IMAGES, ["Ridge"], "nine", self.thumbnail)

    def thumbnail(self, id_: str) -> str:
        self.drawn.append(id_)
        return f"data:{id_}"


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(Browser(monkeypatch))


def test_only_images_of_slides_are_sent_and_numbers_are_json(page: Page):
    page.run()
    sent = page.browser.sent
    assert [image["id"] for image in sent["images"]] == ["image-7", "image-2", "image-5"]
    assert [slide["seen"] for slide in sent["slides"]] == [0, 1]
    assert sent["slides"][0]["rows"] == [{"places": [0, 1], "scores": [812, 500]}]
    assert sent["slides"][1]["rows"] == [{"places": [2], "scores": [None]}]
    assert [slide["ranks"] for slide in sent["slides"]] == [[1.0], [None]]
    assert sent["order"] == [0, 1]


def test_the_first_slide_comes_with_its_images_and_nothing_else_unasked(page: Page):
    page.run()
    assert page.browser.linked["thumbnails"] == {
        "image-7": "data:image-7",
        "image-2": "data:image-2",
    }
    page.run()
    assert page.browser.linked["thumbnails"] == {}
    assert page.drawn == ["image-7", "image-2"]


def test_the_order_is_that_of_the_page(page: Page):
    page.run(replace(page.deck(), order=["b", "a"], chance=5.0))
    assert page.browser.sent["order"] == [1, 0]
    assert page.browser.sent["chance"] == 5.0
    page.current = "gone"
    page.run(replace(page.deck(), order=["b", "a"]))
    assert page.browser.linked["current"] == "b"


def test_what_is_sent_stays_the_same_from_move_to_move(page: Page):
    page.run()
    before = page.browser.sent
    page.browser.say("stage", "moved", {"id": "b", "present": False, "serial": 1})
    page.run()
    assert page.browser.sent == before
    assert (page.browser.linked["current"], page.browser.linked["serial"]) == ("b", 1)


def test_moves_and_presentations_are_told_once(page: Page):
    page.run()
    say = page.browser.say
    say("stage", "moved", {"id": "b", "present": False, "serial": 1})
    # The run was stopped before it came here; the user went back meanwhile.
    say("stage", "moved", {"id": "a", "present": False, "serial": 2})
    page.run()
    say("stage", "moved", {"id": "a", "present": True, "serial": 3})
    say("stage", "moved", {"id": "of another deck", "present": False, "serial": 4})
    say("stage", "moved", None)
    page.run()
    assert page.heard == ["b", "a", True]
    assert page.browser.linked["present"] is True


def test_requested_thumbnails_are_answered_once(page: Page):
    page.run()
    ids = ["image-2", "image-5", "unknown"]
    needed = {"scope": "nine", "ids": ids, "number": 10}
    page.browser.say("stage.link", "needed", needed)
    page.run()
    assert page.browser.linked["thumbnails"] == {
        "image-2": "data:image-2",
        "image-5": "data:image-5",
    }
    assert page.browser.linked["answered"] == 10
    page.run()
    assert page.browser.linked["thumbnails"] == {}
    assert page.browser.linked["answered"] == 10
    page.browser.say("stage.link", "needed", needed)
    page.run()
    assert page.drawn[2:] == ["image-2", "image-5"]  # after those of the first slide


def test_a_request_that_comes_with_a_move_is_answered(page: Page):
    page.run()
    needed = {"scope": "nine", "ids": ["image-7"], "number": 11}
    message = {"id": "b", "present": False, "serial": 1, "needed": needed}
    page.browser.say("stage", "moved", message)
    page.run()
    assert page.browser.linked["thumbnails"] == {"image-7": "data:image-7"}


def test_a_request_for_another_set_of_images_is_not_answered(page: Page):
    page.run()
    needed = {"scope": "another", "ids": ["image-7"], "number": 12}
    page.browser.say("stage.link", "needed", needed)
    page.run()
    assert page.browser.linked["thumbnails"] == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"slides": []}, "no response"),
        ({"titles": ["1", "2", "3"]}, "3 decoders"),
        ({"titles": ["1", "2"]}, "1 rows and 1 notes of 'a'"),
        ({"images": IMAGES[:7]}, "places 2 to 7 of 'a'"),
        ({"order": ["a", "c"]}, "'c' in the order"),
    ],
)
def test_what_does_not_fit_together_is_refused(page: Page, change: dict, words: str):
    with pytest.raises(InputError, match=words):
        page.run(replace(page.deck(), **change))
