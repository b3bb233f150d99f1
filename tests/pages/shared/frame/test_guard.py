"""What core explains is a message: in pages, in parts of the sidebar, fragments and callbacks."""

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import InputError, NeurogalleryError
from core.paths import PROJECT
from pages.shared.frame import guard
from pages.shared.frame.job_parts import line
from tests.pages.app import open_page, press

# Below the frame: they draw what they are given, and say what cannot be exported themselves.
BELOW = ("components", "export")


def guarded_app() -> None:
    import streamlit as st

    from core.errors import InputError
    from pages.shared.frame import guard

    def refuse(number: int = 0) -> None:
        raise InputError(f"The *number* is {number}", "another one", "Change it.")

    def break_down() -> None:
        raise ZeroDivisionError("a mistake of ours")

    def page() -> None:
        st.markdown("begun")
        refuse(7)

    @guard.fragment()
    def part(number: int) -> None:
        st.markdown(f"part {number}")
        refuse(number)

    guard.guard_callbacks()
    guard.guard_callbacks()
    guard.show_failed_callback()
    guard.guarded(page)
    part(3)
    st.button("refused", on_click=refuse, args=(5,))
    st.button("broken", on_click=break_down)
    st.button("fine", on_click=lambda: None)
    st.text_input("Text", on_change=refuse)
    st.markdown("ended")


def errors(app: AppTest) -> list[str]:
    return [each.value for each in app.error]


def said(number: int) -> str:
    return f"The \\*number\\* is {number}. Expected another one. Change it."


def test_pages_fragments_and_callbacks_end_with_a_message():
    app = AppTest.from_function(guarded_app).run()
    assert not app.exception
    always = [said(7), said(3)]
    assert errors(app) == always
    assert [each.value for each in app.markdown] == ["begun", "part 3", "ended"]
    app = press(app, "refused")
    assert not app.exception
    assert errors(app) == [said(5), *always]
    assert errors(app.run()) == always
    app = app.text_input[0].input("x").run()
    assert errors(app) == [said(0), *always]
    app = press(app, "fine")
    assert errors(app) == always


def test_a_mistake_of_ours_stays_one():
    app = press(AppTest.from_function(guarded_app).run(), "broken")
    assert len(app.exception) == 1
    assert not app.error


@pytest.mark.parametrize("error", [NeurogalleryError("The disk is full"), InputError("It broke")])
def test_a_part_of_the_sidebar_that_fails_leaves_the_rest(monkeypatch, error):
    def fail() -> None:
        raise error

    monkeypatch.setattr(line.jobs, "statuses", fail)
    app = open_page("overview")
    assert not app.exception
    assert [each.value for each in app.sidebar.error] == [str(error)]
    assert app.sidebar.selectbox(key="recording").value == "simulated"
    assert app.main.title
    assert not app.main.error


def fragments_of(path: Path) -> list[str]:
    return [
        node.value.id
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr == "fragment"
        and isinstance(node.value, ast.Name)
    ]


def test_every_fragment_is_guarded():
    shared = PROJECT / "pages" / "shared"
    used = set()
    for path in (PROJECT / "pages").rglob("*.py"):
        if path == Path(guard.__file__) or path.relative_to(PROJECT / "pages").parts[1:2] in [
            (name,) for name in BELOW
        ]:
            continue
        owners = fragments_of(path)
        assert "st" not in owners, path
        used |= {path.relative_to(shared).parts[0] for _ in owners}
    assert {"frame", "jobs", "maps", "rdm"} <= used
