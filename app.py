"""Neurogallery: page set-up, navigation and the shared sidebar."""

import streamlit as st

from pages.shared import recording

st.set_page_config(page_title="Neurogallery", page_icon=":material/neurology:", layout="wide")
page = st.navigation(
    [
        st.Page("pages/overview.py", title="Overview", icon=":material/collections:", default=True),
        st.Page("pages/responses.py", title="Responses", icon=":material/ssid_chart:"),
        st.Page("pages/rdm.py", title="RDM", icon=":material/grid_on:"),
        st.Page("pages/jobs.py", title="Jobs", icon=":material/checklist:"),
    ]
)
recording.sidebar()
recording.guarded(page.run)
