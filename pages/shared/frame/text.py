"""Texts from people's files, which are shown as they are and never interpreted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.words import counted as counted

_SIGNS = re.compile(r"([\\`*_$\[\]:#~<>|{}!])")


class Markup(str):
    """HTML for ``st.html`` that stands as it is.

    Any other text Streamlit takes for the name of a file first, and looks for its indents: with
    images in it that takes longer than to send it.
    """

    def _repr_html_(self) -> str:
        return self


def plain(text: object) -> str:
    """Escape what Markdown, HTML or LaTeX would interpret."""
    # JSON may hold halves of a character, which no page can show.
    return _SIGNS.sub(r"\\\1", str(text).encode(errors="replace").decode())


def in_words(values: Mapping[str, Any], usual: Mapping[str, Any]) -> str:
    """What of the settings behind a button differs from the default, in a sentence; else ''."""
    differing = [f"{name} {value}" for name, value in values.items() if value != usual[name]]
    return f"Settings: {plain(', '.join(differing))}." if differing else ""
