"""Texts from people's files, which are shown as they are and never interpreted."""

from __future__ import annotations

import re

from core.words import counted as counted

_MARKUP = re.compile(r"([\\`*_$\[\]:#~<>|{}!])")


def plain(text: object) -> str:
    """Escape what Markdown, HTML or LaTeX would interpret."""
    return _MARKUP.sub(r"\\\1", str(text))
