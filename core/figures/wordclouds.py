"""Wordclouds: the larger a word, the larger its weight."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping

from core.errors import InputError
from core.figures.images import CATEGORY_COLOURS

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
        after the 80 heaviest; long ones are cut.
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
    words = _words(weights)
    if not words:
        return None
    # The library brings matplotlib along: it is imported when a cloud is drawn.
    from wordcloud import WordCloud

    colours = colours_on(dark)
    place = {word: number for number, word in enumerate(words)}

    def colour(word: str, **_: object) -> str:
        return colours[place[word] % len(colours)]

    cloud = WordCloud(
        width=width,
        height=height,
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
    buffer = io.BytesIO()
    cloud.generate_from_frequencies(words).to_image().save(buffer, "PNG")
    return buffer.getvalue()


def colours_on(dark: bool) -> tuple[str, ...]:
    """The colour-blind-safe colours that stand out on the light or dark theme."""
    ground = GROUNDS[dark]
    return tuple(
        colour for colour in CATEGORY_COLOURS if _contrast(colour, ground) >= LEAST_CONTRAST
    )


def _words(weights: Mapping[str, float]) -> dict[str, float]:
    """Words that can be drawn, the heaviest first; a cut word keeps its heaviest weight."""
    usable = {
        word.strip(): weight
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
