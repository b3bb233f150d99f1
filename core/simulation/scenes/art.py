"""The art as data: object categories, places and colours, read from ``data/art``."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import paths
from core.errors import CorruptDataError, NotFoundError
from core.simulation.scenes.themes import THEMES

ANCHORS = ("portrait", "ground", "above", "water", "air", "horizon")
SPLITS = ("training", "test")
SUPPORTS = ("ground", "floor", "surface", "above", "water", "air", "backdrop")
RESTORE = "Restore the folder data/ from the repository."


@dataclass(frozen=True)
class ObjectCategory:
    """One object category, as its ``kind.json`` declares it.

    Attributes
    ----------
    id, name, supercategory, theme : str
    split : {'training', 'test'}
        Set in which the simulated experiment shows it as the main thing.
    anchor : str
        How it stands in an image, one of ``ANCHORS``.
    metres : float
        Length of its longer side.
    tilt : int
        Most degrees it is turned by.
    flip : bool
        Whether its mirror image is plausible.
    places : tuple of str
        Where it is found.
    colours : dict of str to tuple of str
        Colour names that each slot of its drawings takes.
    patterned : bool
        Whether its main colour may come as stripes, dots or checks.
    semantics : dict of str to float
        Position on the semantic dimensions, 0 to 1; every category has the same ones.
    drawings : tuple of Path
        One SVG file for each exemplar, numbered from 1.
    """

    id: str
    name: str
    supercategory: str
    theme: str
    split: str
    anchor: str
    metres: float
    tilt: int
    flip: bool
    places: tuple[str, ...]
    colours: Mapping[str, tuple[str, ...]]
    patterned: bool
    semantics: Mapping[str, float]
    drawings: tuple[Path, ...]


@dataclass(frozen=True)
class Place:
    """One place, drawn in several versions.

    Attributes
    ----------
    id : str
    horizon : float
        Height of the eye level in the image, 0 (top) to 1.
    ground : (float, float)
        Range of heights in which things stand.
    support : str
        What they stand on, one of ``SUPPORTS``.
    lights : tuple of str
        Times of day that make sense, of 'day', 'dusk', 'night'.
    slots : dict of str to tuple of str
        Hex colours that each slot of its drawings takes.
    semantics : dict of str to float
        Its part of the semantic dimensions, where it has one.
    drawings : tuple of Path
    """

    id: str
    horizon: float
    ground: tuple[float, float]
    support: str
    lights: tuple[str, ...]
    slots: Mapping[str, tuple[str, ...]]
    semantics: Mapping[str, float]
    drawings: tuple[Path, ...]


@functools.cache
def object_categories() -> dict[str, ObjectCategory]:
    """Every object category by id, in the order of supercategories and names.

    Raises
    ------
    CorruptDataError
        If a ``kind.json`` lacks a field or holds a value that makes no sense.
    """
    files = sorted((paths.ART / "things").glob("*/kind.json"))
    if not files:
        raise NotFoundError(f"There are no object categories in {paths.ART}", remedy=RESTORE)
    listed = [_category(path) for path in files]
    dimensions = set(listed[0].semantics)
    for category, path in zip(listed, files, strict=True):
        if set(category.semantics) != dimensions:
            raise CorruptDataError(
                f"{path.parent} has other semantic dimensions",
                ", ".join(sorted(dimensions)),
                RESTORE,
            )
    ordered = sorted(listed, key=lambda category: (category.supercategory, category.id))
    return {category.id: category for category in ordered}


@functools.cache
def places() -> dict[str, Place]:
    """Every place by id."""
    path = paths.ART / "places" / "places.json"
    return {name: _place(path, name, entry) for name, entry in read_json(path).items()}


@functools.cache
def colours() -> dict[str, tuple[str, ...]]:
    """Hex shades of each colour name, and of 'skin' and 'hair'."""
    path = paths.ART / "colours.json"
    return {name: tuple(shades) for name, shades in read_json(path).items()}


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of the embedded data, or say how to restore it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorruptDataError(
            f"{path} cannot be read ({error})", "a JSON object", RESTORE
        ) from None
    if not isinstance(content, dict):
        raise CorruptDataError(f"{path} holds {type(content).__name__}", "a JSON object", RESTORE)
    return content


def _category(path: Path) -> ObjectCategory:
    entry = read_json(path)
    try:
        category = ObjectCategory(
            id=path.parent.name,
            name=str(entry["name"]),
            supercategory=str(entry["supercategory"]),
            theme=str(entry["theme"]),
            split=str(entry["split"]),
            anchor=str(entry["anchor"]),
            metres=float(entry["metres"]),
            tilt=int(entry["tilt"]),
            flip=bool(entry["flip"]),
            places=tuple(entry["places"]),
            colours={slot: tuple(names) for slot, names in entry["colours"].items()},
            patterned=bool(entry.get("patterned", False)),
            semantics={name: float(value) for name, value in entry["semantics"].items()},
            drawings=tuple(sorted(path.parent.glob("*.svg"), key=lambda file: int(file.stem))),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorruptDataError(
            f"{path} is incomplete ({error!r})", "every field of an object category", RESTORE
        ) from None
    _check_category(category, path)
    return category


def _check_category(category: ObjectCategory, path: Path) -> None:
    for field, value, choices in (
        ("anchor", category.anchor, ANCHORS),
        ("split", category.split, SPLITS),
        ("theme", category.theme, THEMES),
    ):
        if value not in choices:
            raise CorruptDataError(f"{path} has the {field} {value!r}", choices=choices)
    unknown = [place for place in category.places if place not in places()]
    unknown += [c for names in category.colours.values() for c in names if c not in colours()]
    if unknown or not category.places or "main" not in category.colours:
        raise CorruptDataError(
            f"{path} names {', '.join(unknown) or 'no place or no main colour'}",
            "places of places.json and colours of colours.json",
        )
    if not all(0 <= value <= 1 for value in category.semantics.values()) or not category.metres > 0:
        raise CorruptDataError(f"{path} has semantics outside 0 to 1, or no length in metres")
    if not category.drawings:
        raise CorruptDataError(f"{path.parent} holds no drawings", "SVG files numbered from 1")


def _place(path: Path, name: str, entry: Mapping[str, Any]) -> Place:
    try:
        low, high = entry["ground"]
        place = Place(
            id=name,
            horizon=float(entry["horizon"]),
            ground=(float(low), float(high)),
            support=str(entry["support"]),
            lights=tuple(entry["lights"]),
            slots={slot: tuple(shades) for slot, shades in entry["slots"].items()},
            semantics={key: float(value) for key, value in entry["semantics"].items()},
            drawings=tuple(sorted(path.parent.glob(f"{name}-[0-9].svg"))),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorruptDataError(
            f"{path}: place {name!r} is incomplete ({error!r})", "every field of a place", RESTORE
        ) from None
    if place.support not in SUPPORTS or not place.drawings:
        raise CorruptDataError(
            f"{path}: place {name!r} has the support {place.support!r} and "
            f"{len(place.drawings)} drawings",
            f"a support of {SUPPORTS} and drawings",
        )
    return place
