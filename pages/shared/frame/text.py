"""Texts from people's files, which are shown as they are and never interpreted."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"([\\`*_$\[\]:#~<>|{}!])")


def counted(count: int, noun: str) -> str:
    """Such as '1 image' and '1,200 images'."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def plain(text: object) -> str:
    """Escape what Markdown, HTML or LaTeX would interpret."""
    return _MARKUP.sub(r"\\\1", str(text))
