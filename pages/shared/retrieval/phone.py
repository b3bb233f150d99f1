"""The address of the demonstration as a QR code, for the phones of an audience."""

from __future__ import annotations

import streamlit as st

from pages.shared.frame import guard
from pages.shared.frame.text import plain
from pages.shared.head import share

WIDTH = 300
PRESENTED = {"retrieval.present": "true", "job": None}


@guard.fragment()
def offer() -> None:
    """A popover with the code of the presentation at the response in view.

    A fragment that runs when it is opened: the response may have changed since the page ran.
    """
    with st.popover("Phone", icon=":material/qr_code_2:", on_change="rerun") as popover:
        if not popover.open:
            return
        where = share.address(PRESENTED)
        drawing = share.code(where)
        if drawing is None:
            st.caption("The address is too long for a code: shorten the texts in it.")
            return
        st.image(drawing, width=WIDTH, alt="QR code of the address below")
        st.caption(plain(where))
        if share.is_here_only(where):
            st.caption(share.HERE_ONLY)
