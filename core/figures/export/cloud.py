"""Wordclouds for print: their words as outlines, each in its place whatever the size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.figures.export.settings import ExportSettings
from core.figures.wordclouds import placed_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class WordcloudDrawing:
    """A wordcloud.

    Attributes
    ----------
    weights : dict of str to float
        As ``wordcloud`` takes them.
    size : tuple of int
        Width and height in pixels of the page: they set the proportions, and how words lie.
    title : str
    """

    weights: Mapping[str, float]
    size: tuple[int, int]
    title: str = ""

    def height(self, settings: ExportSettings) -> float:
        """As on the page."""
        return settings.width * self.size[1] / self.size[0]

    def draw(self, figure: Figure, settings: ExportSettings) -> None:
        """Outlines of the words in the places of the page."""
        from matplotlib.font_manager import FontProperties
        from matplotlib.patches import PathPatch
        from matplotlib.textpath import TextPath

        axes: Any = figure.subplots()
        axes.set_axis_off()
        width, height = self.size
        axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
        font, words = placed_words(self.weights, width, height)
        for word in words:
            place = word.x, height - word.baseline
            outline = TextPath(place, word.text, word.size, prop=FontProperties(fname=font))
            axes.add_patch(PathPatch(outline, color=word.colour, linewidth=0))
