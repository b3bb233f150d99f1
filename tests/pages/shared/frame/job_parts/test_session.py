"""The id of a browser: random, kept in a cookie, the same for each session that sends it."""

import re

import pytest

from pages.shared.frame.job_parts import session
from tests.pages.app import open_page


@pytest.fixture
def sent(monkeypatch):
    cookies = {"neurogallery_session": ""}
    monkeypatch.setattr(session, "_sent", lambda: cookies["neurogallery_session"])
    return cookies


def scripts(app):
    return [each.value for each in app.html if "document.cookie" in each.value]


def test_a_browser_is_given_an_id_and_keeps_it(sent):
    app = open_page("jobs")
    own = app.session_state[session.SESSION]
    assert re.fullmatch("[0-9a-f]{16}", own)
    [script] = scripts(app)
    assert f"neurogallery_session={own}; path=/; SameSite=Lax" in script
    assert app.run().session_state[session.SESSION] == own
    assert open_page("jobs").session_state[session.SESSION] != own
    sent["neurogallery_session"] = own  # another tab, or the same one after a reload
    again = open_page("jobs")
    assert again.session_state[session.SESSION] == own
    assert scripts(again) == []


def test_a_cookie_of_another_form_is_no_id(sent):
    sent["neurogallery_session"] = "<script>alert(1)</script>"
    app = open_page("jobs")
    assert re.fullmatch("[0-9a-f]{16}", app.session_state[session.SESSION])
