"""Drawn pictures of things: fruit, trees, vehicles and houses."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from core.datasets.canvas import WHITE, Canvas, Colour, Point, darker, lighter

LEAF: Colour = (92, 158, 78)
WOOD: Colour = (122, 84, 58)
TYRE: Colour = (48, 48, 58)
GLASS: Colour = (176, 222, 236)

FRUITS = ("apple", "banana", "pear", "strawberry", "orange", "cherry", "grapes", "watermelon",
          "pineapple", "apple")  # fmt: skip
TREES = ("oak", "pine", "palm", "oak", "birch", "pine", "blossom", "cypress", "oak", "palm")
VEHICLES = ("car", "bus", "car", "truck", "car", "van", "car", "bus", "truck", "car")
HOUSES = ("cottage", "villa", "tower", "cottage", "barn", "villa", "cottage", "tower", "villa",
          "cottage")  # fmt: skip
CLOTHS: tuple[Colour, ...] = (
    (150, 200, 206), (122, 150, 196), (246, 214, 170), (224, 234, 214), (74, 106, 120),
    (250, 232, 190), (232, 214, 226), (250, 200, 120), (160, 210, 190), (226, 190, 170),
)  # fmt: skip
SKIES: tuple[Colour, ...] = (
    (168, 214, 238), (250, 216, 180), (134, 192, 230), (206, 226, 236), (246, 190, 164),
    (150, 170, 210), (190, 230, 226), (60, 74, 120), (226, 232, 238), (248, 226, 160),
)  # fmt: skip
MEADOWS: tuple[Colour, ...] = ((140, 190, 96), (176, 196, 104), (102, 164, 110), (206, 190, 120))
PAINTS: tuple[Colour, ...] = (
    (214, 66, 60), (244, 184, 52), (62, 124, 190), (72, 150, 130), (240, 238, 232),
    (236, 132, 66), (124, 92, 160), (206, 60, 70), (84, 96, 116), (110, 180, 214),
)  # fmt: skip
WALLS: tuple[Colour, ...] = (
    (250, 236, 206), (236, 178, 150), (206, 214, 222), (244, 208, 110), (184, 72, 62),
    (240, 240, 236), (166, 200, 214), (214, 186, 160), (196, 214, 176), (238, 190, 200),
)  # fmt: skip
ROOFS: tuple[Colour, ...] = ((186, 78, 62), (88, 98, 120), (126, 82, 64), (70, 120, 124))

Drawn = tuple[Image.Image, tuple[str, ...]]


def draw_fruit(exemplar: int, rng: np.random.Generator) -> Drawn:
    """One kind of fruit on a table cloth."""
    cloth, kind = CLOTHS[exemplar], FRUITS[exemplar]
    canvas = Canvas(cloth)
    if exemplar % 2:
        for x, y in np.ndindex(6, 6):
            dot = (-1 + 0.4 * x + 0.2 * (y % 2), -1 + 0.4 * y)
            canvas.ellipse(*dot, 0.06, 0.06, lighter(cloth, 0.35))
    else:
        canvas.rectangle(-1, 0.3, 1, 1, darker(cloth, 0.16))
    x, scale = rng.uniform(-0.12, 0.12), rng.uniform(0.74, 0.95)
    canvas.ellipse(x, 0.12 + 0.62 * scale, 0.7 * scale, 0.13 * scale, darker(cloth, 0.34))
    fruit = canvas.placed(x, 0.06, scale, rng.uniform(-8, 8), bool(exemplar % 3 == 1))
    _FRUIT[kind](fruit, exemplar)
    return canvas.picture(), (kind, "fruit", "food")


def _leaf(canvas: Canvas, x: float, y: float, length: float, angle: float) -> None:
    leaf = canvas.placed(x, y, length, angle)
    leaf.blob([(0, 0), (0.5, -0.3), (1, 0), (0.5, 0.3)], LEAF)
    leaf.line([(0.1, 0), (0.8, 0)], 0.06, darker(LEAF, 0.25))


def _apple(fruit: Canvas, exemplar: int) -> None:
    skin: Colour = (206, 52, 50) if exemplar == 0 else (142, 188, 66)
    fruit.blob([(0, -0.42), (0.36, -0.54), (0.68, -0.22), (0.58, 0.34), (0.26, 0.68), (0, 0.62),
                (-0.26, 0.68), (-0.58, 0.34), (-0.68, -0.22), (-0.36, -0.54)], skin)  # fmt: skip
    fruit.ellipse(-0.34, -0.18, 0.1, 0.2, lighter(skin, 0.5), 20)
    fruit.ellipse(0, -0.42, 0.16, 0.06, darker(skin, 0.3))
    fruit.curve([(0, -0.42), (0.03, -0.62), (0.12, -0.78)], 0.08, WOOD)
    _leaf(fruit, 0.05, -0.62, 0.5, -15)


def _pear(fruit: Canvas, exemplar: int) -> None:
    skin: Colour = (206, 204, 84)
    fruit.blob([(0, -0.62), (0.22, -0.48), (0.3, -0.1), (0.58, 0.28), (0.4, 0.66), (0, 0.72),
                (-0.4, 0.66), (-0.58, 0.28), (-0.3, -0.1), (-0.22, -0.48)], skin)  # fmt: skip
    fruit.ellipse(-0.26, 0.24, 0.09, 0.2, lighter(skin, 0.5), 20)
    fruit.curve([(0, -0.58), (0.02, -0.74), (0.1, -0.88)], 0.08, WOOD)
    _leaf(fruit, 0.04, -0.72, 0.42, 10)


def _banana(fruit: Canvas, exemplar: int) -> None:
    skin: Colour = (250, 214, 70)
    for drop, shade in ((0.1, darker(skin, 0.14)), (-0.08, skin)):
        fruit.blob([(-0.78, -0.42 + drop), (-0.6, -0.4 + drop), (-0.36, 0.06 + drop),
                    (0.2, 0.2 + drop), (0.76, -0.06 + drop), (0.84, 0.06 + drop),
                    (0.42, 0.5 + drop), (-0.2, 0.56 + drop), (-0.66, 0.2 + drop)],
                   shade)  # fmt: skip
    fruit.curve([(-0.56, 0.02), (-0.2, 0.3), (0.3, 0.32), (0.66, 0.1)], 0.035, darker(skin, 0.25))
    fruit.line([(-0.7, -0.46), (-0.74, -0.64)], 0.13, (130, 140, 60))
    fruit.ellipse(0.81, -0.02, 0.07, 0.07, WOOD)


def _strawberry(fruit: Canvas, exemplar: int) -> None:
    skin: Colour = (222, 50, 68)
    fruit.blob([(0, -0.46), (0.44, -0.48), (0.62, -0.16), (0.36, 0.4), (0, 0.76), (-0.36, 0.4),
                (-0.62, -0.16), (-0.44, -0.48)], skin)  # fmt: skip
    for row, y in enumerate((-0.2, 0.02, 0.24, 0.46)):
        for x in np.linspace(-0.4 + 0.1 * row, 0.4 - 0.1 * row, 4 - row):
            fruit.ellipse(float(x), y, 0.028, 0.045, (255, 222, 140))
    for angle in (-160, -125, -90, -55, -20):
        _leaf(fruit, 0, -0.44, 0.44, angle)
    for angle in (20, 90, 160):
        _leaf(fruit, 0, -0.48, 0.34, angle)


def _orange(fruit: Canvas, exemplar: int) -> None:
    skin, flesh = (244, 144, 40), (255, 188, 84)
    fruit.ellipse(-0.2, -0.12, 0.52, 0.52, skin)
    fruit.ellipse(-0.4, -0.32, 0.1, 0.08, lighter(skin, 0.5), -40)
    _leaf(fruit, -0.2, -0.6, 0.4, -20)
    fruit.ellipse(0.3, 0.24, 0.46, 0.46, darker(skin, 0.06))
    fruit.ellipse(0.3, 0.24, 0.41, 0.41, (255, 240, 206))
    for start in range(0, 360, 45):
        half = math.radians(start + 22.5)
        tip = (0.3 + 0.05 * math.cos(half), 0.24 + 0.05 * math.sin(half))
        rim = [
            (
                0.3 + 0.36 * math.cos(math.radians(start + t)),
                0.24 + 0.36 * math.sin(math.radians(start + t)),
            )
            for t in range(5, 42, 4)
        ]
        fruit.polygon([tip, *rim], flesh)  # fmt: skip


def _cherry(fruit: Canvas, exemplar: int) -> None:
    skin: Colour = (178, 28, 58)
    fruit.curve([(-0.36, 0.1), (-0.2, -0.36), (0.1, -0.76)], 0.06, darker(LEAF, 0.2))
    fruit.curve([(0.4, 0.22), (0.3, -0.3), (0.1, -0.76)], 0.06, darker(LEAF, 0.2))
    _leaf(fruit, 0.1, -0.74, 0.6, 12)
    for x, y in ((-0.36, 0.34), (0.4, 0.42)):
        fruit.ellipse(x, y, 0.34, 0.33, skin)
        fruit.ellipse(x - 0.12, y - 0.13, 0.07, 0.09, lighter(skin, 0.6), 30)


def _grapes(fruit: Canvas, exemplar: int) -> None:
    skin: Colour = (112, 70, 150)
    fruit.line([(0, -0.4), (0.04, -0.82)], 0.08, WOOD)
    for row, count in enumerate((4, 5, 4, 3, 2, 1)):
        for column in range(count):
            x, y = 0.26 * (column - (count - 1) / 2), -0.36 + 0.22 * row
            fruit.ellipse(x, y, 0.155, 0.155, darker(skin, 0.18 * ((row + column) % 2)))
            fruit.ellipse(x - 0.05, y - 0.05, 0.035, 0.035, lighter(skin, 0.5))
    _leaf(fruit, 0.02, -0.6, 0.56, -12)
    _leaf(fruit, 0.02, -0.6, 0.46, 196)


def _watermelon(fruit: Canvas, exemplar: int) -> None:
    fruit.ellipse(0, -0.3, 0.86, 0.9, (64, 130, 74), arc=(0, 180))
    fruit.ellipse(0, -0.3, 0.79, 0.82, (222, 238, 190), arc=(0, 180))
    fruit.ellipse(0, -0.3, 0.72, 0.74, (232, 76, 84), arc=(0, 180))
    for x, y in ((-0.45, -0.12), (-0.15, -0.14), (0.15, -0.14), (0.45, -0.12), (-0.28, 0.12),
                 (0, 0.1), (0.28, 0.12), (0, 0.3)):  # fmt: skip
        fruit.ellipse(x, y, 0.035, 0.06, TYRE)


def _pineapple(fruit: Canvas, exemplar: int) -> None:
    skin: Colour = (236, 176, 62)
    for angle, length in ((-90, 0.56), (-62, 0.54), (-118, 0.54), (-36, 0.46), (-144, 0.46)):
        _leaf(fruit, 0, -0.28, length, angle)
    fruit.ellipse(0, 0.22, 0.44, 0.54, skin)
    for shift in (-0.5, -0.25, 0, 0.25, 0.5):
        for side in (-1, 1):
            ends = [_on_ellipse(shift, side, 0.43, 0.53, end) for end in (-1, 1)]
            fruit.line([(x, y + 0.22) for x, y in ends], 0.03, darker(skin, 0.3))


def _on_ellipse(shift: float, side: int, rx: float, ry: float, end: int) -> Point:
    """Where the diagonal y = side * x + shift leaves an ellipse."""
    a, b, c = 1 / rx**2 + 1 / ry**2, 2 * side * shift / ry**2, shift**2 / ry**2 - 1
    x = (-b + end * math.sqrt(max(0.0, b * b - 4 * a * c))) / (2 * a)
    return x, side * x + shift


_FRUIT = {
    "apple": _apple, "banana": _banana, "pear": _pear, "strawberry": _strawberry,
    "orange": _orange, "cherry": _cherry, "grapes": _grapes, "watermelon": _watermelon,
    "pineapple": _pineapple,
}  # fmt: skip


def _landscape(exemplar: int, rng: np.random.Generator) -> Canvas:
    sky, meadow = SKIES[exemplar], MEADOWS[exemplar % len(MEADOWS)]
    canvas = Canvas(sky)
    if exemplar % 3 == 0:
        canvas.ellipse(rng.uniform(-0.8, 0.8), -0.68, 0.17, 0.17, (255, 236, 150))
    for _ in range(exemplar % 3):
        cloud = canvas.placed(rng.uniform(-0.8, 0.8), rng.uniform(-0.8, -0.5), 0.26)
        for x, y, r in ((-0.5, 0.1, 0.36), (0, -0.1, 0.5), (0.55, 0.1, 0.36)):
            cloud.ellipse(x, y, r, r * 0.8, lighter(sky, 0.6))
    canvas.ellipse(rng.uniform(-0.7, 0.7), 0.75, 1.0, 0.46, darker(meadow, 0.14))
    canvas.rectangle(-1, 0.55, 1, 1, meadow)
    return canvas


def draw_tree(exemplar: int, rng: np.random.Generator) -> Drawn:
    """One tree in a landscape: kind, season, size and place vary."""
    kind = TREES[exemplar]
    canvas = _landscape(exemplar, rng)
    x = rng.uniform(-0.2, 0.2)
    canvas.ellipse(x, 0.72, 0.5, 0.08, darker(MEADOWS[exemplar % len(MEADOWS)], 0.25))
    tree = canvas.placed(x, 0.72, rng.uniform(0.8, 0.98), 0.0, exemplar % 2 == 1)
    if kind == "pine":
        _pine(tree, (54, 110, 88) if exemplar == 1 else (76, 128, 70))
    elif kind == "palm":
        _palm(tree)
    elif kind == "cypress":
        tree.rectangle(-0.07, -0.3, 0.07, 0, WOOD)
        tree.blob([(0, -1.6), (0.24, -1.0), (0.3, -0.45), (0, -0.12), (-0.3, -0.45),
                   (-0.24, -1.0)], (60, 126, 96))  # fmt: skip
        tree.blob([(-0.04, -1.4), (0.0, -0.8), (-0.1, -0.3), (-0.24, -0.5), (-0.18, -1.0)],
                  (78, 146, 110))  # fmt: skip
    else:
        crowns: dict[int, Colour] = {0: (84, 152, 76), 3: (226, 128, 52), 8: (196, 82, 54)}
        crown = {"birch": (164, 190, 76), "blossom": (244, 176, 196)}.get(kind)
        _leafy(tree, crown or crowns[exemplar], kind == "birch")
    return canvas.picture(), (kind, "tree", "plant")


def _leafy(tree: Canvas, crown: Colour, birch: bool) -> None:
    bark: Colour = (236, 232, 224) if birch else WOOD
    tree.polygon([(-0.13, 0), (-0.08, -0.8), (0.08, -0.8), (0.13, 0)], bark)
    tree.line([(0, -0.5), (0.28, -0.8)], 0.08, bark)
    tree.line([(0, -0.42), (-0.24, -0.7)], 0.07, bark)
    if birch:
        for y in (-0.1, -0.25, -0.42):
            tree.line([(-0.08, y), (0.02, y - 0.01)], 0.03, TYRE)
    for x, y, r in ((-0.36, -0.84, 0.33), (0.38, -0.86, 0.33), (0, -1.2, 0.38), (0, -0.86, 0.36)):
        tree.ellipse(x, y, r, r, darker(crown, 0.14))
    for x, y, r in ((-0.38, -0.92, 0.26), (0.34, -0.94, 0.26), (-0.03, -1.26, 0.31)):
        tree.ellipse(x, y, r, r, crown)
    for x, y in ((-0.44, -1.0), (-0.1, -1.36), (0.28, -1.04), (0.08, -1.1), (-0.22, -0.8)):
        tree.ellipse(x, y, 0.07, 0.055, lighter(crown, 0.3))


def _pine(tree: Canvas, needles: Colour) -> None:
    tree.rectangle(-0.09, -0.3, 0.09, 0, WOOD)
    for level, (y, half) in enumerate(((-0.2, 0.58), (-0.58, 0.47), (-0.94, 0.35))):
        shade = lighter(needles, 0.1 * level)
        tree.polygon([(-half, y), (half, y), (0, y - 0.66)], shade)
        tree.polygon([(0, y), (half, y), (0, y - 0.66)], darker(shade, 0.14))


def _palm(tree: Canvas) -> None:
    tree.curve([(0, 0), (0.06, -0.4), (0.02, -0.8), (-0.1, -1.1)], 0.14, (160, 116, 78))
    for y in (-0.2, -0.4, -0.6, -0.8):
        tree.line([(-0.02, y), (0.1, y - 0.02)], 0.025, (122, 84, 58))
    for angle, shade in ((-170, 0.2), (-10, 0.2), (-128, 0.1), (-52, 0.1), (-90, 0.0), (160, 0.25),
                         (22, 0.25)):  # fmt: skip
        frond = tree.placed(-0.1, -1.1, 0.68, angle)
        bend = 0.22 if -90 < angle < 90 else -0.22
        frond.blob([(0, 0), (0.5, -0.16), (1, bend), (0.5, 0.1)], darker((86, 160, 84), shade))
    for x in (-0.18, -0.03):
        tree.ellipse(x, -1.05, 0.08, 0.08, (110, 70, 46))


def draw_vehicle(exemplar: int, rng: np.random.Generator) -> Drawn:
    """A car, van, bus or truck on a road, facing either way."""
    kind, paint = VEHICLES[exemplar], PAINTS[exemplar]
    canvas = _landscape(exemplar, rng)
    canvas.rectangle(-1, 0.5, 1, 0.92, (104, 106, 118))
    for x in np.arange(-0.9, 1.0, 0.5):
        canvas.rectangle(x, 0.76, x + 0.26, 0.8, (240, 236, 220))
    scale = rng.uniform(0.74, 0.9) if kind == "car" else rng.uniform(0.8, 0.94)
    place = (rng.uniform(-0.08, 0.08), 0.62)
    canvas.ellipse(place[0], 0.66, 0.95 * scale, 0.07, (78, 80, 92))
    vehicle = canvas.placed(*place, scale, 0.0, exemplar % 2 == 0)
    if kind == "car":
        _car(vehicle, paint, sporty=exemplar in (4, 9), tall=exemplar == 6)
    elif kind == "truck":
        _truck(vehicle, paint, WALLS[exemplar])
    else:
        _bus(vehicle, paint, windows=3 if kind == "van" else 5, half=0.8 if kind == "van" else 0.96)
    return canvas.picture(), (kind, "vehicle", "road")


def _wheel(vehicle: Canvas, x: float, radius: float) -> None:
    vehicle.ellipse(x, -radius + 0.04, radius, radius, TYRE)
    vehicle.ellipse(x, -radius + 0.04, radius * 0.52, radius * 0.52, (206, 208, 214))
    vehicle.ellipse(x, -radius + 0.04, radius * 0.2, radius * 0.2, (120, 122, 132))


def _car(car: Canvas, paint: Colour, sporty: bool, tall: bool) -> None:
    top = -0.72 if sporty else (-1.0 if tall else -0.86)
    front = 0.3 if sporty else 0.42
    car.blob([(-0.66, -0.48), (-0.42, top), (0.06, top), (front, -0.5)], paint)
    car.blob([(-0.94, -0.12), (-0.92, -0.46), (-0.5, -0.54), (0.3, -0.54), (0.88, -0.42),
              (0.96, -0.14), (0.5, -0.1), (-0.5, -0.1)], paint)  # fmt: skip
    glass_top = top + 0.1
    car.polygon([(-0.53, -0.52), (-0.37, glass_top), (-0.15, glass_top), (-0.15, -0.52)], GLASS)
    car.polygon([(-0.07, -0.52), (-0.07, glass_top), (0.04, glass_top), (front - 0.12, -0.52)],
                GLASS)  # fmt: skip
    car.rectangle(-0.92, -0.2, 0.94, -0.12, darker(paint, 0.3), 0.03)
    car.line([(-0.11, -0.48), (-0.11, -0.2)], 0.02, darker(paint, 0.3))
    car.line([(-0.05, -0.42), (0.05, -0.42)], 0.035, darker(paint, 0.4))
    car.ellipse(0.87, -0.34, 0.06, 0.07, (255, 240, 170))
    car.ellipse(-0.9, -0.36, 0.04, 0.07, (200, 40, 40))
    for x in (-0.54, 0.54):
        _wheel(car, x, 0.21)


def _bus(bus: Canvas, paint: Colour, windows: int, half: float) -> None:
    bus.rectangle(-half, -1.14, half, -0.12, paint, 0.14)
    bus.rectangle(-half, -0.46, half, -0.36, lighter(paint, 0.55))
    step = (2 * half - 0.14) / windows
    for index in range(windows):
        x = -half + 0.1 + index * step
        bus.rectangle(x, -1.0, x + step - 0.07, -0.58, GLASS, 0.04)
    bus.rectangle(half - 0.36, -0.54, half - 0.14, -0.14, darker(paint, 0.3), 0.03)
    bus.ellipse(half - 0.03, -0.27, 0.05, 0.06, (255, 240, 170))
    bus.ellipse(-half + 0.02, -0.27, 0.04, 0.07, (200, 40, 40))
    for x in (-0.6 * half, 0.44 * half):
        _wheel(bus, x, 0.2)


def _truck(truck: Canvas, paint: Colour, load: Colour) -> None:
    truck.rectangle(-0.96, -1.12, 0.3, -0.24, load, 0.04)
    for x in (-0.7, -0.44, -0.18, 0.08):
        truck.line([(x, -1.02), (x, -0.34)], 0.03, darker(load, 0.16))
    truck.rectangle(-0.96, -0.26, 0.9, -0.14, (84, 86, 98))
    truck.blob([(0.36, -0.16), (0.36, -0.9), (0.7, -0.9), (0.88, -0.54), (0.96, -0.16)], paint)
    truck.polygon([(0.5, -0.52), (0.5, -0.8), (0.68, -0.8), (0.8, -0.52)], GLASS)
    truck.ellipse(0.9, -0.28, 0.05, 0.06, (255, 240, 170))
    for x in (-0.7, -0.26, 0.62):
        _wheel(truck, x, 0.19)


def draw_house(exemplar: int, rng: np.random.Generator) -> Drawn:
    """A cottage, villa, barn or tower house with garden; storeys, roof and colours vary."""
    kind = HOUSES[exemplar]
    canvas = _landscape(exemplar, rng)
    canvas.polygon([(-0.12, 0.66), (0.12, 0.66), (0.34, 1), (-0.34, 1)], (222, 204, 172))
    house = canvas.placed(rng.uniform(-0.06, 0.06), 0.68, rng.uniform(0.78, 0.92), 0.0,
                          exemplar % 2 == 1)  # fmt: skip
    half, height = {"cottage": (0.68, 0.66), "villa": (0.76, 0.98), "tower": (0.46, 1.22),
                    "barn": (0.74, 0.66)}[kind]  # fmt: skip
    roof = ROOFS[(exemplar * 3) % len(ROOFS)]
    _walls(house, WALLS[exemplar], roof, half, height, kind)
    storeys = {"villa": 2, "tower": 3}.get(kind, 1)
    _openings(house, half, height, storeys, PAINTS[(exemplar * 7 + 2) % len(PAINTS)], kind)
    for side in (-1, 1):
        bush = MEADOWS[(exemplar + 2) % len(MEADOWS)]
        house.ellipse(side * (half + 0.1), -0.06, 0.2, 0.17, darker(bush, 0.3))
    return canvas.picture(), (kind, "house", "building")


def _walls(
    house: Canvas, wall: Colour, roof: Colour, half: float, height: float, kind: str
) -> None:
    peak = -height - (0.3 if kind == "villa" else 0.52)
    house.rectangle(half * 0.42, peak + 0.02, half * 0.42 + 0.17, -height, (164, 96, 80))
    house.rectangle(-half, -height, half, 0, wall)
    house.rectangle(-half, -0.08, half, 0, darker(wall, 0.2))
    eaves = half + 0.13
    if kind == "villa":
        house.polygon([(-eaves, -height), (-half * 0.6, peak), (half * 0.6, peak),
                       (eaves, -height)], roof)  # fmt: skip
    elif kind == "barn":
        house.polygon([(-eaves, -height), (-half * 0.7, peak + 0.2), (0, peak),
                       (half * 0.7, peak + 0.2), (eaves, -height)], roof)  # fmt: skip
    else:
        house.polygon([(-eaves, -height), (0, peak), (eaves, -height)], roof)
    house.rectangle(-eaves, -height - 0.02, eaves, -height + 0.05, darker(roof, 0.25))


def _openings(
    house: Canvas, half: float, height: float, storeys: int, door: Colour, kind: str
) -> None:
    floor = height / storeys
    for storey in range(storeys):
        y = -floor * (storey + 0.58)
        for side in (-1, 1):
            _window(house, side * half * 0.58, y, min(0.17, half * 0.25))
        if storey:
            _window(house, 0, y, half * 0.2)
    width = 0.26 if kind == "barn" else 0.13
    house.rectangle(-width, -0.44, width, 0, door, 0.03)
    if kind == "barn":
        house.line([(-width, -0.42), (width, -0.02)], 0.04, WHITE)
        house.line([(width, -0.42), (-width, -0.02)], 0.04, WHITE)
    else:
        house.ellipse(0.07, -0.2, 0.025, 0.025, (250, 220, 120))
    if kind in ("cottage", "barn"):
        house.ellipse(0, -height - 0.22, 0.1, 0.1, WHITE)
        house.ellipse(0, -height - 0.22, 0.07, 0.07, GLASS)


def _window(house: Canvas, x: float, y: float, half: float) -> None:
    house.rectangle(x - half, y - half, x + half, y + half, WHITE, 0.02)
    house.rectangle(x - half * 0.8, y - half * 0.8, x + half * 0.8, y + half * 0.8, GLASS)
    house.line([(x, y - half * 0.8), (x, y + half * 0.8)], 0.03, WHITE)
    house.line([(x - half * 0.8, y), (x + half * 0.8, y)], 0.03, WHITE)
    house.rectangle(x - half * 1.15, y + half, x + half * 1.15, y + half + 0.04, (226, 220, 206))
