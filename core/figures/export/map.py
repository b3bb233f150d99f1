"""A map of images for print: points in colours, or the images themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core.figures.export.settings import MM_PER_INCH, POINTS_PER_INCH, ExportSettings
from core.figures.export.text import LETTER, printed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from core.figures.maps import Colouring

MISSING = "#8c959d"
# Side of an image and diameter of a point in letters; points of many are smaller.
IMAGE, POINT, FEW = 1.7, 0.55, 300
MARGIN, KEY_LINE = 0.04, 1.5


@dataclass(frozen=True, eq=False)
class MapDrawing:
    """Stimuli as points of a plane with equal axes.

    Attributes
    ----------
    coordinates : np.ndarray of shape (n, 2)
        Rows that are not finite are not drawn.
    colours : Colouring
    title : str
    pictured : sequence of int
        Rows whose images are drawn in place of points; where they would overlap the first is.
    image : callable, optional
        Gives the image of a row.
    caption : str
        Of what the colours are.
    lines : sequence of ((x, y), (x, y))
        Such as the boundary of a classifier.
    """

    coordinates: np.ndarray
    colours: Colouring
    title: str = ""
    pictured: Sequence[int] = ()
    image: Callable[[int], Image.Image] | None = None
    caption: str = ""
    lines: tuple[tuple[tuple[float, float], tuple[float, float]], ...] = ()

    def height(self, settings: ExportSettings) -> float:
        """As the map is wide and high, with room for the legend."""
        points = self._finite()
        wide, high = np.ptp(points, axis=0) if len(points) else (1.0, 1.0)
        ratio = float(np.clip(high / wide if wide else 1.0, 0.4, 1.4))
        key = KEY_LINE * self._key_rows(settings) * settings.font_size if settings.legend else 0.0
        return settings.width * ratio + key * MM_PER_INCH / POINTS_PER_INCH

    def draw(self, figure: Figure, settings: ExportSettings) -> None:
        """Points or images, lines and legend."""
        axes: Any = figure.add_subplot()
        axes.set(xticks=[], yticks=[])
        axes.set_aspect("equal", adjustable="datalim")
        axes.spines[:].set_visible(False)
        shown = np.isfinite(self.coordinates).all(axis=1)
        pictured = self._apart(settings)
        if not pictured:
            self._draw_points(axes, shown, settings)
        elif shown.any():
            self._draw_points(axes, np.zeros(len(shown), dtype=bool), settings)
            points = self.coordinates[shown]
            axes.update_datalim(points)
            axes.autoscale_view()
        for row in pictured:
            self._draw_image(axes, row, settings)
        for start, end in self.lines:
            axes.plot(*zip(start, end, strict=True), color="black", linewidth=0.7)
        axes.margins(MARGIN)
        if settings.legend:
            self._draw_key(figure, axes, settings)

    def _finite(self) -> np.ndarray:
        return self.coordinates[np.isfinite(self.coordinates).all(axis=1)]

    def _draw_points(self, axes: Any, shown: np.ndarray, settings: ExportSettings) -> None:
        codes = self.colours.codes[shown]
        palette = [*self.colours.palette, MISSING]  # a code of -1 is the last
        size = POINT * settings.font_size * min(1.0, (FEW / max(1, len(codes))) ** 0.25)
        axes.scatter(
            *self.coordinates[shown].T,
            s=size**2,
            c=[palette[code] for code in codes.tolist()],
            linewidths=0,
        )

    def _apart(self, settings: ExportSettings) -> list[int]:
        """Rows whose images are drawn: none that would cover one that is."""
        points = self._finite()
        if self.image is None or not len(points):
            return []
        wide = settings.width * POINTS_PER_INCH / MM_PER_INCH
        apart = IMAGE * settings.font_size / wide * float(np.ptp(points, axis=0).max() or 1.0)
        taken: list[int] = []
        places = np.empty((0, 2))
        for row in self.pictured:
            place = self.coordinates[row]
            if np.isfinite(place).all() and not (np.abs(places - place) < apart).all(axis=1).any():
                taken.append(row)
                places = np.vstack([places, place])
        return taken

    def _draw_image(self, axes: Any, row: int, settings: ExportSettings) -> None:
        from matplotlib.offsetbox import AnnotationBbox, OffsetImage

        side = IMAGE * settings.font_size
        pixels = max(1, round(side * settings.dpi / POINTS_PER_INCH))
        assert self.image is not None
        tile = self.image(row).convert("RGB")
        tile.thumbnail((pixels, pixels), Image.Resampling.LANCZOS)
        content = OffsetImage(np.asarray(tile), zoom=side / max(tile.size))
        code = int(self.colours.codes[row])
        edge = self.colours.palette[code] if code >= 0 else MISSING
        box = {"edgecolor": edge, "linewidth": 0.6}
        axes.add_artist(
            AnnotationBbox(content, tuple(self.coordinates[row]), pad=0.05, bboxprops=box)
        )

    def _key_rows(self, settings: ExportSettings) -> int:
        return -(-len(self.colours.names) // self._key_columns(settings)) + bool(self.caption)

    def _key_columns(self, settings: ExportSettings) -> int:
        longest = max((len(name) for name in self.colours.names), default=1) + 6
        room = settings.width * POINTS_PER_INCH / MM_PER_INCH
        return max(1, int(room / (longest * LETTER * settings.font_size)))

    def _draw_key(self, figure: Figure, axes: Any, settings: ExportSettings) -> None:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import ListedColormap, Normalize
        from matplotlib.lines import Line2D

        if self.colours.ends is not None:
            scale = ScalarMappable(
                Normalize(*self.colours.ends), ListedColormap(list(self.colours.palette))
            )
            bar: Any = figure.colorbar(scale, ax=axes, shrink=0.6, aspect=22, pad=0.02)
            bar.outline.set_visible(False)
            bar.set_label(printed(self.caption))
        elif self.colours.names:
            figure.legend(
                [
                    Line2D([], [], linestyle="none", marker="o", color=colour,
                           markersize=POINT * settings.font_size)
                    for colour in self.colours.palette
                ],
                list(self.colours.names),
                title=printed(self.caption) or None,
                title_fontsize=settings.font_size,
                loc="outside lower left",
                alignment="left",
                ncols=min(self._key_columns(settings), len(self.colours.names)),
                handletextpad=0.1,
                columnspacing=1.0,
            )  # fmt: skip
