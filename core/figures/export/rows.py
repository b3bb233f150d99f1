"""Rows of images for print: what was seen, and what was retrieved, the right one framed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core.figures.export.settings import MM_PER_INCH, POINTS_PER_INCH, ExportSettings
from core.figures.export.text import fitted
from core.figures.images import CATEGORY_COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Widths in images: the gap after the seen one. Lines of text, in letters.
GAP, HEADING = 0.35, 2.2
FRAME = CATEGORY_COLOURS[5]


@dataclass(frozen=True, eq=False)
class ImageRow:
    """A seen image and the retrieved ones; ``right`` is the place of the seen one among them."""

    heading: str
    seen: Image.Image
    retrieved: Sequence[Image.Image]
    right: int | None = None


@dataclass(frozen=True, eq=False)
class ImageRowsDrawing:
    """Rows one below the other.

    Attributes
    ----------
    rows : sequence of ImageRow
    title : str
    """

    rows: Sequence[ImageRow]
    title: str = ""

    def height(self, settings: ExportSettings) -> float:
        """Of square images as wide as fit."""
        wide = settings.width / self._columns()
        lines = HEADING * settings.font_size * MM_PER_INCH / POINTS_PER_INCH
        return len(self.rows) * (wide + lines)

    def draw(self, figure: Figure, settings: ExportSettings) -> None:
        """Headings, images and frames."""
        count = max(len(row.retrieved) for row in self.rows)
        ratios = [1.0, GAP, *([1.0] * count)]
        grid: Any = figure.subplots(len(self.rows), len(ratios), squeeze=False, width_ratios=ratios)
        points = settings.width * POINTS_PER_INCH / MM_PER_INCH
        for row, line in zip(self.rows, grid, strict=True):
            for axes in line:
                axes.set_axis_off()
            self._show(line[0], row.seen, settings)
            for place, image in enumerate(row.retrieved):
                self._show(line[place + 2], image, settings, place == row.right)
            heading = fitted(row.heading, points, settings.font_size, 1)
            line[0].set_title(heading, loc="left", fontsize=settings.font_size).set_in_layout(False)
        engine: Any = figure.get_layout_engine()
        engine.set(
            wspace=0.01, hspace=0.0, w_pad=0.01, h_pad=0.6 * settings.font_size / POINTS_PER_INCH
        )

    def _columns(self) -> float:
        return 1 + GAP + max((len(row.retrieved) for row in self.rows), default=1)

    def _show(
        self, axes: Any, image: Image.Image, settings: ExportSettings, is_right: bool = False
    ) -> None:
        side = round(settings.width / MM_PER_INCH / self._columns() * settings.dpi)
        tile = image.convert("RGB")
        tile.thumbnail((side, side), Image.Resampling.LANCZOS)
        axes.imshow(np.asarray(tile))
        if is_right:
            axes.set_axis_on()
            axes.set(xticks=[], yticks=[])
            for spine in axes.spines.values():
                spine.set(visible=True, color=FRAME, linewidth=settings.font_size / 4)
