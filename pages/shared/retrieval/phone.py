"""The address of the demonstration as a QR code, for the phones of an audience."""

from __future__ import annotations

import io
from urllib.parse import urlencode, urlsplit

import streamlit as st

from pages.shared.frame.text import plain

HERE = ("localhost", "127.0.0.1", "[::1]")
WIDTH, MODULE = 300, 8


@st.fragment
def offer() -> None:
    """A popover with the code of the presentation at the response in view.

    A fragment that runs when it is opened: the response may have changed since the page ran.
    """
    with st.popover("Phone", icon=":material/qr_code_2:", on_change="rerun") as popover:
        if not popover.open:
            return
        where = address()
        drawing = code(where)
        if drawing is None:
            st.caption("The address is too long for a code: shorten the texts in it.")
            return
        st.image(drawing, width=WIDTH, alt="QR code of the address below")
        st.caption(plain(where))
        if is_here_only(where):
            st.caption(
                "Phones do not reach this address: the app listens on this machine alone. Start it "
                "with `.venv/bin/streamlit run app.py --server.address 0.0.0.0` and open it by the "
                "name of the machine. Whoever reaches it can use all of it."
            )


def address() -> str:
    """Of the presentation, as the browser of this session sees the app."""
    parameters = {key: st.query_params.get_all(key) for key in st.query_params}
    parameters = {**parameters, "retrieval.present": ["true"]}
    parameters.pop("job", None)
    url = str(st.context.url or "http://localhost:8501/retrieval").partition("?")[0]
    return f"{url}?{urlencode(parameters, doseq=True)}"


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
