"""One scene: an image and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.errors import InputError
from core.simulation.scenes.art import ObjectCategory
from core.simulation.scenes.paint import Painted, paint
from core.simulation.scenes.plan import Plan, plan

SIDE = 176
SMALLEST_MAIN = 0.06
SMALLEST_OTHER = 0.004
MOST_PLANS = 25
MAIN_SEEN = 0.7


@dataclass(frozen=True)
class Scene:
    """An image and what it shows.

    Attributes
    ----------
    image : PIL.Image.Image, RGB
    category : ObjectCategory
        The main thing.
    exemplar : int
        Its drawing.
    colour : str
        Colour name of its main slot.
    number : int
        How many of it there are.
    place, light, source : str
        ``source`` is 'object', 'close-up', 'indoor' or 'outdoor'.
    shares : dict of str to float
        Share of the image of every category one sees, the main one first.
    """

    image: Image.Image
    category: ObjectCategory
    exemplar: int
    colour: str
    number: int
    place: str
    light: str
    source: str
    shares: Mapping[str, float]


def draw(
    rng: np.random.Generator,
    category: ObjectCategory,
    others: Sequence[ObjectCategory] = (),
    *,
    exemplars: Sequence[int] | None = None,
    other_exemplars: Sequence[int] = (1, 2, 3, 4),
    colour: str | None = None,
    light: str | None = None,
    side: int = SIDE,
) -> Scene:
    """Compose and paint a scene around one object category.

    Parameters
    ----------
    rng : np.random.Generator
        The same state gives the same bytes.
    category : ObjectCategory
        The main thing.
    others : sequence of ObjectCategory
        What else may stand about, where the place fits.
    exemplars, other_exemplars : sequence of int
        Drawings to choose from, of the main thing (all by default) and the others.
    colour, light : str, optional
        Colour name of the main thing and time of day, chosen at random where not given.
    side : int
        Pixels.

    Raises
    ------
    InputError
        If an exemplar does not exist, or the thing has no place with that light.
    """
    exemplars = exemplars or range(1, len(category.drawings) + 1)
    if not all(1 <= number <= len(category.drawings) for number in exemplars):
        raise InputError(
            f"Exemplars {list(exemplars)} of {category.id!r} do not all exist",
            f"numbers from 1 to {len(category.drawings)}",
        )
    planned, painted = _best(
        rng, side, lambda: plan(rng, category, others, exemplars, other_exemplars, colour, light)
    )
    main = planned.things[0]
    return Scene(
        painted.image,
        category,
        main.exemplar,
        main.colour,
        _number(planned, painted.shares),
        planned.place.id,
        planned.light,
        _source(planned),
        _seen(planned, painted.shares),
    )


def _best(rng: np.random.Generator, side: int, make: Callable[[], Plan]) -> tuple[Plan, Painted]:
    """The first scene in which one sees the main thing well, else the best of some tries."""
    tries = []
    for _ in range(MOST_PLANS):
        planned = make()
        painted = paint(planned, side, rng)
        seen = painted.shares[0] / max(SMALLEST_MAIN, MAIN_SEEN * painted.alone[0])
        tries.append((seen, planned, painted))
        if seen >= 1:
            break
    _, planned, painted = max(tries, key=lambda tried: tried[0])
    return planned, painted


def _number(planned: Plan, shares: np.ndarray) -> int:
    """How many of the main category one sees."""
    same = [thing.category is planned.things[0].category for thing in planned.things]
    return int((np.array(same) & (shares >= SMALLEST_OTHER)).sum())


def _seen(planned: Plan, shares: np.ndarray) -> dict[str, float]:
    total: dict[str, float] = {planned.things[0].category.id: 0.0}
    for thing, share in zip(planned.things, shares, strict=True):
        total[thing.category.id] = total.get(thing.category.id, 0.0) + float(share)
    return {name: round(share, 4) for name, share in total.items() if share >= SMALLEST_OTHER}


def _source(planned: Plan) -> str:
    if planned.place.support == "backdrop":
        return "object"
    if planned.place.support == "above":
        return "close-up"
    return "indoor" if planned.place.semantics.get("indoor", 0.0) > 0.5 else "outdoor"
