"""The glossary, ``docs/glossary.md``, and how texts mark the terms that it explains."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import CorruptDataError
from core.paths import PROJECT

FILE = PROJECT / "docs" / "glossary.md"
SOURCE = "Source: "
# A term, and how a text words it where that is not the term itself: [[RDM]], [[RDM|RDMs]].
MARKED = re.compile(r"\[\[([^|\]]+)(?:\|([^\]]+))?\]\]")


@dataclass(frozen=True)
class Term:
    """A word of the field: one or two sentences, and where it comes from."""

    name: str
    text: str
    source: str


@functools.cache
def terms() -> dict[str, Term]:
    """Every term by its name, in the order of the file.

    Raises
    ------
    CorruptDataError
        If an entry is not a heading, its sentences and its source.
    """
    entries = {}
    for entry in FILE.read_text(encoding="utf-8").split("\n## ")[1:]:
        name, _, body = entry.strip().partition("\n")
        text, _, source = body.partition(f"\n{SOURCE}")
        if not text or not source:
            raise CorruptDataError(
                f"{FILE.name}: {name!r} lacks its sentences or its source",
                f"a heading, one or two sentences, and a line that begins with '{SOURCE}'",
            )
        entries[name] = Term(name, text, source)
    return entries


def terms_in(text: str) -> list[str]:
    """The terms that a text marks, in its order, each once."""
    return list(dict.fromkeys(match[1] for match in MARKED.finditer(text)))


def shown(text: str) -> str:
    """A text with its terms set off, as Markdown."""
    return MARKED.sub(lambda match: f"**{match[2] or match[1]}**", text)


def explain(names: Iterable[str], with_sources: bool = False) -> str:
    """A list of terms with what they mean, as Markdown; names without an entry are left out."""
    known = [terms()[name] for name in names if name in terms()]
    return "\n".join(
        f"- **{term.name}**: {term.text}" + (f" :small[{term.source}]" if with_sources else "")
        for term in known
    )
