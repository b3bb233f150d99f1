"""What the rows of small images send to the browser: every image once."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from pages.shared.components.stage import film as films
from tests.pages.app import RUN_S

KEY = "film"


def page():
    import streamlit as st

    from pages.shared.components.stage.film import FilmImage, FilmRow, film

    rows = [FilmRow("trial 1", [FilmImage("a", "0.5 cat", "a: cat"), FilmImage("b", "", "b")])]
    film(rows, key="film", scope="mine", thumbnail=lambda name: f"data:{name}", size=52)
    st.markdown("below")


def opened(monkeypatch, needed=None):
    sent = []
    monkeypatch.setattr(films, "_mount", lambda **how: sent.append(how["data"]))
    app = AppTest.from_function(page, default_timeout=RUN_S)
    if needed is not None:
        app.session_state[f"{KEY}.needed"] = needed
    app.run()
    assert not app.exception
    return app, sent


def test_rows_are_sent_without_their_images(monkeypatch):
    _, (data,) = opened(monkeypatch)
    assert [image["id"] for image in data["rows"][0]["images"]] == ["a", "b"]
    assert data["rows"][0]["label"] == "trial 1"
    assert data["thumbnails"] == {}


def test_what_the_browser_lacks_is_sent_once(monkeypatch):
    app, sent = opened(monkeypatch, {"ids": ["b"], "scope": "mine", "at": 7})
    assert sent[0]["thumbnails"] == {"b": "data:b"}
    assert sent[0]["answered"] == 7
    app.run()
    assert sent[1]["thumbnails"] == {}


def test_images_of_another_scope_or_page_are_not_given(monkeypatch):
    _, (data,) = opened(monkeypatch, {"ids": ["a"], "scope": "other", "at": 7})
    assert data["thumbnails"] == {}
    _, (data,) = opened(monkeypatch, {"ids": ["secret"], "scope": "mine", "at": 7})
    assert data["thumbnails"] == {}
