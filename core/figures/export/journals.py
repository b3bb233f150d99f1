"""Widths of figures that journals ask for, each with the guide that says so."""

from __future__ import annotations

from typing import NamedTuple


class PrintWidth(NamedTuple):
    """A width of figures.

    Attributes
    ----------
    label : str
    width : float
        In mm.
    font_size : float
        In points, within what the guide allows.
    dpi : int
        At least what the guide asks for.
    highest : float
        Largest height in mm.
    source : str
    """

    label: str
    width: float
    font_size: float
    dpi: int
    highest: float
    source: str


_NATURE = (
    "Nature research figure guide, 'Building and exporting figure panels': 89 and 183 mm wide, at "
    "most 170 mm high, 5 to 7 pt, text that is not outlined (research-figure-guide.nature.com, "
    "read 2026)"
)
_CELL = (
    "Cell Press figure guidelines: 85 and 174 mm wide, at most 200 mm high, Arial of 6 pt or more, "
    "300 dpi (cell.com/information-for-authors/figure-guidelines, read 2026)"
)
_JNEUROSCI = (
    "The Journal of Neuroscience, illustrations: 8.5, 11.6 and 17.6 cm wide, at most 22 cm high, 8 "
    "to 12 pt (jneurosci.org, read 2026)"
)
_ELSEVIER = (
    "Elsevier artwork sizing (NeuroImage): 90, 140 and 190 mm wide, 7 pt "
    "(elsevier.com, artwork and media instructions, read 2026)"
)
_SLIDE = "Half and whole of a slide of 13.33 x 7.5 inches (16:9), letters for a projector"

# Guides change: the source says what was read, and when.
WIDTHS = (
    PrintWidth("Nature, single column", 89, 7, 300, 170, _NATURE),
    PrintWidth("Nature, double column", 183, 7, 300, 170, _NATURE),
    PrintWidth("Cell Press, single column", 85, 7, 300, 200, _CELL),
    PrintWidth("Cell Press, double column", 174, 7, 300, 200, _CELL),
    PrintWidth("J Neurosci, single column", 85, 8, 300, 220, _JNEUROSCI),
    PrintWidth("J Neurosci, one and a half columns", 116, 8, 300, 220, _JNEUROSCI),
    PrintWidth("J Neurosci, double column", 176, 8, 300, 220, _JNEUROSCI),
    PrintWidth("NeuroImage, single column", 90, 7, 500, 240, _ELSEVIER),
    PrintWidth("NeuroImage, double column", 190, 7, 500, 240, _ELSEVIER),
    PrintWidth("Slide, half", 150, 14, 200, 150, _SLIDE),
    PrintWidth("Slide, whole", 300, 18, 200, 150, _SLIDE),
)
