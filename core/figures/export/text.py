"""Text of charts as it is printed, and their colours."""

from __future__ import annotations

import html
import re
import textwrap
from typing import Any

ELLIPSIS = "…"
# Width of a letter as a share of its size: the mean of DejaVu Sans, the widest of the fonts.
LETTER = 0.58


def printed(text: Any) -> str:
    """Text without the HTML that browsers read in it."""
    lines = re.sub(r"<br\s*/?>", "\n", str(text or ""))
    return html.unescape(re.sub(r"<[^>]+>", "", lines)).strip()


def is_bold(text: Any) -> bool:
    """Whether all of a text is bold."""
    return str(text).startswith("<b>") and str(text).endswith("</b>")


def fitted(text: str, points: float, font_size: float, lines: int = 2) -> str:
    """A text in at most so many lines of a width, cut where it is longer."""
    letters = max(4, int(points / (LETTER * font_size)))
    parts = textwrap.wrap(text, letters, max_lines=lines, placeholder=ELLIPSIS)
    return "\n".join(parts)


def colour(value: Any) -> Any:
    """A colour of Plotly for Matplotlib: '#rrggbb', a name, or 'rgb(…)' and 'rgba(…)'."""
    parts = re.fullmatch(r"rgba?\(([^)]*)\)", str(value).replace(" ", ""))
    if parts is None:
        return "none" if value is None else value
    red, green, blue, *alpha = (float(part) for part in parts[1].split(","))
    return (red / 255, green / 255, blue / 255, alpha[0] if alpha else 1.0)
