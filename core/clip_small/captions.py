"""What one would say of a scene: captions in varied words, and what each claims."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.simulation.scenes import object_categories

NUMBERS = {1: ("a", "one", "a single"), 2: ("two", "a pair of"), 3: ("three", "several")}
LIGHTS = {
    "day": ("by day", "in daylight"),
    "dusk": ("at dusk", "in the evening"),
    "night": ("at night", "in the dark"),
}
PLACES = {
    "street": ("in a street", "on the road"), "park": ("in a park",), "meadow": ("in a meadow",),
    "farm": ("on a farm", "in a field"), "forest": ("in a forest", "in the woods"),
    "beach": ("on a beach",), "sea": ("at sea", "on the sea"), "lake": ("on a lake",),
    "underwater": ("under water", "underwater"), "snow": ("in the snow",),
    "desert": ("in a desert",), "savanna": ("in the savanna",), "hills": ("in the hills",),
    "sky": ("in the sky",), "city": ("in a city", "in town"),
    "sports_field": ("on a sports field",), "tennis_court": ("on a tennis court",),
    "skate_park": ("in a skate park",), "stage": ("on a stage",),
    "living_room": ("in a living room",), "bedroom": ("in a bedroom",),
    "kitchen": ("in a kitchen",), "dining_room": ("in a dining room",),
    "shelf": ("on a shelf",), "desk": ("on a desk",), "tabletop": ("on a table top",),
    "plate_cloth": ("on a cloth",), "counter": ("on a counter",), "studio": ("in a studio",),
    "portrait_wall": ("before a wall",),
}  # fmt: skip
CLASSES = {
    "people": "person", "sports": "athlete", "animals": "animal", "food": "food item",
    "vehicles": "vehicle", "furniture": "piece of furniture", "kitchen": "kitchen thing",
    "plants": "plant", "buildings": "building", "outdoor things": "outdoor thing",
    "sky and landscapes": "landscape", "indoor things": "indoor thing",
}  # fmt: skip
IRREGULAR = {"man": "men", "woman": "women", "fish": "fish", "sheep": "sheep",
             "scissors": "scissors", "broccoli": "broccoli"}  # fmt: skip
OPENINGS = ("", "", "", "a picture of ", "a drawing of ", "this is ", "there is ")
CLAIMS = ("kind", "supercategory", "colour", "place", "light", "number")
CHANCES = {"kind": 0.92, "colour": 0.55, "place": 0.45, "light": 0.45, "number": 0.5}
MANY = 3


@dataclass(frozen=True)
class Caption:
    """A text, and what it claims: the value of each of ``CLAIMS``, None where it is silent."""

    text: str
    claims: tuple[Any, ...]


def caption(facts: Mapping[str, Any], rng: np.random.Generator) -> Caption:
    """Describe an image; every part but the thing may be left out."""
    stated = {name: rng.random() < chance for name, chance in CHANCES.items()}
    kind = object_categories()[facts["kind"]]
    claimed = {name: facts[name] for name in CHANCES if stated[name]}
    if "number" in claimed:
        claimed["number"] = min(claimed["number"], MANY)
    name = kind.name if stated["kind"] else CLASSES[kind.supercategory]
    parts = {part: claimed.get(part) for part in ("colour", "place", "light", "number")}
    text = _chosen(rng, OPENINGS) + phrase(name, rng, **parts)
    claimed["supercategory"] = kind.supercategory
    return Caption(text, tuple(claimed.get(name) for name in CLAIMS))


def facts_claimed(facts: pd.DataFrame) -> pd.DataFrame:
    """What is true of images, in the columns ``CLAIMS``."""
    supercategory = facts["kind"].map(lambda kind: object_categories()[kind].supercategory)
    return facts.assign(supercategory=supercategory, number=facts["number"].clip(upper=MANY))[
        list(CLAIMS)
    ]


def phrase(
    thing: str,
    rng: np.random.Generator,
    colour: str | None = None,
    place: str | None = None,
    light: str | None = None,
    number: int | None = None,
) -> str:
    """Such as 'a red car in a street at night'."""
    count = _chosen(rng, NUMBERS[number or 1][: 1 if number is None else None])
    words = [count, colour or "", thing if (number or 1) == 1 else plural(thing)]
    where = _chosen(rng, PLACES[place]) if place else ""
    when = _chosen(rng, LIGHTS[light]) if light else ""
    after = [where, when] if rng.random() < 0.7 else [when, where]
    return article(" ".join(word for word in [*words, *after] if word))


def words() -> list[str]:
    """Every word that a caption, or the name of an object category, may have; sorted."""
    categories = object_categories().values()
    things = [*(category.name for category in categories), *CLASSES.values()]
    colours = [name for category in categories for name in category.colours["main"]]
    choices = (NUMBERS, LIGHTS, PLACES)
    phrases = [text for table in choices for texts in table.values() for text in texts]
    texts = [*things, *map(plural, things), *colours, *phrases, *OPENINGS, "an"]
    return sorted({word for text in texts for word in re.findall(r"\w+", text.lower())})


def plural(thing: str) -> str:
    """Plural of a kind's name."""
    first, _, last = thing.rpartition(" ")
    start = f"{first} " if first else ""
    if last in IRREGULAR:
        return start + IRREGULAR[last]
    if last.endswith("y") and last[-2] not in "aeiou":
        return f"{start}{last[:-1]}ies"
    return f"{start}{last}es" if last.endswith(("s", "ch", "sh", "x")) else f"{start}{last}s"


def article(text: str) -> str:
    """'an' before a vowel."""
    first, _, rest = text.partition(" ")
    return f"an {rest}" if first == "a" and rest[:1] in "aeiou" else text


def _chosen(rng: np.random.Generator, texts: tuple[str, ...]) -> str:
    return texts[int(rng.random() * len(texts))]
