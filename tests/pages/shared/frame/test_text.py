"""Texts of files are shown as they are; HTML of the product is sent as it stands."""

from streamlit.testing.v1 import AppTest

from pages.shared.frame.text import plain


def test_signs_of_markdown_are_escaped():
    assert plain("a_b *c* <i>") == r"a\_b \*c\* \<i\>"


def test_markup_is_sent_with_its_indents():
    app = AppTest.from_function(_page_of_markup)
    app.run()
    assert not app.exception
    assert app.get("html")[0].proto.body == "  <p>\n    one\n  two</p>"


def _page_of_markup():
    import streamlit as st

    from pages.shared.frame.text import Markup

    st.html(Markup("  <p>\n    one\n  two</p>"))
