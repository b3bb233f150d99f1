"""Files that came damaged: what every reader must answer with an error of the project's own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import strategies as st

from core.errors import NeurogalleryError


@st.composite
def overwritten(draw: st.DrawFn, content: bytes) -> bytes:
    """A file with some bytes overwritten, or cut, or both."""
    damaged = bytearray(content)
    places = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255))
    for place, byte in draw(st.lists(places, max_size=5)):
        damaged[place] = byte
    return bytes(damaged[: draw(st.just(len(content)) | st.integers(0, len(content)))])


def check_only_own_errors(read: Callable[[Path], object], content: bytes, ending: str) -> None:
    """Read a file of a new name: it is read, or refused in one line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{ending}"
        path.write_bytes(content)
        try:
            read(path)
        except NeurogalleryError as error:
            line = str(error)
        else:
            line = ""
    assert "\n" not in line
