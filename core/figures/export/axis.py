"""An axis of a Plotly chart, as Matplotlib draws it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from core.figures.export.settings import ExportSettings
from core.figures.export.text import LETTER, fitted, printed

# Shares of the page that names of ticks may take, beside and below the axes.
BESIDE, BELOW = 0.38, 0.4
GAP = 0.5


class ChartAxis(NamedTuple):
    """An axis: its declaration in the chart, and the place of each category, {} of numbers."""

    name: str
    layout: Any
    categories: dict[str, int]

    @property
    def is_log(self) -> bool:
        return self.layout.type == "log"

    def places(self, values: Any) -> np.ndarray:
        """Values as numbers, NaN where there is none. (k,) float64"""
        if self.categories:
            return np.array([self.place(value) for value in values], dtype=np.float64)
        numbers = [np.nan if value is None else value for value in values]
        return np.asarray(numbers, dtype=np.float64)

    def place(self, value: Any) -> float:
        """One value as a number; a number among categories is their place."""
        return float(self.categories.get(value, value) if self.categories else value)


def axis_of(name: str, layout: Any, values: Iterable[Any]) -> ChartAxis:
    """The axis of values; text, and numbers that are declared so, are categories."""
    present = [value for each in values if each is not None for value in each]
    named = layout.type == "category" or any(isinstance(value, str) for value in present)
    categories = {v: place for place, v in enumerate(dict.fromkeys(present))} if named else {}
    return ChartAxis(name, layout, categories)


def draw_axis(axes: Any, axis: ChartAxis, settings: ExportSettings) -> None:
    """Title, ends, ticks and their words."""
    layout, side = axis.layout, axis.name[0]
    if layout.visible is False:
        getattr(axes, f"{side}axis").set_visible(False)
        axes.spines[["left", "right"] if side == "y" else ["bottom", "top"]].set_visible(False)
    if axis.is_log:
        getattr(axes, f"set_{side}scale")("log")
    _draw_ticks(axes, axis, settings)
    _limit(axes, axis)
    title = printed(layout.title.text)
    if title:
        room = settings.width * 72 / 25.4
        getattr(axes, f"set_{side}label")(fitted(title, 0.8 * room, settings.font_size))
    if layout.side == "right" and side == "y":
        axes.yaxis.tick_right()
        axes.spines[["left", "right"]].set_visible([False, True])


def _limit(axes: Any, axis: ChartAxis) -> None:
    layout, side = axis.layout, axis.name[0]
    limit = getattr(axes, f"set_{side}lim")
    if layout.range is not None and None not in layout.range:
        ends = [axis.place(end) for end in layout.range]
        limit([10**end for end in ends] if axis.is_log else ends)
    elif axis.categories:
        limit(-GAP, len(axis.categories) - GAP)
    if layout.autorange == "reversed":
        getattr(axes, f"invert_{side}axis")()


def _draw_ticks(axes: Any, axis: ChartAxis, settings: ExportSettings) -> None:
    from matplotlib.ticker import FuncFormatter, MultipleLocator, NullLocator

    layout, ruler = axis.layout, getattr(axes, f"{axis.name[0]}axis")
    if layout.showticklabels is False:
        ruler.set_major_locator(NullLocator())
        ruler.set_minor_locator(NullLocator())
        return
    if layout.tickvals is not None:
        words = layout.ticktext if layout.ticktext is not None else map(str, layout.tickvals)
        _name(ruler, axis.places(layout.tickvals), list(words), axis, settings)
    elif axis.categories:
        _name(ruler, np.arange(len(axis.categories)), list(axis.categories), axis, settings)
    else:
        if isinstance(layout.dtick, int | float) and not axis.is_log:
            ruler.set_major_locator(MultipleLocator(layout.dtick))
        if layout.tickformat:
            ruler.set_major_formatter(FuncFormatter(lambda v, _: formatted(v, layout.tickformat)))


def formatted(value: float, pattern: str) -> str:
    """A number by a format of d3, of which '.0%', '.2f', ',d' and their like are used."""
    number = value + 0.0  # no '-0'
    if pattern.endswith("d"):
        return format(round(number), pattern)
    return format(number, pattern)


def _name(
    ruler: Any, places: np.ndarray, words: list[Any], axis: ChartAxis, settings: ExportSettings
) -> None:
    room = settings.width * 72 / 25.4
    names = [printed(word).replace("\n", " ") for word in words]
    ruler.set_ticks(places)
    if axis.name[0] == "y":
        ruler.set_ticklabels([fitted(name, BESIDE * room, settings.font_size) for name in names])
        return
    needed = sum(len(name) + 1 for name in names) * LETTER * settings.font_size
    angle = -(axis.layout.tickangle or 0) or (60 if needed > room * (1 - BESIDE / 2) else 0)
    aligned: dict[str, Any] = {"ha": "center"}
    if angle:
        aligned = {"rotation": angle, "ha": "right", "rotation_mode": "anchor"}
        aligned["va"] = "center" if angle == 90 else "top"
    cut = BELOW * room if angle else room / max(1, len(names))
    ruler.set_ticklabels(
        [fitted(name, cut, settings.font_size, lines=1 if angle else 2) for name in names],
        **aligned,
    )
