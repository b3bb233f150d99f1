"""How a figure is to be written: its size on paper, its letters, its format."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import InputError

FORMATS = ("svg", "pdf", "png")
MIME = {"svg": "image/svg+xml", "pdf": "application/pdf", "png": "image/png"}
MM_PER_INCH, POINTS_PER_INCH = 25.4, 72.0
WIDTH, HEIGHT, DPI, FONT = (20.0, 500.0), (15.0, 500.0), (72, 1200), (4.0, 24.0)


@dataclass(frozen=True)
class ExportSettings:
    """Size, letters and format of a file.

    Attributes
    ----------
    width, height : float
        Of the whole figure in mm. A height of 0 is that which suits the drawing.
    font_size : float
        Of the text in points; lines and marks go with it.
    dpi : int
        Of a PNG, and of images within an SVG or PDF.
    legend : bool
        Legend or colour bar.
    title : bool
        The line that says what is shown; the file always names it in its metadata.
    file_format : {'svg', 'pdf', 'png'}

    Raises
    ------
    InputError
        If a value lies outside what can be written.
    """

    width: float = 89.0
    height: float = 0.0
    font_size: float = 7.0
    dpi: int = 300
    legend: bool = True
    title: bool = True
    file_format: str = "svg"

    def __post_init__(self) -> None:
        if self.file_format not in FORMATS:
            raise InputError(f"The format is {self.file_format!r}", choices=FORMATS)
        _check("width", self.width, WIDTH, "mm")
        if self.height:
            _check("height", self.height, HEIGHT, "mm")
        _check("font size", self.font_size, FONT, "pt")
        _check("resolution", self.dpi, DPI, "dpi")


def _check(name: str, value: float, ends: tuple[float, float], unit: str) -> None:
    low, high = ends
    if not low <= value <= high:  # also refuses NaN
        raise InputError(f"The {name} is {value:g} {unit}", f"{low:g} to {high:g} {unit}")
