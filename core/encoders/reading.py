"""What an encoder makes of a text: what it reads, which words it learned, whether it matches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.encoders.encode import encode_text, load_reader
from core.encoders.encoder import check_parameters, get
from core.errors import InputError
from core.retrieval import search

WORD = re.compile(r"\w+")
MOST, LONGEST = 3, 60
# Texts of the null, words in each, and the p above which a match is weak.
NULL_TEXTS, FEWEST_WORDS, MOST_WORDS, WEAK = 200, 4, 8, 0.05
# Of everyday things: what an encoder that declares no words is asked instead.
EVERYDAY = "clip-small"


@dataclass(frozen=True)
class TextNull:
    """How well texts without a meaning match some images.

    Attributes
    ----------
    best : np.ndarray of shape (texts,), float32
        Cosine of each text and the image nearest to it, ascending.
    """

    best: np.ndarray

    @property
    def threshold(self) -> float:
        """The largest cosine that is still weak: that of the 95th of 100 texts."""
        return float(self.best[-int(WEAK * (len(self.best) + 1))])

    def p(self, similarity: float) -> float:
        """Share of the texts that match as well, the query itself counted among them."""
        stronger = int((self.best >= similarity).sum())
        return (1 + stronger) / (1 + len(self.best))

    def is_weak(self, similarity: float) -> bool:
        """Whether a match is not stronger than those of 95 % of the texts."""
        return self.p(similarity) > WEAK


def measure_null(features: np.ndarray, encoder: str, **parameters: Any) -> TextNull:
    """How well texts match images by chance, which tells what a search may be worth.

    The null hypothesis is that a text says no more of the images than words at random. So
    ``NULL_TEXTS`` texts of 4 to 8 words, drawn at random from those that the encoder learned (of
    an encoder that declares none, from those of ``clip-small``, which name everyday things), are
    searched for among the same images; a query is weak where its best match is not stronger than
    95 % of theirs (one-sided, p as Phipson & Smyth 2010, doi:10.2202/1544-6115.1585). The best of
    more images is larger by chance, and so it is in the null.

    Parameters
    ----------
    features : np.ndarray of shape (n, d)
        Embeddings of the images that are searched; rows that are NaN match nothing.
    encoder : str
        Id of one that reads text.
    **parameters
        Parameters that the encoder declares.

    Returns
    -------
    TextNull
        The same for the same features: the texts have seed 0.

    Raises
    ------
    InputError
        If the encoder takes no text.
    """
    learned = get(encoder).words() or get(EVERYDAY).words() or frozenset(("a",))
    texts = encode_text(random_texts(learned), encoder, **parameters)
    _, similarities = search(texts, features, 1, fewer=True)
    return TextNull(np.sort(similarities[:, 0]))


def random_texts(words: frozenset[str], seed: int = 0) -> list[str]:
    """``NULL_TEXTS`` texts of different words drawn at random, the same for the same words."""
    rng = np.random.default_rng(seed)
    listed = sorted(words)
    return [
        " ".join(rng.choice(listed, min(count, len(listed)), replace=False))
        for count in rng.integers(FEWEST_WORDS, MOST_WORDS + 1, NULL_TEXTS)
    ]


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
