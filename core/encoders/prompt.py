"""The phrase in which the name of a category is read for zero-shot classification."""

from __future__ import annotations

from collections.abc import Iterable

from core.errors import InputError

# Scores depend on the wording; only embeddings of one wording can be compared.
PROMPT = "a picture of a {}"
PLACE = "{}"


def prompts(names: Iterable[str], prompt: str = PROMPT) -> list[str]:
    """Put each name of a category into a prompt, to be read by ``encode_text``.

    Source: Radford et al. (2021), arXiv:2103.00020, section 3.1.4.
    """
    return [prompt.replace(PLACE, name) for name in names]


def check_prompts(wordings: Iterable[str]) -> tuple[str, ...]:
    """The prompts without spaces at their ends, each once.

    Raises
    ------
    InputError
        If there is none, one is empty, or one has no place for the name.
    """
    kept = tuple(dict.fromkeys(wording.strip() for wording in wordings))
    if not kept:
        raise InputError("There is no prompt", f"one such as {PROMPT!r}")
    for wording in kept:
        if PLACE not in wording:
            raise InputError(
                f"The prompt {wording!r} has no {PLACE}" if wording else "A prompt is empty",
                f"{PLACE} where the name of the category goes, such as {PROMPT!r}",
            )
    return kept
