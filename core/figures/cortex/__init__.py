"""Figures of the cortex: colours and their ends, the schematic, both hemispheres for print."""

from core.figures.cortex.drawing import CortexDrawing
from core.figures.cortex.scale import ends_of, palette
from core.figures.cortex.schematic import tiles

__all__ = ["CortexDrawing", "ends_of", "palette", "tiles"]
