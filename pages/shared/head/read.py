"""How to read each page: a question, three sentences and one thing to try, a file a page."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.errors import InputError
from pages.shared.frame import widgets
from pages.shared.frame.address import DEFAULT
from pages.shared.glossary import glossary

FOLDER = Path(__file__).parent / "reading"


@dataclass(frozen=True)
class Reading:
    """How to read a page.

    Attributes
    ----------
    question : str
        That the page answers, in plain words.
    sentences : tuple of str
        Three, as Markdown.
    task : str
        One thing to try.
    more_terms : tuple of str
        Of the glossary, that the page uses and the texts do not.
    values : mapping of str to Any
        The widgets that the task sets, by their keys, on the built-in experiment.
    """

    question: str
    sentences: tuple[str, ...]
    task: str
    more_terms: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def terms(self) -> list[str]:
        """Terms of the glossary: those that the texts mark, and more, each once."""
        marked = glossary.terms_in(" ".join((*self.sentences, self.task)))
        return list(dict.fromkeys((*marked, *self.more_terms)))

    @property
    def query(self) -> str:
        """The values as the query of an address."""
        words = {True: "true", False: "false"}
        values = {
            key: words[value] if isinstance(value, bool) else value
            for key, value in self.values.items()
        }
        return urlencode(values, doseq=True)


@functools.cache
def reading(page: str) -> Reading:
    """How to read a page, from its file.

    Parameters
    ----------
    page : str
        As its address names it.

    Raises
    ------
    InputError
        If there is no such file, or it lacks a part.
    """
    path = FOLDER / f"{page}.toml"
    try:
        parts = tomllib.loads(path.read_text(encoding="utf-8"))
        task = parts["try"]
        return Reading(
            parts["question"],
            tuple(parts["reading"]),
            task["text"],
            tuple(parts.get("terms", ())),
            task.get("set", {}),
        )
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"How to read the page {page} is not in {path.name} ({error!r}); expected question, "
            f"reading and [try] with a text: see the files beside it"
        ) from error


def pages() -> list[str]:
    """The pages that have a file."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def offer(page: str, text: Reading) -> None:
    """The popover *How to read it*."""
    with st.popover("How to read it", type="tertiary"):
        st.markdown(glossary.shown("\n\n".join(text.sentences)))
        st.markdown(f"**Try it.** {glossary.shown(text.task)}")
        if text.values:
            st.button(
                "Set the page so",
                key=f"try {page}",
                on_click=widgets.set_widgets,
                args=({"recording": DEFAULT, **text.values}, {"recording": DEFAULT}),
            )
        if text.terms:
            st.markdown(f"**Words on this page**\n\n{glossary.explain(text.terms, True)}")
