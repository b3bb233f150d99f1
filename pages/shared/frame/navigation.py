"""The pages of the app, and the guard that they never run without it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

ICON = Path(__file__).parent / "icon.svg"
STARTED, PAGE = "app_started", "page_in_view"


def navigate() -> Page:
    """Set up the tab of the browser and declare the pages; gives the one in view."""
    st.session_state[STARTED] = True
    # A file, and before the pages: as icon of the tab Streamlit fetches one that it knows by
    # name, as those of the pages, from a host outside this machine.
    st.set_page_config(page_title="Neurogallery", page_icon=ICON, layout="wide")
    page = st.navigation(
        [
            st.Page(
                "pages/overview.py", title="Overview", icon=":material/collections:", default=True
            ),
            st.Page("pages/data.py", title="Data", icon=":material/database:"),
            st.Page("pages/responses.py", title="Responses", icon=":material/ssid_chart:"),
            st.Page("pages/rdm.py", title="RDM", icon=":material/grid_on:"),
            st.Page("pages/maps.py", title="Maps", icon=":material/scatter_plot:"),
            st.Page("pages/clusters.py", title="Clusters", icon=":material/bubble_chart:"),
            st.Page("pages/compare.py", title="Compare", icon=":material/balance:"),
            st.Page("pages/encoders.py", title="Encoders", icon=":material/image_search:"),
            st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
            st.Page("pages/retrieval.py", title="Retrieval", icon=":material/manage_search:"),
            st.Page("pages/zero_shot.py", title="Zero-shot", icon=":material/category:"),
            st.Page("pages/ablations.py", title="Ablations", icon=":material/rule:"),
            st.Page(
                "pages/dissimilarity.py",
                title="Predict dissimilarity",
                icon=":material/difference:",
            ),
            st.Page("pages/ground_truth.py", title="Ground truth", icon=":material/science:"),
            st.Page("pages/jobs.py", title="Jobs", icon=":material/checklist:"),
        ]
    )
    st.session_state[PAGE] = page.url_path or "overview"
    return page


def page_in_view() -> str:
    """The page in view as its address names it, which its keys begin with."""
    return str(st.session_state[PAGE])


def require_app() -> None:
    """Begin again with app.py where Streamlit ran a page by itself.

    Until the first ``st.navigation`` of a server, Streamlit takes the folder pages/ for
    pages that stand alone; a shared address may be the first one that a server sees.
    """
    if not st.session_state.pop(STARTED, False):
        navigate()
        st.rerun()
