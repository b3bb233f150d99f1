"""Whose a job or a decoder is: a session is a browser, known by a random id in a cookie.

A link to a page with settings begins a session of Streamlit, and a reload does: without the
cookie the jobs of before would be those of somebody else. It lasts until the browser is closed
and says nothing about who sits there.
"""

from __future__ import annotations

import re
import secrets

import streamlit as st

SESSION, COOKIE = "own_session", "neurogallery_session"
ID = re.compile(r"[0-9a-f]{16}")
# What the reader is told of whatever another session started.
NOT_OWN = "Started by another session or on the command line"


def own_session() -> str:
    """Id of this browser; of this session alone where it takes no cookie."""
    if SESSION not in st.session_state:
        sent = _sent()
        st.session_state[SESSION] = sent if ID.fullmatch(sent) else secrets.token_hex(8)
    session: str = st.session_state[SESSION]
    return session


def keep_session() -> None:
    """Have the browser send the id with the next session."""
    own = own_session()
    if _sent() != own:
        script = f'document.cookie = "{COOKIE}={own}; path=/; SameSite=Lax"'
        st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


def is_own(session: str) -> bool:
    """Whether this browser started what has this session."""
    return session == own_session()


def _sent() -> str:
    return str(st.context.cookies.get(COOKIE, ""))
