"""RDMs for print: one or several beside one another, with strips of categories and colour bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.figures.export.settings import MM_PER_INCH, POINTS_PER_INCH, ExportSettings
from core.figures.export.text import LETTER, fitted
from core.figures.heatmap import MISSING_COLOUR, colours
from core.figures.strips import NO_STRIPS, Strip, Strips

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# In letters: thickness of a strip, its distance, room of a colour bar, of a title, of a line.
STRIP, APART, BAR, BAR_BELOW, TITLE, LINE = 0.8, 0.3, 6.5, 4.5, 2.8, 1.5
MOST_NAMES, MOST_KEYS = 0.28, 30
# Least side of a matrix in points, and most of them side by side.
LEAST, MOST_COLUMNS = 50.0, 6


@dataclass(frozen=True)
class ColourBar:
    """What the colours of an RDM stand for.

    Attributes
    ----------
    colour_scale : str
        One of ``heatmap.COLOUR_SCALES``.
    ends : tuple of float
        Values at the ends of the scale.
    label : str
        Of the values.
    by_percentile : bool
        Whether colours follow the ranks of the pairs; the bar then shows 0 to 100.
    """

    colour_scale: str
    ends: tuple[float, float]
    label: str
    by_percentile: bool = False


@dataclass(frozen=True, eq=False)
class MatrixPanel:
    """An ordered matrix.

    Attributes
    ----------
    levels : np.ndarray of shape (side, side), uint8
        From ``heatmap.levels``, in display order; side is less than n where it is an overview.
    colour_bar : ColourBar
    title : str
        Needed where several stand side by side.
    """

    levels: np.ndarray
    colour_bar: ColourBar
    title: str = ""


@dataclass(frozen=True, eq=False)
class MatrixDrawing:
    """RDMs of the same stimuli in the same order; those of one colour scale share a colour bar.

    Attributes
    ----------
    panels : sequence of MatrixPanel
    n : int
        Stimuli on each axis.
    strips : Strips
    title : str
    """

    panels: Sequence[MatrixPanel]
    n: int
    strips: Strips = NO_STRIPS
    title: str = ""

    @property
    def is_one_scale(self) -> bool:
        return len({panel.colour_bar for panel in self.panels}) == 1

    def height(self, settings: ExportSettings) -> float:
        """So that matrices are as large as their width allows."""
        font, columns = settings.font_size, self._columns(settings)
        rows = -(-len(self.panels) // columns)
        above = TITLE * (len(self.panels) > 1) + (STRIP + 2 * APART) * bool(self.strips.categories)
        points = rows * (self._side(settings, columns) + (above + APART) * font) + font
        points += LINE * font * self._key_rows(settings)
        if settings.legend and len(self.panels) > 1:
            points += BAR_BELOW * font * (1 if self.is_one_scale else rows)
        return points * MM_PER_INCH / POINTS_PER_INCH

    def draw(self, figure: Figure, settings: ExportSettings) -> None:
        """Matrices in a grid, names beside those on the left or in a legend."""
        columns = self._columns(settings)
        rows = -(-len(self.panels) // columns)
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for place, axes in enumerate(grid):
            if place >= len(self.panels):
                axes.set_visible(False)
                continue
            panel = self.panels[place]
            self._draw_panel(axes, panel, settings, is_first=place % columns == 0)
            if settings.legend and not self.is_one_scale:
                _draw_bar(figure, axes, panel.colour_bar, settings, is_below=True)
        if settings.legend and self.is_one_scale:
            below = len(self.panels) > 1
            _draw_bar(figure, list(grid), self.panels[0].colour_bar, settings, is_below=below)
        if self._key_rows(settings):
            self._draw_key(figure, settings)

    def _columns(self, settings: ExportSettings) -> int:
        """As many side by side as leaves each a least size."""
        most = min(len(self.panels), MOST_COLUMNS)
        large = (c for c in range(most, 1, -1) if self._side(settings, c) >= LEAST)
        return next(large, 1)

    def _side(self, settings: ExportSettings, columns: int) -> float:
        """Side of a matrix in points, about: the layout of the page settles it."""
        font = settings.font_size
        with_names = self._room(settings, columns, self._names_room(settings))
        if self._fit(settings, with_names):
            return with_names
        return max(self._room(settings, columns, 0.0), 4 * font)

    def _room(self, settings: ExportSettings, columns: int, names: float) -> float:
        font = settings.font_size
        bar = BAR * font * (settings.legend and len(self.panels) == 1)
        strips = (STRIP + 3 * APART) * font * columns * bool(self.strips.categories)
        return (_points(settings) - font - names - bar - strips) / columns

    def _fit(self, settings: ExportSettings, side: float) -> bool:
        """Whether every name is as high as its strip."""
        least = min((strip.stop - strip.start for strip in self.strips.named), default=self.n)
        return least / self.n * side >= 0.9 * settings.font_size

    def _names_room(self, settings: ExportSettings) -> float:
        longest = max((len(strip.label) for strip in self.strips.named), default=0)
        widest = longest * LETTER * settings.font_size
        return float(min(widest, MOST_NAMES * _points(settings)))

    def _has_names(self, settings: ExportSettings) -> bool:
        room = self._room(settings, self._columns(settings), self._names_room(settings))
        return self._fit(settings, room)

    def _key_columns(self, settings: ExportSettings) -> int:
        longest = max(len(strip.label) for strip in self.strips.named) + 5
        return max(1, int(_points(settings) / (longest * LETTER * settings.font_size)))

    def _key_rows(self, settings: ExportSettings) -> int:
        """Rows of the legend of strips: none where names stand beside, or are too many."""
        count = len(self.strips.named)
        if not settings.legend or not count or count > MOST_KEYS or self._has_names(settings):
            return 0
        return -(-count // self._key_columns(settings))

    def _draw_key(self, figure: Figure, settings: ExportSettings) -> None:
        from matplotlib.patches import Patch

        figure.legend(
            [Patch(facecolor=strip.colour) for strip in self.strips.named],
            [strip.label for strip in self.strips.named],
            loc="outside lower left",
            ncols=min(self._key_columns(settings), len(self.strips.named)),
            handlelength=0.8,
            handletextpad=0.4,
            columnspacing=0.8,
        )

    def _draw_panel(
        self, axes: Any, panel: MatrixPanel, settings: ExportSettings, is_first: bool
    ) -> None:
        table = colours(panel.colour_bar.colour_scale) / 255.0
        palette = np.vstack([table, np.array(MISSING_COLOUR) / 255.0])
        n = self.n
        axes.imshow(palette[panel.levels], extent=(0, n, n, 0), interpolation="none")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        font = settings.font_size
        pad = (STRIP + 2 * APART) * font if self.strips.categories else APART * font
        if panel.title:
            share = _points(settings) / self._columns(settings)
            axes.set_title(fitted(panel.title, 0.9 * share, font), pad=pad, fontsize=font)
        for strip in self.strips.categories:
            _draw_strip(axes, strip, settings)
        for strip in self.strips.named[1:]:
            for line in (axes.axhline, axes.axvline):
                line(strip.start, color="white", linewidth=0.3)
        if is_first and self._has_names(settings):
            self._draw_names(axes, settings, pad)

    def _draw_names(self, axes: Any, settings: ExportSettings, pad: float) -> None:
        if not self.strips.named:
            return
        least = min(strip.stop - strip.start for strip in self.strips.named) / self.n
        high = least * self._side(settings, self._columns(settings))
        lines = 2 if high > 2.4 * settings.font_size else 1
        axes.set_yticks([(strip.start + strip.stop) / 2 for strip in self.strips.named])
        room = self._names_room(settings) + settings.font_size
        axes.set_yticklabels(
            [fitted(strip.label, room, settings.font_size, lines) for strip in self.strips.named]
        )
        axes.tick_params(axis="y", length=0, pad=pad)


def _points(settings: ExportSettings) -> float:
    return settings.width * POINTS_PER_INCH / MM_PER_INCH


def _draw_strip(axes: Any, strip: Strip, settings: ExportSettings) -> None:
    """A strip on the left and one above, in points, so that it keeps its thickness."""
    from matplotlib.transforms import ScaledTranslation, blended_transform_factory

    font = settings.font_size
    away = (APART + STRIP / 2) * font / POINTS_PER_INCH
    scale = axes.figure.dpi_scale_trans
    inset = 0.06 * (strip.stop - strip.start)
    ends = [strip.start + inset, strip.stop - inset]
    style = {
        "color": strip.colour,
        "linewidth": STRIP * font,
        "solid_capstyle": "butt",
        "clip_on": False,
    }
    left = axes.transAxes + ScaledTranslation(-away, 0, scale)
    axes.plot([0, 0], ends, transform=blended_transform_factory(left, axes.transData), **style)
    above = axes.transAxes + ScaledTranslation(0, away, scale)
    axes.plot(ends, [1, 1], transform=blended_transform_factory(axes.transData, above), **style)


def _draw_bar(
    figure: Figure, axes: Any, colour_bar: ColourBar, settings: ExportSettings, is_below: bool
) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    limits = (0.0, 100.0) if colour_bar.by_percentile else colour_bar.ends
    table = colours(colour_bar.colour_scale) / 255.0
    scale = ScalarMappable(Normalize(*limits), ListedColormap(table))
    where: dict[str, Any] = {"location": "bottom" if is_below else "right"}
    bar: Any = figure.colorbar(scale, ax=axes, shrink=0.7, aspect=22, pad=0.02, **where)
    bar.outline.set_visible(False)
    suffix = ", percentile" if colour_bar.by_percentile else ""
    room = 0.6 * _points(settings)
    bar.set_label(fitted(f"{colour_bar.label}{suffix}", room, settings.font_size))
