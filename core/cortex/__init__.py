"""Values of units on the cortical surface, or on a schematic of regions."""

from core.cortex.job import CortexRequest, load
from core.cortex.map import MAPS, CortexMap, register
from core.cortex.placing import CELL, VERTEX, WAYS, PlacedValues, labels, place
from core.cortex.schematic import Schematic, schematic

__all__ = [
    "CELL",
    "MAPS",
    "VERTEX",
    "WAYS",
    "CortexMap",
    "CortexRequest",
    "PlacedValues",
    "Schematic",
    "labels",
    "load",
    "place",
    "register",
    "schematic",
]
