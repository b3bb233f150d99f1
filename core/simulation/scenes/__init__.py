"""Scenes composed by a seeded program from hand-drawn art: the simulated experiment's images.

``data/art`` holds the art as data: a folder an object category (drawings and ``kind.json``),
drawings of places with ``places.json``, and ``colours.json``. A new category is a new folder.
Drawing needs the renderer ``resvg-py`` (requirements-dev.txt); reading the categories does not.
"""

from core.simulation.scenes.art import ObjectCategory, Place, object_categories, places
from core.simulation.scenes.scene import Scene, draw

__all__ = ["ObjectCategory", "Place", "Scene", "draw", "object_categories", "places"]
