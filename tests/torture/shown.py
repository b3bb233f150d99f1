"""What a page shows: an exception, or messages that are not the project's own."""

from __future__ import annotations

from streamlit import config
from streamlit.testing.v1 import AppTest

from core.errors import NeurogalleryError
from tests.torture.outcome import judged

# The server tells the browser less of an exception; here its type is wanted.
config.set_option("client.showErrorDetails", "full")


class ShownException(Exception):
    """An exception page."""


def check_page(app: AppTest) -> None:
    """Raise ``ShownException``, or a foreign message as an error for ``Outcome.trying``."""
    for shown in app.exception:
        trace = [
            line.strip() for line in shown.stack_trace if "/core/" in line or "/pages/" in line
        ]
        first = str(shown.message).splitlines()[:1]
        raise ShownException(f"{shown.proto.type}: {first[0][:160] if first else ''} {trace[-2:]}")
    for shown in (*app.error, *app.warning):
        if judged(str(shown.value), "")[0] == "foreign":
            raise NeurogalleryError(str(shown.value))
