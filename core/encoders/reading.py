"""What an encoder makes of a text: where it stops reading, which words it never learned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from core.encoders.encode import load_reader
from core.encoders.encoder import check_parameters, get
from core.errors import InputError

WORD = re.compile(r"\w+")
MOST, LONGEST = 3, 60


def check_text(texts: Sequence[str], encoder: str, **parameters: Any) -> list[str]:
    """Say what of some texts an encoder does not read, and which words it never learned.

    Parameters
    ----------
    texts : sequence of str
    encoder : str
        Id of one that reads text.
    **parameters
        Parameters that the encoder declares.

    Returns
    -------
    list of str
        A sentence for each text that is cut (of the first ``MOST``), and, from an encoder
        that declares the words that it learned, for each text without a word, and for the
        words that it never learned; else empty.

    Raises
    ------
    InputError
        If the encoder takes no text.
    """
    chosen = get(encoder)
    if not chosen.info.has_text:
        raise InputError(f"{encoder} takes no text", "an encoder that does")
    several = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
    if not several:
        return []
    label = chosen.info.label
    parts = load_reader(chosen, check_parameters(chosen.info, parameters)).read(several)
    cut = [(part, text) for part, text in zip(parts, several, strict=True) if part != text]
    notes = [_cut(label, part, text) for part, text in cut[:MOST]]
    if len(cut) > MOST:
        notes.append(f"{len(cut) - MOST:,} more texts are too long for it.")
    learned = chosen.words()
    if learned is None:
        return notes
    # Only what is read can be misunderstood.
    read = dict.fromkeys(word for part in parts for word in WORD.findall(part.lower()))
    notes += [
        f"{label} finds no word in '{part}': what it makes of it means nothing."
        for part in [part for part in parts if not WORD.search(part)][:MOST]
    ]
    return notes + _unknown(label, [word for word in read if word not in learned])


def _cut(label: str, part: str, text: str) -> str:
    """Name the first word that is not read."""
    read, words = part.split(), text.split()
    if read != words[: len(read)]:
        return f"{label} reads only the beginning of '{_shortened(words[len(read) - 1])}'."
    return (
        f"{label} reads {len(read):,} of {len(words):,} words: it leaves out "
        f"'{_shortened(words[len(read)])}' and what follows."
    )


def _shortened(text: str) -> str:
    text = text.strip()
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()}…"


def _unknown(label: str, words: Sequence[str]) -> list[str]:
    if not words:
        return []
    shown = ", ".join(f"'{word}'" for word in words[: 3 * MOST])
    more = f" and {len(words) - 3 * MOST:,} more" if len(words) > 3 * MOST else ""
    return [
        f"{label} never learned {shown}{more}: what it makes of "
        f"{'it' if len(words) == 1 else 'them'} means nothing."
    ]
