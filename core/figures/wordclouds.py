"""Wordclouds: the larger a word, the larger its weight."""

from __future__ import annotations

import io
import math
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from core.errors import InputError
from core.figures.images import CATEGORY_COLOURS
from core.validation import one_line

if TYPE_CHECKING:
    from wordcloud import WordCloud

LEAST_SIDE = 80
LONGEST = 32
MOST_WORDS = 80
SHARPNESS = 2
# Grounds of the app's light and dark theme, and the contrast that large text needs (WCAG 2.2).
GROUNDS = {False: "#ffffff", True: "#0e1117"}
LEAST_CONTRAST = 3.0


def wordcloud(
    weights: Mapping[str, float], width: int, height: int, dark: bool, seed: int = 0
) -> bytes | None:
    """Draw words by their weight.

    Parameters
    ----------
    weights : dict of str to float
        Words of no weight (zero, negative or not finite) are left out, as are those
        after the 80 heaviest; long ones are cut, and each stands on one line. The cloud is
        set in the font of the machine that can write most of them. A word that this font
        cannot write (``without_glyphs``) is drawn as the numbers of its characters in
        Unicode: never as boxes, which would be the same for every word.
    width, height : int
        In pixels of the page; the image has twice as many, for sharp screens.
    dark : bool
        Colours that stand out on the dark theme.
    seed : int
        The same words, size and seed give the same image.

    Returns
    -------
    bytes or None
        A PNG with a transparent ground; None where there are no words.
    """
    if min(width, height) < LEAST_SIDE:
        raise InputError(f"The wordcloud has {width} x {height} pixels", f"{LEAST_SIDE} or more")
    words, font = _writable(weights)
    return _drawn(words, font, (width, height), dark, seed) if words else None


class PlacedWord(NamedTuple):
    """A word of a cloud: its size and the left end of its baseline, in pixels from the top."""

    text: str
    size: float
    x: float
    baseline: float
    colour: str


def placed_words(
    weights: Mapping[str, float], width: int, height: int, seed: int = 0
) -> tuple[str, list[PlacedWord]]:
    """The file of the font and the words as ``wordcloud`` draws them, on a light ground."""
    from PIL import ImageFont

    words, font = _writable(weights)
    if not words:
        return font, []
    placed, cloud = [], _cloud(words, font, (width, height), False, seed)
    for (text, _), size, (y, x), _, colour in cloud.layout_:
        # The library puts the ink itself at its place.
        left, top, *_ = ImageFont.truetype(font, size).getbbox(text, anchor="ls")
        placed.append(PlacedWord(text, float(size), x - left, y - top, colour))
    return font, placed


def _writable(weights: Mapping[str, float]) -> tuple[tuple[tuple[str, float], ...], str]:
    """Words as the font of the machine can write them, and its file; none where there are none."""
    words = _words(weights)
    if not words:
        return (), ""
    font = font_of(words)
    missing = characters_of(words) - characters(font)
    return tuple({spelled(word, missing): weight for word, weight in words.items()}.items()), font


@lru_cache(maxsize=64)
def _drawn(
    words: tuple[tuple[str, float], ...], font: str, size: tuple[int, int], dark: bool, seed: int
) -> bytes:
    """The image of words that the font can write; a page asks for the same at each rerun."""
    buffer = io.BytesIO()
    _cloud(words, font, size, dark, seed).to_image().save(buffer, "PNG")
    return buffer.getvalue()


def _cloud(
    words: tuple[tuple[str, float], ...], font: str, size: tuple[int, int], dark: bool, seed: int
) -> WordCloud:
    # The library brings matplotlib along: it is imported when a cloud is drawn.
    from wordcloud import WordCloud

    colours = colours_on(dark)
    place = {word: number for number, (word, _) in enumerate(words)}

    def colour(word: str, **_: object) -> str:
        return colours[place[word] % len(colours)]

    cloud = WordCloud(
        font_path=font,
        width=size[0],
        height=size[1],
        scale=SHARPNESS,
        mode="RGBA",
        background_color=None,
        color_func=colour,
        random_state=seed,
        prefer_horizontal=1.0,
        relative_scaling=0.5,
        max_words=MOST_WORDS,
        margin=3,
    )
    return cloud.generate_from_frequencies(dict(words))


def without_glyphs(weights: Mapping[str, float]) -> list[str]:
    """Words of a wordcloud that its font cannot write, the heaviest first.

    A page shows them as text beside the cloud: a browser has fonts that this machine lacks.
    """
    words = _words(weights)
    if not words:
        return []
    known = characters(font_of(words))
    return [word for word in words if not characters_of([word]) <= known]


def font_of(words: Mapping[str, float]) -> str:
    """File of the font that writes the most, by weight; of several the one of the library."""
    from wordcloud.wordcloud import FONT_PATH

    needed = {word: characters_of([word]) for word in words}
    best, most = str(FONT_PATH), -1.0
    for font in (str(FONT_PATH), *_installed()):
        written = sum(words[word] for word, own in needed.items() if own <= characters(font))
        if written > most:
            best, most = font, written
        if written == sum(words.values()):
            break
    return best


@lru_cache(maxsize=1)
def _installed() -> tuple[str, ...]:
    """Files of the fonts of this machine, in the order of their names."""
    from matplotlib.font_manager import findSystemFonts

    return tuple(sorted(findSystemFonts()))


@cache
def characters(font: str) -> frozenset[int]:
    """Code points that a font file can write; none where it cannot be read."""
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(font).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()


def characters_of(words: Iterable[str]) -> frozenset[int]:
    """Code points of some words that need a glyph: neither spaces nor marks of direction."""
    return frozenset(
        ord(letter)
        for word in words
        for letter in word
        if not letter.isspace() and unicodedata.category(letter) != "Cf"
    )


def spelled(word: str, missing: frozenset[int]) -> str:
    """A word, or the numbers of its characters where some are missing."""
    if not characters_of([word]) & missing:
        return word
    return " ".join(f"U+{ord(letter):04X}" for letter in word if not letter.isspace())


def colours_on(dark: bool) -> tuple[str, ...]:
    """The colour-blind-safe colours that stand out on the light or dark theme."""
    ground = GROUNDS[dark]
    return tuple(
        colour for colour in CATEGORY_COLOURS if _contrast(colour, ground) >= LEAST_CONTRAST
    )


def _words(weights: Mapping[str, float]) -> dict[str, float]:
    """Words that can be drawn, the heaviest first; a cut word keeps its heaviest weight."""
    usable = {
        one_line(word): weight
        for word, weight in weights.items()
        if word.strip() and math.isfinite(weight) and weight > 0
    }
    words: dict[str, float] = {}
    for word, weight in sorted(usable.items(), key=lambda item: (-item[1], item[0])):
        short = word if len(word) <= LONGEST else word[: LONGEST - 1] + "…"
        words.setdefault(short, weight)
    return words


def _contrast(first: str, second: str) -> float:
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255.0 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
