"""Both hemispheres for print: from the side, the middle, behind and below, or flat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.cortex.fsaverage import Hemisphere5, hemispheres
from core.figures.export import ExportSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Turn about the vertical axis and tilt, of the left hemisphere; the right one as in a mirror.
POSES = {
    "side": (np.pi / 2, 0.0),
    "middle": (-np.pi / 2, 0.0),
    "behind": (0.0, 0.0),
    "below": (0.0, -np.pi / 2),
}
GREYS = (0.62, 0.8)
LINE = "#111111"


@dataclass(frozen=True, eq=False)
class CortexDrawing:
    """A map of the cortex for print.

    Attributes
    ----------
    values : np.ndarray of shape (2, 10242)
    ends : (float, float)
    palette : sequence of str
    label : str
        Of the values.
    borders : np.ndarray of shape (2, 10242) or None
        Number of the ROI of each vertex.
    is_flat : bool
    title : str
    """

    values: np.ndarray
    ends: tuple[float, float]
    palette: Sequence[str]
    label: str
    borders: np.ndarray | None
    is_flat: bool
    title: str

    @property
    def views(self) -> list[str]:
        return ["flat"] if self.is_flat else list(POSES)

    def height(self, settings: ExportSettings) -> float:
        """The height in mm that suits a width, without that of the title."""
        return settings.width * (0.5 if self.is_flat else 0.46)

    def draw(self, figure: Figure, settings: ExportSettings) -> None:
        """Rows of hemispheres, columns of views; one colour bar for all."""
        rows, columns = (1, 2) if self.is_flat else (2, len(self.views))
        grid = np.atleast_1d(figure.subplots(rows, columns)).reshape(rows, columns)
        for side, hemisphere in enumerate(hemispheres()):
            for place, view in enumerate(self.views):
                axes = grid[0, side] if self.is_flat else grid[side, place]
                self._draw_one(axes, hemisphere, side, view)
                if self.is_flat or place == 0:
                    name = ("left", "right")[side]
                    axes.set_title(name, loc="left", fontsize=settings.font_size)
        if settings.legend:
            self._draw_bar(figure, grid, settings)

    def _draw_one(self, axes: Any, hemisphere: Hemisphere5, side: int, view: str) -> None:
        from matplotlib.collections import LineCollection, PolyCollection

        xy, depth, faces = projected(hemisphere, side, view)
        order = np.argsort(-depth[faces].mean(axis=1)) if view != "flat" else np.arange(len(faces))
        shown = faces[order]
        colours = self._colours(hemisphere, side, shown)
        surface = PolyCollection(
            xy[shown], facecolors=colours, edgecolors=colours, linewidths=0.15, rasterized=True
        )
        axes.add_collection(surface)
        if self.borders is not None:
            lines = border_segments(xy, depth, faces, self.borders[side], view != "flat")
            axes.add_collection(LineCollection(list(lines), colors=LINE, linewidths=0.5))
        used = np.unique(faces)
        low, high = xy[used].min(axis=0), xy[used].max(axis=0)
        axes.set_xlim(low[0], high[0])
        axes.set_ylim(low[1], high[1])
        axes.set_aspect("equal")
        axes.axis("off")

    def _colours(self, hemisphere: Hemisphere5, side: int, faces: np.ndarray) -> np.ndarray:
        """Colour of each face: of the mean value of its corners, else grey. (f, 3)"""
        from matplotlib.colors import to_rgb

        table = np.array([to_rgb(colour) for colour in self.palette])
        values = self.values[side][faces]
        known = np.isfinite(values)
        mean = np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        width = self.ends[1] - self.ends[0]
        step = np.clip((mean - self.ends[0]) / (width or 1.0), 0, 1) * (len(table) - 1)
        grey = np.where(hemisphere.depth[faces].mean(axis=1) > 0, *GREYS)
        is_known = known.sum(axis=1) >= 2
        return np.where(is_known[:, None], table[step.astype(int)], grey[:, None])

    def _draw_bar(self, figure: Figure, grid: np.ndarray, settings: ExportSettings) -> None:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import ListedColormap, Normalize

        mappable = ScalarMappable(Normalize(*self.ends), ListedColormap(list(self.palette)))
        bar = figure.colorbar(mappable, ax=list(grid.ravel()), shrink=0.6, aspect=18)
        bar.set_label(self.label, fontsize=settings.font_size)
        bar.outline.set_linewidth(0.4)


def projected(
    hemisphere: Hemisphere5, side: int, view: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places on the page (10242, 2), distance from the eye (10242,), and the faces drawn (f, 3)."""
    if view == "flat":
        return (
            hemisphere.flat.astype(np.float64),
            np.zeros(len(hemisphere.flat)),
            hemisphere.flat_faces,
        )
    turn, tilt = POSES[view]
    turn = -turn if side else turn
    x, y, z = hemisphere.inflated.astype(np.float64).T
    across = x * np.cos(turn) - y * np.sin(turn)
    away = x * np.sin(turn) + y * np.cos(turn)
    up = z * np.cos(tilt) + away * np.sin(tilt)
    depth = away * np.cos(tilt) - z * np.sin(tilt)
    return np.stack([across, up], axis=1), depth, hemisphere.faces


def border_segments(
    xy: np.ndarray, depth: np.ndarray, faces: np.ndarray, labels: np.ndarray, hidden: bool
) -> np.ndarray:
    """Segments between regions, of faces that are towards the eye. (k, 2, 2)"""
    if hidden:
        a, b, c = (xy[faces[:, corner]] for corner in range(3))
        u, v = b - a, c - a
        # Faces are listed counterclockwise from outside.
        faces = faces[u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0] > 0]
    segments = []
    pairs = ((0, 1), (1, 2), (2, 0))
    for face in faces[(labels[faces] != labels[faces[:, :1]]).any(axis=1)]:
        middles = [
            (xy[face[i]] + xy[face[j]]) / 2 for i, j in pairs if labels[face[i]] != labels[face[j]]
        ]
        segments += [middles[k : k + 2] for k in range(len(middles) - 1)]
    return np.array(segments).reshape(-1, 2, 2)
