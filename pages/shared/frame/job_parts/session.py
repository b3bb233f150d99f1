"""Whose a job or a decoder is: a session is a tab of a browser, known by a random id."""

from __future__ import annotations

import secrets

import streamlit as st

SESSION = "own_session"
# What the reader is told of whatever another session started.
NOT_OWN = "Started by another session or on the command line"


def own_session() -> str:
    """Id of this tab, which lasts as long as the tab; it says nothing about who sits there."""
    session: str = st.session_state.setdefault(SESSION, secrets.token_hex(8))
    return session


def is_own(session: str) -> bool:
    """Whether this tab started what has this session."""
    return session == own_session()
