"""Scenes composed by a seeded program from hand-drawn art: the simulated experiment's images.

``data/art`` holds the art as data: a folder a kind of thing (drawings and ``kind.json``),
drawings of places with ``places.json``, and ``colours.json``. A new kind is a new folder.
Drawing needs the renderer ``resvg-py`` (requirements-dev.txt); reading the kinds does not.
"""

from core.simulation.scenes.art import Kind, Place, kinds, places
from core.simulation.scenes.scene import Scene, draw

__all__ = ["Kind", "Place", "Scene", "draw", "kinds", "places"]
