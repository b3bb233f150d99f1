"""The pages of the app, and the guard that they never run without it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

HERE = Path(__file__).parent
ICON = HERE / "icon.svg"
STARTED, PAGE, TITLE = "app_started", "page_in_view", "title_in_view"
START = "start"


def navigate() -> Page:
    """Set up the tab of the browser and declare the pages; gives the one in view."""
    st.session_state[STARTED] = True
    # A file, and before the pages: as icon of the tab Streamlit fetches one that it knows by
    # name, as those of the pages, from a host outside this machine.
    st.set_page_config(page_title="Neurogallery", page_icon=ICON, layout="wide")
    # Expanded: Streamlit hides the pages beyond the tenth behind "View more" otherwise.
    page = st.navigation(_groups(), expanded=True)
    st.set_page_config(page_title=f"{page.title} · Neurogallery")
    st.session_state[PAGE] = page.url_path or START
    st.session_state[TITLE] = page.title
    return page


def keep_one_entry() -> None:
    """A visit to a page is one entry in the history of the browser, whatever is set there."""
    with st.container(key="history"):
        st.html(f"<script>{_script()}</script>", unsafe_allow_javascript=True)


@cache
def _script() -> str:
    return (HERE / "history.js").read_text("utf-8")


def _groups() -> dict[str, list[Page]]:
    """The pages as the sidebar lists them, by what one does there."""
    return {
        "Look": [
            _page(START, "Start", "home", default=True),
            _page("lessons", "Lessons", "school"),
            _page("overview", "Overview", "collections"),
            _page("responses", "Responses", "ssid_chart"),
            _page("rdm", "RDM", "grid_on"),
            _page("compare", "Compare", "balance"),
            _page("selection", "Selection", "select_check_box"),
        ],
        "Map": [
            _page("maps", "Maps", "scatter_plot"),
            _page("clusters", "Clusters", "bubble_chart"),
            _page("components", "Components", "stacked_line_chart"),
        ],
        "Decode": [
            _page("encoders", "Encoders", "image_search"),
            _page("train", "Train", "model_training"),
            _page("retrieval", "Retrieval", "manage_search"),
            _page("zero_shot", "Zero-shot", "category"),
            _page("dissimilarity", "Predict dissimilarity", "difference"),
        ],
        "Encode": [
            _page("encoding", "Encoding", "neurology"),
            _page("cortex", "Cortex", "psychology"),
        ],
        "Tools": [
            _page("data", "Data", "database"),
            _page("ground_truth", "Ground truth", "science"),
            _page("ablations", "Ablations", "rule"),
            _page("jobs", "Jobs", "checklist"),
        ],
    }


def _page(name: str, title: str, icon: str, *, default: bool = False) -> Page:
    return st.Page(f"pages/{name}.py", title=title, icon=f":material/{icon}:", default=default)


def page_in_view() -> str:
    """The page in view as its address names it, which its keys begin with."""
    return str(st.session_state[PAGE])


def title_in_view() -> str:
    """The page in view as the sidebar names it."""
    return str(st.session_state[TITLE])


def path_to(address: str) -> str:
    """The path of an address below the app, such as ``rdm?roi=LOC``, for a link to it.

    Such a link begins a session, and what the address does not say is as it is by default. One
    within the session would keep the widgets of the sidebar and of a page already in view as they
    are, and leave the former page with the new settings behind in the history.
    """
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return "/".join(("", base, address) if base else ("", address))


def require_app() -> None:
    """Begin again with app.py where Streamlit ran a page by itself.

    Until the first ``st.navigation`` of a server, Streamlit takes the folder pages/ for
    pages that stand alone; a shared address may be the first one that a server sees.
    """
    if not st.session_state.pop(STARTED, False):
        navigate()
        st.rerun()
