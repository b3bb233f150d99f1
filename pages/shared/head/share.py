"""The address of what is in view, to copy, and as a QR code."""

from __future__ import annotations

import io
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlencode, urlsplit

import streamlit as st

from pages.shared.frame import guard

HERE = ("localhost", "127.0.0.1", "[::1]")
MODULE = 8
NO_CHANGES: Mapping[str, str | None] = MappingProxyType({})
HERE_ONLY = (
    "Others do not reach this address: the app listens on this machine alone. Start it with "
    "`.venv/bin/streamlit run app.py --server.address 0.0.0.0` and open it by the name of the "
    "machine. Whoever reaches it can use all of it."
)


@guard.fragment()
def offer() -> None:
    """A popover with the address of what is in view.

    A fragment that runs when it is opened: a click may have changed the address since.
    """
    popover = st.popover("Share", type="tertiary", on_change="rerun")
    with popover:
        if not popover.open:
            return
        where = address()
        st.markdown("This address opens the page as it is in view.")
        st.code(where, language=None, wrap_lines=True)
        if is_here_only(where):
            st.caption(HERE_ONLY)


def address(changes: Mapping[str, str | None] = NO_CHANGES) -> str:
    """Of what is in view, as the browser of this session sees the app.

    Parameters
    ----------
    changes : mapping of str to str or None
        Values that it has besides, or instead, by their keys; None for a key that it goes without.
    """
    present = {key: st.query_params.get_all(key) for key in st.query_params}
    values = {key: value for key, value in {**present, **changes}.items() if value is not None}
    url = str(st.context.url or "http://localhost:8501").partition("?")[0]
    return f"{url}?{urlencode(values, doseq=True)}" if values else url


def code(text: str) -> bytes | None:
    """QR code as PNG, with the quiet zone of four modules that readers need; None if too long."""
    import segno

    drawing = io.BytesIO()
    try:
        matrix = segno.make_qr(text)
    except segno.DataOverflowError:
        return None
    matrix.save(drawing, kind="png", scale=MODULE, border=4)
    return drawing.getvalue()


def is_here_only(url: str) -> bool:
    """Whether an address leads to the machine that opens it."""
    return (urlsplit(url).hostname or "") in {name.strip("[]") for name in HERE}
