"""Terms of the field in the texts of the app, and the words that stand for them there."""

from __future__ import annotations

import re

# A term, and how a text words it where that is not the term itself: [[RDM]], [[RDM|RDMs]].
MARKED = re.compile(r"\[\[([^|\]]+)(?:\|([^\]]+))?\]\]")


def terms_in(text: str) -> list[str]:
    """The terms that a text marks, in its order, each once."""
    return list(dict.fromkeys(match[1] for match in MARKED.finditer(text)))


def shown(text: str) -> str:
    """A text with its terms set off, as Markdown."""
    return MARKED.sub(lambda match: f"**{match[2] or match[1]}**", text)
