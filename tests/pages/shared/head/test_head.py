"""The head of every page: one heading, its question, how to read it, and its address."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1.element_tree import Block

from pages.shared.frame import navigation
from pages.shared.glossary import glossary
from pages.shared.head import read, share
from tests.pages.app import PAGES, open_address, open_page, texts

PLACE = "http://example.org/rdm"


def popovers(app) -> list[str]:
    waiting, labels = [app.main], []
    while waiting:
        block = waiting.pop()
        for child in getattr(block, "children", {}).values():
            waiting.append(child)
            if isinstance(child, Block) and child.type == "popover":
                labels.append(child.proto.popover.label)
    return labels


def value_of(app, key):
    """Of a widget; of the address, where the widget belongs to a result still to be computed."""
    try:
        return app.session_state[key]
    except KeyError:
        value = "".join(app.query_params[key])
        return json.loads(value.lower()) if value in ("true", "True", "50") else value


def test_each_page_has_its_file():
    assert read.pages() == sorted(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_begins_with_its_name_and_its_question(page):
    app = open_page(page)
    text = read.reading(page)
    assert [title.value for title in app.title] == [app.session_state[navigation.TITLE]]
    assert text.question in texts(app)
    assert text.question.endswith((".", "?"))
    assert {"How to read it", "Share"} <= set(popovers(app))
    assert glossary.shown("\n\n".join(text.sentences)) in texts(app)
    assert len(text.sentences) == 3


@pytest.mark.parametrize("page", [page for page in PAGES if read.reading(page).values])
def test_what_a_page_asks_to_try_is_what_its_button_and_its_address_set(page):
    values = read.reading(page).values
    small = {"recording.stimuli": "120", "recording.subjects": "2"}
    by_address = open_address(page, {**parse_qs(read.reading(page).query), **small})
    by_button = open_page(page).button(key=f"try {page}").click().run()
    for app in (by_address, by_button):
        assert not app.exception
        assert not app.error
        assert "There is no" not in texts(app)
        for key, value in values.items():
            assert value_of(app, key) == value, key


def test_the_address_is_that_of_what_is_in_view(monkeypatch):
    monkeypatch.setattr(share.st, "context", type("Context", (), {"url": PLACE}))
    monkeypatch.setattr(share.st, "query_params", Parameters(roi=["V1", "LOC"], job=["7"]))
    url = share.address({"job": None, "rdm.order": "original"})
    assert url.startswith(f"{PLACE}?")
    assert parse_qs(urlsplit(url).query) == {"roi": ["V1", "LOC"], "rdm.order": ["original"]}
    assert not share.is_here_only(url)


class Parameters(dict):
    def get_all(self, key: str) -> list[str]:
        return list(self[key])


def test_a_page_without_a_file_says_what_it_lacks():
    with pytest.raises(read.InputError, match=r"nowhere\.toml"):
        read.reading("nowhere")
