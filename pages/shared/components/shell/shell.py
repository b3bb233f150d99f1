"""What Streamlit leaves undone round every page: skip links, list roles, a sidebar that closes."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent
KEY = "shell"
SCRIPT = f"<script>(() => {{ {(HERE / 'shell.js').read_text('utf-8')} }})();</script>"


def shell() -> None:
    """Add the script, which takes no room: the style of all pages hides its place."""
    with st.container(key=KEY):
        st.html(SCRIPT, unsafe_allow_javascript=True)
