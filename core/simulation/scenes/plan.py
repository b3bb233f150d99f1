"""What a scene shows and where: place, light, main thing, copies of it and other things."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import InputError
from core.simulation.scenes import svg
from core.simulation.scenes.art import ObjectCategory, Place, colours, places

LIGHTS = {"day": 0.66, "dusk": 0.17, "night": 0.17}
OTHERS = (0.2, 0.25, 0.25, 0.15, 0.1, 0.05)
COPIES = (0.78, 0.14, 0.08)
STUDIO_SHARE = 0.12
LARGEST_IN_STUDIO = 3.0
MOST_TRIES = 12
MARGIN = 0.03
PERSPECTIVE = ("ground", "floor", "water")
# Apparent size grows slower than real size, so that a mountain and a sheep share an image.
COMPRESSION = 0.6
SIZES = {"portrait": (0.78, 0.95), "horizon": (0.7, 1.05), "air": (0.42, 0.85)}
GROUPS = ("animals", "food", "plants", "kitchen", "sports", "buildings")


@dataclass(frozen=True)
class Placed:
    """One thing in a scene; lengths are fractions of the image's side.

    ``base`` is the height of its lowest point, ``size`` its longer side, ``angle`` in
    degrees; a smaller ``depth`` is farther away.
    """

    category: ObjectCategory
    exemplar: int
    fills: Mapping[str, str]
    pattern: tuple[str, str] | None
    colour: str
    x: float
    base: float
    size: float
    angle: float
    mirrored: bool
    depth: float

    @property
    def drawing(self) -> Path:
        return self.category.drawings[self.exemplar - 1]

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height before it is turned."""
        ratio = svg.proportions(self.drawing)
        return self.size * min(1.0, ratio), self.size * min(1.0, 1.0 / ratio)

    @property
    def box(self) -> tuple[float, float, float, float]:
        width, height = self.extent
        return self.x - width / 2, self.base - height, self.x + width / 2, self.base


@dataclass(frozen=True)
class Plan:
    """A scene before it is painted; the first thing is the main one."""

    place: Place
    version: int
    fills: Mapping[str, str]
    mirrored: bool
    light: str
    things: tuple[Placed, ...]


def plan(
    rng: np.random.Generator,
    category: ObjectCategory,
    others: Sequence[ObjectCategory],
    exemplars: Sequence[int],
    other_exemplars: Sequence[int],
    colour: str | None = None,
    light: str | None = None,
) -> Plan:
    """Compose a scene around a main thing; see ``scene.draw``."""
    place = _choose_place(rng, category, light)
    light = light or _choose_light(rng, place)
    main = _place_main(rng, category, place, exemplars, colour)
    things = _with_copies(rng, main, place, exemplars)
    found_here = [
        other
        for other in others
        if place.id in other.places and other is not category and other.anchor != "portrait"
    ]
    count = min(len(found_here), int(rng.choice(len(OTHERS), p=OTHERS)))
    chosen = rng.choice(len(found_here), size=count, replace=False) if count else ()
    for index in chosen:
        make = functools.partial(
            _place_other, rng, found_here[index], place, things[0], other_exemplars
        )
        things += _fit(rng, things, make)
    version = int(rng.integers(len(place.drawings)))
    fills = {slot: str(rng.choice(shades)) for slot, shades in place.slots.items()}
    return Plan(place, version, fills, bool(rng.random() < 0.5), light, tuple(things))


def _choose_light(rng: np.random.Generator, place: Place) -> str:
    chances = np.array([LIGHTS[light] for light in place.lights])
    return place.lights[rng.choice(len(chances), p=chances / chances.sum())]


def _with_copies(
    rng: np.random.Generator, main: Placed, place: Place, exemplars: Sequence[int]
) -> list[Placed]:
    """The main thing, and sometimes one or two more of its category."""
    number = 1
    if main.category.supercategory in GROUPS and main.category.anchor != "horizon":
        number = 1 + int(rng.choice(len(COPIES), p=COPIES))
    if number > 1:
        main = replace(main, size=main.size * 0.78)
    things = [main]
    for _ in range(number - 1):
        make = functools.partial(_copy, rng, main, place, exemplars)
        things += _fit(rng, things, make, most_hidden=0.45)
    return things


def _choose_place(rng: np.random.Generator, category: ObjectCategory, light: str | None) -> Place:
    """A place where the category is found, and which has the light that was asked for."""
    every = {name: place for name, place in places().items() if light in (None, *place.lights)}
    fits = category.anchor in ("ground", "above") and category.metres <= LARGEST_IN_STUDIO
    if fits and "studio" in every and rng.random() < STUDIO_SHARE:
        return every["studio"]
    fitting = [name for name in category.places if name in every]
    if not fitting:
        raise InputError(f"A {category.name} is never seen at {light}", choices=_lights(category))
    return every[str(rng.choice(fitting))]


def _lights(category: ObjectCategory) -> list[str]:
    return sorted({light for name in category.places for light in places()[name].lights})


def _place_main(
    rng: np.random.Generator,
    category: ObjectCategory,
    place: Place,
    exemplars: Sequence[int],
    colour: str | None,
) -> Placed:
    size = rng.uniform(*SIZES.get(category.anchor, (0.5, 0.82)))
    return _stand(
        rng,
        _dressed(rng, category, exemplars, colour),
        place,
        size,
        x=0.5 + rng.uniform(-0.14, 0.14),
    )


def _place_other(
    rng: np.random.Generator,
    category: ObjectCategory,
    place: Place,
    main: Placed,
    exemplars: Sequence[int],
) -> Placed:
    """A further thing, as large as its distance and the main thing's size make plausible."""
    metres, size = (
        (1.7, 1.1) if main.category.anchor == "portrait" else (main.category.metres, main.size)
    )
    ratio = category.metres / metres
    size *= ratio**COMPRESSION * rng.uniform(0.85, 1.1)
    base = None
    if place.support in PERSPECTIVE and category.anchor not in ("air", "horizon"):
        base = _distance(rng, place, ratio)
        reference = 0.95 if main.category.anchor == "portrait" else max(main.base, place.ground[0])
        size *= max(0.1, base - place.horizon) / max(0.1, reference - place.horizon)
    size = float(np.clip(size, 0.12, 0.6))
    dressed = _dressed(rng, category, exemplars)
    placed = _stand(rng, dressed, place, size, x=rng.uniform(0.08, 0.92))
    return placed if base is None else _within(replace(placed, base=base, depth=base))


def _distance(rng: np.random.Generator, place: Place, ratio: float) -> float:
    """Height of the base: the larger a thing is beside the main one, the farther away."""
    near = float(np.clip(0.5 - 0.5 * np.log(ratio) / np.log(8) + rng.uniform(-0.2, 0.2), 0, 1))
    low, high = place.ground
    return low + near * (high - low)


def _within(thing: Placed) -> Placed:
    """The thing, so small that its top stays in the image."""
    height = thing.extent[1]
    most = thing.base - MARGIN
    return thing if height <= most else replace(thing, size=thing.size * most / height)


def _copy(rng: np.random.Generator, main: Placed, place: Place, exemplars: Sequence[int]) -> Placed:
    copy = replace(main, exemplar=int(rng.choice(exemplars)))
    size = main.size * rng.uniform(0.7, 1.0)
    return _stand(rng, copy, place, size, x=rng.uniform(0.1, 0.9))


def _dressed(
    rng: np.random.Generator,
    category: ObjectCategory,
    exemplars: Sequence[int],
    colour: str | None = None,
) -> Placed:
    """A thing in colours of its own, not yet placed."""
    exemplar = int(rng.choice([number for number in exemplars if number <= len(category.drawings)]))
    drawn = svg.slots(category.drawings[exemplar - 1])
    colour = colour or str(rng.choice(category.colours["main"]))
    fills = {"main": str(rng.choice(colours()[colour]))}
    for slot in drawn:
        if slot in category.colours and slot != "main":
            names = [name for name in category.colours[slot] if name != colour] or [colour]
            fills[slot] = str(rng.choice(colours()[str(rng.choice(names))]))
        elif slot in ("skin", "hair"):
            fills[slot] = str(rng.choice(colours()[slot]))
    pattern = None
    if category.patterned and rng.random() < 0.35:
        tone = "#ffffff" if rng.random() < 0.5 else "#1c1c28"
        pattern = (str(rng.choice(list(svg.PATTERNS))), svg.mixed(fills["main"], tone, 0.45))
    mirrored = bool(category.flip and rng.random() < 0.5)
    return Placed(category, exemplar, fills, pattern, colour, 0.5, 1.0, 0.5, 0.0, mirrored, 1.0)


def _stand(rng: np.random.Generator, thing: Placed, place: Place, size: float, x: float) -> Placed:
    """Put a thing where its category stands in such a place."""
    thing = replace(thing, size=size, x=x)
    anchor, support = thing.category.anchor, place.support
    height = thing.extent[1]
    tilt = thing.category.tilt
    if anchor == "portrait":
        base, depth = 1.01, 2.0
        tilt = 0
    elif anchor == "horizon":
        base, depth = place.horizon + rng.uniform(0.0, 0.025), -1.0
    elif support == "above":
        base, depth = rng.uniform(0.36, 0.66) + height / 2, float(rng.random())
        tilt = max(tilt, 12)
    elif support in ("air", "backdrop") and not (place.id == "studio" and anchor == "ground"):
        base, depth = rng.uniform(0.34, 0.64) + height / 2, float(rng.random())
    elif anchor == "air":
        base, depth = rng.uniform(0.28, 0.42) + height / 2, -0.5
    else:
        base = rng.uniform(*place.ground)
        depth, tilt = base, min(tilt, 8)
    thing = replace(thing, base=base, depth=depth, angle=float(rng.uniform(-tilt, tilt)))
    return _within(thing) if depth == base else thing


def _fit(
    rng: np.random.Generator,
    things: list[Placed],
    make: Callable[[], Placed],
    most_hidden: float = 0.3,
) -> list[Placed]:
    """A further thing that hides little of the main one and is itself mostly seen."""
    for _ in range(MOST_TRIES):
        thing = make()
        overlaps = [_overlap(thing.box, other.box) for other in things]
        own = max(1e-6, thing.extent[0] * thing.extent[1])
        main_area = max(1e-6, things[0].extent[0] * things[0].extent[1])
        in_front = thing.depth > things[0].depth
        if sum(overlaps) / own <= most_hidden and not (in_front and overlaps[0] / main_area > 0.15):
            return [thing]
    return []


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(0.0, width) * max(0.0, height)
