"""Numbers as sentences and tables have them, wherever they are read: counts, times, and p."""

from __future__ import annotations

LEAST_P = 0.001


def counted(count: int, singular: str, plural: str = "") -> str:
    """A count with its noun: '1 image', '1,200 images', '2 stimuli' where a plural is named."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def p_number(p: float | None) -> str:
    """A p as tables have it: '0.004', '< 0.001', '–' where there is none."""
    if p is None or p != p:
        return "–"
    return f"< {LEAST_P}" if p < LEAST_P else f"{p:.3f}"


def p_words(p: float | None) -> str:
    """A p as sentences have it: 'p = 0.004', 'p < 0.001', 'no p' where there is none."""
    number = p_number(p)
    return "no p" if number == "–" else f"p {number}" if number[0] == "<" else f"p = {number}"


def lasting(seconds: float) -> str:
    """About how long something takes: 'a few seconds', 'about 20 seconds', 'about 2 minutes'."""
    if seconds < 8:
        return "a few seconds"
    if seconds < 55:
        return f"about {max(10, 10 * round(seconds / 10))} seconds"
    minutes = round(seconds / 60)
    if minutes < 90:
        return "about a minute" if minutes < 2 else f"about {minutes} minutes"
    hours = round(seconds / 3600)
    return f"about {hours} hours" if hours < 48 else f"about {round(hours / 24)} days"
