"""Drawn pictures of six categories: every one differs in colour, pose, size and background."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from PIL import Image

from core.datasets.canvas import WHITE, Canvas, Colour, darker, lighter
from core.datasets.drawings_objects import draw_fruit, draw_house, draw_tree, draw_vehicle
from core.errors import NotFoundError

EXEMPLARS = 10
INK: Colour = (45, 42, 60)

SKIN: tuple[Colour, ...] = ((255, 219, 187), (240, 190, 150), (203, 142, 98), (141, 88, 58))
HAIR: tuple[Colour, ...] = (
    (60, 42, 36), (40, 40, 62), (226, 176, 84), (190, 82, 44), (188, 190, 200), (122, 74, 42),
)  # fmt: skip
STUDIO: tuple[Colour, ...] = (
    (253, 214, 132), (168, 216, 226), (246, 178, 166), (186, 214, 164), (206, 190, 232),
    (240, 232, 214), (92, 124, 168), (118, 166, 150), (232, 150, 112), (222, 206, 180),
)  # fmt: skip
CLOTHES: tuple[Colour, ...] = (
    (58, 110, 165), (205, 84, 74), (72, 150, 120), (240, 190, 70), (120, 84, 150), (66, 72, 92),
)  # fmt: skip
FUR: tuple[Colour, ...] = ((236, 150, 66), (132, 134, 148), (70, 62, 66), (240, 226, 204))
PLUMAGE: tuple[tuple[Colour, Colour], ...] = (
    ((214, 68, 62), (250, 214, 170)), ((66, 136, 204), (255, 220, 150)),
    ((244, 196, 58), (255, 240, 190)),
)  # fmt: skip
SCALES: tuple[tuple[Colour, Colour], ...] = (
    ((250, 134, 54), WHITE), ((250, 212, 74), (60, 82, 160)), ((224, 100, 150), (255, 208, 214)),
)  # fmt: skip


@functools.lru_cache(maxsize=128)
def drawing(category: str, exemplar: int, seed: int = 0) -> tuple[Image.Image, tuple[str, ...]]:
    """Draw one picture.

    Parameters
    ----------
    category : str
        A key of ``CATEGORIES``.
    exemplar : int
        0 to ``EXEMPLARS`` - 1.
    seed : int
        The same seed gives the same bytes.

    Returns
    -------
    picture : PIL.Image.Image
        224 x 224, RGB; shared, so copy it before changing it.
    labels : tuple of str
        What it shows, the most specific first.
    """
    if category not in CATEGORIES:
        raise NotFoundError(f"There is no drawing of {category!r}", choices=CATEGORIES)
    rng = np.random.default_rng([seed, list(CATEGORIES).index(category), exemplar])
    return CATEGORIES[category](exemplar, rng)


def draw_face(exemplar: int, rng: np.random.Generator) -> tuple[Image.Image, tuple[str, ...]]:
    """Head and shoulders: skin, hair, glasses, beard, hat, smile and tilt vary."""
    canvas = Canvas(STUDIO[exemplar])
    _backdrop(canvas, STUDIO[exemplar], exemplar)
    skin, hair = SKIN[(exemplar * 3 + exemplar // 4) % len(SKIN)], HAIR[exemplar % len(HAIR)]
    style = ("long", "short", "bun", "curly", "cap")[exemplar % 5]
    beard = exemplar in (1, 6, 9)
    body = canvas.placed(rng.uniform(-0.12, 0.12), 0.12, rng.uniform(0.68, 0.86))
    head = body.placed(0, -0.1, 1.0, rng.uniform(-9, 9))
    if style == "long":
        head.blob(
            [(-0.62, -0.3), (0, -0.86), (0.62, -0.3), (0.7, 0.6), (0.3, 0.86), (-0.3, 0.86),
             (-0.7, 0.6)], darker(hair, 0.12),
        )  # fmt: skip
    _shoulders(body, CLOTHES[(exemplar * 5 + 1) % len(CLOTHES)], skin)
    if style == "curly":
        for x, y in [(-0.5, -0.35), (-0.3, -0.68), (0, -0.8), (0.3, -0.68), (0.5, -0.35),
                     (-0.58, -0.05), (0.58, -0.05)]:  # fmt: skip
            head.ellipse(x, y, 0.27, 0.27, hair)
    if style == "bun":
        head.ellipse(0, -0.84, 0.22, 0.2, hair)
    for side in (-1, 1):
        head.ellipse(side * 0.52, 0.04, 0.1, 0.14, darker(skin, 0.12))
    head.ellipse(0, 0, 0.52, 0.64, skin)
    if beard:
        head.ellipse(0, 0.16, 0.53, 0.52, hair, arc=(0, 180))
        head.ellipse(0, 0.1, 0.44, 0.26, skin)
    _hair_front(head, hair, style)
    _features(head.placed(rng.uniform(-0.08, 0.08), 0.02), skin, hair, exemplar, rng)
    details = ["glasses"] if exemplar in (2, 5, 6) else []
    details += ["beard"] if beard else []
    details += ["hat"] if style == "cap" else []
    return canvas.picture(), ("face", "person", *details)


def _shoulders(body: Canvas, cloth: Colour, skin: Colour) -> None:
    body.blob([(-0.95, 1.5), (-0.8, 0.82), (-0.3, 0.66), (0.3, 0.66), (0.8, 0.82), (0.95, 1.5)],
              cloth)  # fmt: skip
    body.rectangle(-0.19, 0.3, 0.19, 0.76, darker(skin, 0.15), 0.08)
    body.ellipse(0, 0.7, 0.24, 0.14, darker(skin, 0.15))


def _hair_front(head: Canvas, hair: Colour, style: str) -> None:
    if style == "cap":
        head.ellipse(0, -0.22, 0.56, 0.5, (206, 70, 66), arc=(180, 360))
        head.rectangle(-0.58, -0.3, 0.8, -0.18, darker((206, 70, 66), 0.25), 0.05)
        return
    head.blob(
        [(-0.55, 0.02), (-0.56, -0.36), (-0.3, -0.68), (0.02, -0.74), (0.36, -0.64), (0.56, -0.34),
         (0.55, 0.02), (0.44, -0.22), (0.14, -0.38), (-0.26, -0.3), (-0.46, -0.18)], hair,
    )  # fmt: skip


def _features(
    face: Canvas, skin: Colour, hair: Colour, exemplar: int, rng: np.random.Generator
) -> None:
    iris: Colour = ((70, 110, 150), (84, 62, 44), (82, 126, 82))[exemplar % 3]
    for side in (-1, 1):
        x = side * 0.21
        face.ellipse(x, 0, 0.1, 0.085, WHITE)
        face.ellipse(x + 0.01, 0.005, 0.06, 0.066, iris)
        face.ellipse(x + 0.01, 0.005, 0.032, 0.036, INK)
        face.ellipse(x + 0.03, -0.02, 0.014, 0.014, WHITE)
        face.curve([(x - 0.11, -0.15), (x, -0.19), (x + 0.11, -0.15)], 0.05, darker(hair, 0.1))
        face.ellipse(side * 0.31, 0.2, 0.09, 0.06, (236, 128, 112) if exemplar % 2 else
                     darker(skin, 0.08))  # fmt: skip
    face.curve([(0.0, 0.02), (0.05, 0.15), (-0.02, 0.18)], 0.035, darker(skin, 0.3))
    smile = rng.uniform(0.06, 0.13)
    if exemplar % 3 == 0:
        face.ellipse(0, 0.3, 0.18, 0.06 + smile, (150, 50, 56), arc=(0, 180))
        face.rectangle(-0.14, 0.3, 0.14, 0.34, WHITE)
    else:
        face.curve([(-0.17, 0.32), (0, 0.32 + smile), (0.17, 0.32)], 0.05, (160, 64, 66))
    if exemplar in (2, 5, 6):
        for side in (-1, 1):
            ring = [(side * 0.21 + 0.15 * np.cos(t), 0.15 * np.sin(t))
                    for t in np.linspace(0, 2 * np.pi, 40)]  # fmt: skip
            face.line(ring, 0.035, INK)
        face.line([(-0.06, -0.02), (0.06, -0.02)], 0.035, INK)


def draw_animal(exemplar: int, rng: np.random.Generator) -> tuple[Image.Image, tuple[str, ...]]:
    """Four cats, three birds and three fish."""
    if exemplar < 4:
        return _cat(exemplar, rng), ("cat", "animal", "mammal")
    if exemplar < 7:
        return _bird(exemplar - 4, rng), ("bird", "animal")
    return _fish(exemplar - 7, rng), ("fish", "animal", "water")


def _cat(variant: int, rng: np.random.Generator) -> Image.Image:
    wall: Colour = ((150, 196, 196), (246, 206, 150), (236, 182, 190), (96, 112, 150))[variant]
    fur = FUR[variant]
    canvas = Canvas(wall)
    canvas.rectangle(-1, 0.62, 1, 1, darker(wall, 0.25))
    canvas.ellipse(0, 0.78, 0.82, 0.16, lighter(wall, 0.35))
    cat = canvas.placed(rng.uniform(-0.1, 0.1), 0.04, rng.uniform(0.8, 0.94), flip=variant % 2 == 1)
    cat.curve([(0.35, 0.74), (0.72, 0.66), (0.8, 0.3), (0.66, 0.06)], 0.17, darker(fur, 0.1))
    cat.blob([(-0.2, -0.1), (0.2, -0.1), (0.44, 0.4), (0.46, 0.82), (-0.46, 0.82), (-0.44, 0.4)],
             fur)  # fmt: skip
    cat.ellipse(0, 0.42, 0.2, 0.34, lighter(fur, 0.5))
    for side in (-1, 1):
        cat.ellipse(side * 0.2, 0.82, 0.17, 0.1, lighter(fur, 0.25))
        cat.line([(side * 0.02, 0.5), (side * 0.02, 0.8)], 0.02, darker(fur, 0.3))
    head = cat.placed(0, -0.32, 1.0, rng.uniform(-10, 10))
    _cat_head(head, fur, stripes=variant in (0, 1))
    return canvas.picture()


def _cat_head(head: Canvas, fur: Colour, stripes: bool) -> None:
    for side in (-1, 1):
        head.polygon([(side * 0.5, -0.62), (side * 0.08, -0.34), (side * 0.5, 0.0)], fur)
        head.polygon([(side * 0.44, -0.5), (side * 0.2, -0.32), (side * 0.44, -0.12)],
                     (240, 160, 160))  # fmt: skip
    head.ellipse(0, 0, 0.52, 0.42, fur)
    if stripes:
        for x in (-0.13, 0.0, 0.13):
            head.line([(x, -0.38), (x * 0.8, -0.24)], 0.06, darker(fur, 0.35))
        for side in (-1, 1):
            head.line([(side * 0.5, 0.0), (side * 0.38, 0.03)], 0.05, darker(fur, 0.35))
    head.ellipse(0, 0.17, 0.25, 0.18, lighter(fur, 0.6))
    for side in (-1, 1):
        head.ellipse(side * 0.22, -0.05, 0.12, 0.13, (196, 220, 96))
        head.ellipse(side * 0.22, -0.05, 0.045, 0.115, INK)
        head.ellipse(side * 0.22 + 0.04, -0.1, 0.025, 0.025, WHITE)
        head.curve([(0, 0.17), (side * 0.06, 0.25), (side * 0.14, 0.21)], 0.03, INK)
        for drop in (-0.02, 0.06):
            whisker = [(side * 0.3, 0.15 + drop), (side * 0.72, 0.08 + 2.6 * drop)]
            head.line(whisker, 0.018, lighter(fur, 0.7) if sum(fur) < 450 else INK)
    head.polygon([(-0.07, 0.09), (0.07, 0.09), (0, 0.17)], (222, 110, 120))


def _bird(variant: int, rng: np.random.Generator) -> Image.Image:
    sky: Colour = ((206, 232, 226), (252, 222, 178), (150, 202, 236))[variant]
    back, belly = PLUMAGE[variant]
    canvas = Canvas(sky)
    canvas.ellipse(0.55, -0.55, 0.24, 0.24, lighter(sky, 0.6))
    canvas.curve([(-1.1, 0.72), (-0.2, 0.62), (1.1, 0.74)], 0.12, (122, 84, 60))
    for x, tilt in ((-0.75, -30), (0.78, 25), (0.5, -150)):
        canvas.placed(x, 0.62, 0.2, tilt).ellipse(0.4, -0.4, 0.6, 0.25, (110, 164, 92), -40)
    bird = canvas.placed(0, 0.02, rng.uniform(0.84, 1.0), rng.uniform(-10, 8), variant == 1)
    bird.polygon([(-0.3, 0.1), (-0.98, 0.38), (-0.9, 0.56), (-0.25, 0.42)], darker(back, 0.25))
    for x in (-0.05, 0.14):
        bird.line([(x, 0.4), (x + 0.02, 0.62)], 0.05, (226, 140, 60))
    bird.blob([(0.2, -0.62), (0.52, -0.36), (0.48, 0.08), (0.22, 0.44), (-0.2, 0.46),
               (-0.5, 0.2), (-0.2, -0.14), (-0.06, -0.46)], back)  # fmt: skip
    bird.blob([(0.46, -0.14), (0.46, 0.1), (0.2, 0.42), (-0.12, 0.42), (0.14, 0.12)], belly)
    bird.blob([(0.02, -0.1), (0.14, 0.1), (-0.14, 0.32), (-0.68, 0.36), (-0.36, 0.08)],
              darker(back, 0.22))  # fmt: skip
    bird.line([(-0.1, 0.1), (-0.4, 0.28)], 0.03, back)
    bird.polygon([(0.48, -0.42), (0.82, -0.28), (0.46, -0.2)], (242, 160, 50))
    bird.ellipse(0.26, -0.34, 0.1, 0.1, WHITE)
    bird.ellipse(0.28, -0.34, 0.06, 0.06, INK)
    return canvas.picture()


def _fish(variant: int, rng: np.random.Generator) -> Image.Image:
    water: Colour = ((70, 150, 190), (140, 206, 214), (46, 92, 150))[variant]
    body, band = SCALES[variant]
    canvas = Canvas(water)
    canvas.ellipse(0, 1.2, 1.5, 0.5, (228, 206, 156))
    for x in (-0.8, -0.66, 0.74):
        canvas.curve([(x, 0.95), (x + 0.08, 0.66), (x - 0.06, 0.4)], 0.09, (64, 140, 104))
    for x, y, r in ((0.74, -0.6, 0.08), (0.62, -0.8, 0.05), (0.84, -0.36, 0.05)):
        canvas.ellipse(x, y, r, r, lighter(water, 0.5))
    fish = canvas.placed(
        rng.uniform(-0.1, 0.1), -0.05, rng.uniform(0.74, 0.9), rng.uniform(-14, 14), variant == 1
    )
    fin = darker(body, 0.2)
    fish.blob([(-0.5, 0), (-0.98, -0.4), (-0.86, 0), (-0.98, 0.4)], fin)
    fish.blob([(-0.35, -0.3), (0.0, -0.66), (0.3, -0.3)], fin)
    fish.blob([(-0.2, 0.3), (-0.1, 0.6), (0.16, 0.32)], fin)
    fish.ellipse(0.05, 0, 0.68, 0.42, body)
    for x, half in ((-0.28, 0.34), (0.12, 0.4)):
        fish.blob([(x - 0.06, -half), (x + 0.1, -half), (x + 0.14, 0), (x + 0.08, half),
                   (x - 0.08, half), (x - 0.02, 0)], band)  # fmt: skip
    fish.blob([(0.02, 0.04), (-0.2, 0.2), (-0.16, 0.0)], fin)
    fish.ellipse(0.46, -0.08, 0.12, 0.12, WHITE)
    fish.ellipse(0.49, -0.08, 0.065, 0.065, INK)
    fish.curve([(0.7, 0.06), (0.62, 0.14), (0.52, 0.14)], 0.035, darker(body, 0.5))
    return canvas.picture()


def _backdrop(canvas: Canvas, colour: Colour, exemplar: int) -> None:
    if exemplar % 3 == 0:
        canvas.ellipse(0, 0, 0.92, 0.92, lighter(colour, 0.3))
    elif exemplar % 3 == 1:
        for x in np.arange(-1, 1.2, 0.4):
            canvas.rectangle(x - 0.1, -1, x + 0.1, 1, lighter(colour, 0.18))


CATEGORIES: dict[str, Callable[[int, np.random.Generator], tuple[Image.Image, tuple[str, ...]]]] = {
    "face": draw_face,
    "animal": draw_animal,
    "fruit": draw_fruit,
    "tree": draw_tree,
    "vehicle": draw_vehicle,
    "house": draw_house,
}
