"""The phrase in which the name of a category is read for zero-shot classification."""

from __future__ import annotations

from collections.abc import Iterable

# Scores depend on the wording; only embeddings of one wording can be compared.
PROMPT = "a picture of a {}"


def prompts(names: Iterable[str]) -> list[str]:
    """Put each name of a category into ``PROMPT``, to be read by ``encode_text``.

    Source: Radford et al. (2021), arXiv:2103.00020, section 3.1.4.
    """
    return [PROMPT.format(name) for name in names]
