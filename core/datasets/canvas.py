"""A small canvas for flat drawings: smooth shapes in coordinates that scale, turn and flip."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw

SIZE = 224
OVERSAMPLING = 3

Point = tuple[float, float]
Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)


class Canvas:
    """Draws shapes in a frame whose unit circle is placed anywhere in the picture.

    The picture itself reaches from -1 to 1 on both axes, y downward. Every shape
    becomes a polygon in an enlarged picture, which ``picture`` reduces: edges are
    smooth without alpha blending, and the same calls give the same bytes.
    """

    def __init__(self, background: Colour) -> None:
        side = SIZE * OVERSAMPLING
        self._image = Image.new("RGB", (side, side), background)
        self._draw = ImageDraw.Draw(self._image)
        self._matrix = np.array([[side / 2, 0, side / 2], [0, side / 2, side / 2]])

    def placed(
        self, x: float, y: float, scale: float = 1.0, angle: float = 0.0, flip: bool = False
    ) -> Canvas:
        """Give the same picture seen through a frame inside this one.

        Parameters
        ----------
        x, y : float
            Centre of the new frame.
        scale : float
            Length of its unit.
        angle : float
            Clockwise turn in degrees.
        flip : bool
            Mirror left and right.
        """
        c = math.cos(math.radians(angle)) * scale
        s = math.sin(math.radians(angle)) * scale
        side = -1.0 if flip else 1.0
        inner = np.array([[c * side, -s, x], [s * side, c, y], [0, 0, 1]])
        canvas = Canvas.__new__(Canvas)
        canvas._image, canvas._draw = self._image, self._draw
        canvas._matrix = self._matrix @ inner
        return canvas

    def picture(self) -> Image.Image:
        """Finished picture, ``SIZE`` x ``SIZE``, RGB."""
        return self._image.reduce(OVERSAMPLING)

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill the polygon."""
        homogeneous = np.column_stack([np.asarray(points, dtype=float), np.ones(len(points))])
        pixels = homogeneous @ self._matrix.T
        self._draw.polygon([(float(x), float(y)) for x, y in pixels], fill=colour)

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        colour: Colour,
        angle: float = 0.0,
        arc: tuple[float, float] = (0.0, 360.0),
    ) -> None:
        """Fill an ellipse turned by ``angle``, or the part of it between two angles."""
        self.polygon(list(_arc(x, y, rx, ry, angle, arc)), colour)

    def rectangle(
        self, x0: float, y0: float, x1: float, y1: float, colour: Colour, radius: float = 0.0
    ) -> None:
        """Fill a rectangle with round corners."""
        if radius <= 0:
            self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour)
            return
        corners = (
            (x1 - radius, y1 - radius, 0.0),
            (x0 + radius, y1 - radius, 90.0),
            (x0 + radius, y0 + radius, 180.0),
            (x1 - radius, y0 + radius, 270.0),
        )
        points = [
            point
            for x, y, start in corners
            for point in _arc(x, y, radius, radius, 0.0, (start, start + 90.0), 12)
        ]
        self.polygon(points, colour)

    def blob(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill the smooth closed outline through the points."""
        self.polygon(_smooth([points[-1], *points, points[0], points[1]]), colour)

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw a line with round joints and ends."""
        for x, y in points:
            self.ellipse(x, y, width / 2, width / 2, colour)
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            length = math.hypot(x1 - x0, y1 - y0) or 1.0
            dx, dy = (y0 - y1) / length * width / 2, (x1 - x0) / length * width / 2
            corners = [(x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy)]
            self.polygon([*corners, (x0 - dx, y0 - dy)], colour)

    def curve(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw the smooth open line through the points."""
        self.line(_smooth([points[0], *points, points[-1]]), width, colour)


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """Blend two colours; ``share`` of the other one."""
    red, green, blue = (
        round((1 - share) * a + share * b) for a, b in zip(colour, other, strict=True)
    )
    return red, green, blue


def darker(colour: Colour, share: float = 0.2) -> Colour:
    """Blend with black."""
    return mix(colour, (20, 20, 40), share)


def lighter(colour: Colour, share: float = 0.3) -> Colour:
    """Blend with white."""
    return mix(colour, WHITE, share)


def _arc(
    x: float,
    y: float,
    rx: float,
    ry: float,
    angle: float,
    arc: tuple[float, float],
    steps: int = 64,
) -> Iterator[Point]:
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    for step in range(steps + 1):
        turn = math.radians(arc[0] + (arc[1] - arc[0]) * step / steps)
        px, py = rx * math.cos(turn), ry * math.sin(turn)
        yield x + px * c - py * s, y + px * s + py * c


def _smooth(points: Sequence[Point], steps: int = 10) -> list[Point]:
    """Catmull-Rom curve from the second to the last but one point."""
    controls = np.asarray(points, dtype=float)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(controls, controls[1:], controls[2:], controls[3:], strict=False):
        cubic = -a + 3 * b - 3 * c + d
        square = 2 * a - 5 * b + 4 * c - d
        pieces.append(0.5 * (2 * b + (c - a) * t + square * t**2 + cubic * t**3))
    pieces.append(controls[-2:-1])
    return [(float(x), float(y)) for x, y in np.concatenate(pieces)]
