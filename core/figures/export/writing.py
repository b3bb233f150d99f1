"""A drawing as SVG, PDF or PNG of an exact size.

Drawn by Matplotlib, which the project has anyway: it needs no browser and no other host, its
text stays text (SVG) or is embedded (PDF, Type 42), as journals ask for.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from core.figures.export.settings import HEIGHT, MM_PER_INCH, POINTS_PER_INCH, ExportSettings
from core.figures.export.text import fitted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The first that is installed is used; an SVG names them all for whoever opens it.
FONTS = ["Arial", "Helvetica", "Liberation Sans", "DejaVu Sans"]
CREATOR = "Neurogallery"
LINE_SPACING, MOST_LINES = 1.2, 4
# Settings of Matplotlib are of the process, pages of threads.
_LOCK = threading.Lock()


class Drawing(Protocol):
    """What can be written: a chart, a matrix, a map."""

    @property
    def title(self) -> str: ...

    def height(self, settings: ExportSettings) -> float:
        """The height in mm that suits a width, without that of the title."""

    def draw(self, figure: Figure, settings: ExportSettings) -> None:
        """Put everything on the page."""


def write(drawing: Drawing, settings: ExportSettings) -> bytes:
    """The file of a drawing; the same drawing gives the same bytes.

    Parameters
    ----------
    drawing : Drawing
    settings : ExportSettings
        The page is exactly as wide and high as they say, whatever is on it.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    title = _lines(drawing.title, settings) if settings.title else ""
    height = settings.height or _height(drawing, title, settings)
    with _LOCK, _styled(settings):
        size = [side / MM_PER_INCH for side in (settings.width, height)]
        if settings.file_format == "png":  # Matplotlib cuts what is less than a pixel
            size = [(round(side * settings.dpi) + 0.01) / settings.dpi for side in size]
        figure = Figure(figsize=(size[0], size[1]), layout="constrained")
        FigureCanvasAgg(figure)
        drawing.draw(figure, settings)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=settings.font_size)
        buffer = io.BytesIO()
        figure.savefig(
            buffer,
            format=settings.file_format,
            dpi=settings.dpi,
            metadata=_metadata(settings.file_format, drawing.title),
        )
    return buffer.getvalue()


def _lines(title: str, settings: ExportSettings) -> str:
    """A title in lines as wide as the page."""
    room = 0.97 * settings.width * POINTS_PER_INCH / MM_PER_INCH
    parts = (fitted(line, room, settings.font_size, MOST_LINES) for line in title.split("\n"))
    return "\n".join(filter(None, parts))


def _height(drawing: Drawing, title: str, settings: ExportSettings) -> float:
    """That of the drawing and the lines above it, in mm."""
    above = (title.count("\n") + 2) * LINE_SPACING * settings.font_size if title else 0.0
    height = drawing.height(settings) + above * MM_PER_INCH / POINTS_PER_INCH
    return min(max(height, HEIGHT[0]), HEIGHT[1])


@contextmanager
def _styled(settings: ExportSettings) -> Iterator[None]:
    from matplotlib import rc_context

    font = settings.font_size
    thin = line_width(0.8, settings)
    logger = logging.getLogger("matplotlib.font_manager")
    level = logger.level
    logger.setLevel(logging.ERROR)  # fonts of the list that are not installed
    try:
        with rc_context(
            {
                "font.family": "sans-serif",
                "font.sans-serif": FONTS,
                "font.size": font,
                "text.parse_math": False,
                "axes.titlesize": font,
                "axes.labelsize": font,
                "xtick.labelsize": font,
                "ytick.labelsize": font,
                "legend.fontsize": font,
                "axes.linewidth": thin,
                "xtick.major.width": thin,
                "ytick.major.width": thin,
                "xtick.major.size": font / 3,
                "ytick.major.size": font / 3,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "legend.frameon": False,
                "svg.fonttype": "none",
                "svg.hashsalt": CREATOR,
                "pdf.fonttype": 42,
                "figure.dpi": 72,
            }
        ):
            yield
    finally:
        logger.setLevel(level)


def font_used() -> str:
    """The family that text is drawn in on this machine."""
    from matplotlib import font_manager

    installed = set(font_manager.get_font_names())
    return next((family for family in FONTS if family in installed), FONTS[-1])


def line_width(pixels: float, settings: ExportSettings) -> float:
    """Points of a line or mark that is so many pixels beside letters of 12 pixels on the screen.

    At least .25 pt, the thinnest line that prints.
    """
    return max(0.25, pixels * settings.font_size / 12)


def _metadata(file_format: str, title: str) -> dict[str, Any]:
    if file_format == "png":
        return {"Title": title, "Software": CREATOR}
    own = {"Title": title, "Creator": CREATOR}
    return own | ({"Date": None} if file_format == "svg" else {"CreationDate": None})
