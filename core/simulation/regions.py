"""The 25 regions of a simulated visual cortex: what each answers to.

What is known of each region is turned into a few numbers; none was fitted to data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Region:
    """One region.

    Attributes
    ----------
    name : str
    roi : str
        The larger region that it is part of; its own name where there is none.
    parts : (float, float, float, float)
        Shares of a unit's variance due to pixels, colour and texture, context things,
        and the semantics of the main thing.
    field_size : float
        Standard deviation of a receptive field, as a fraction of the image's side.
    centre : (float, float)
        Range of the heights of receptive fields, 0 (top) to 1: ventral early regions
        see the upper visual field, dorsal ones the lower.
    prefers : dict of str to float
        Weights on the semantic dimensions that all its units share.
    spread : float
        Standard deviation of each unit's own weights beside them.
    gain : float
        Typical signal-to-noise ratio relative to the median unit.
    units : int
        Typical number of units.
    """

    name: str
    roi: str
    parts: tuple[float, float, float, float]
    field_size: float = 0.2
    centre: tuple[float, float] = (0.15, 0.85)
    prefers: Mapping[str, float] = field(default_factory=dict)
    spread: float = 0.35
    gain: float = 1.0
    units: int = 80


UPPER, LOWER = (0.05, 0.5), (0.5, 0.95)
FACES = {"face": 1.6, "human": 0.7, "animate": 0.5}
BODIES = {"body": 1.6, "animate": 0.6, "moves": 0.3}
SCENES = {"place": 1.2, "size": 0.7, "tall": 0.3, "animate": -0.5}
FOOD = {"edible": 1.7, "round": 0.4, "manipulable": 0.3, "size": -0.3}
OBJECTS = {"manipulable": 0.4, "round": 0.2, "metallic": 0.2, "animate": 0.3, "soft": 0.2}

REGIONS = (
    Region("V1v", "V1", (1.0, 0.0, 0.0, 0.0), 0.05, UPPER, gain=1.3, units=110),
    Region("V1d", "V1", (1.0, 0.0, 0.0, 0.0), 0.05, LOWER, gain=1.3, units=110),
    Region("V2v", "V2", (0.85, 0.15, 0.0, 0.0), 0.08, UPPER, gain=1.2, units=95),
    Region("V2d", "V2", (0.85, 0.15, 0.0, 0.0), 0.08, LOWER, gain=1.2, units=95),
    Region("V3v", "V3", (0.7, 0.25, 0.0, 0.05), 0.12, UPPER, gain=1.15),
    Region("V3d", "V3", (0.7, 0.25, 0.0, 0.05), 0.12, LOWER, gain=1.15),
    Region("hV4", "V4", (0.2, 0.65, 0.05, 0.1), 0.15, gain=1.1, units=100),
    Region("VO1", "V4", (0.1, 0.7, 0.1, 0.1), 0.2, units=60),
    Region("LO1", "LOC", (0.25, 0.05, 0.2, 0.5), 0.2, prefers=OBJECTS, spread=0.8, units=90),
    Region("LO2", "LOC", (0.12, 0.05, 0.23, 0.6), 0.25, prefers=OBJECTS, spread=0.8, units=90),
    Region("pFs", "LOC", (0.05, 0.05, 0.25, 0.65), 0.3, prefers=OBJECTS, spread=0.9, units=70),
    Region("OFA", "OFA", (0.2, 0.05, 0.15, 0.6), 0.2, prefers=FACES, units=50),
    Region("FFA-1", "FFA", (0.05, 0.05, 0.15, 0.75), 0.25, prefers=FACES, gain=1.1),
    Region("FFA-2", "FFA", (0.05, 0.05, 0.15, 0.75), 0.3, prefers=FACES, units=60),
    Region("EBA", "EBA", (0.08, 0.02, 0.2, 0.7), 0.25, prefers=BODIES, gain=1.15, units=140),
    Region("FBA", "FBA", (0.05, 0.02, 0.18, 0.75), 0.3, prefers={**BODIES, "face": 0.5}, units=60),
    Region("mTL-bodies", "mTL-bodies", (0.05, 0.0, 0.2, 0.75), 0.3,
           prefers={**BODIES, "human": 0.6}, gain=0.6, units=30),
    Region("OPA", "OPA", (0.25, 0.05, 0.4, 0.3), 0.25, prefers={**SCENES, "indoor": 0.3}, units=70),
    Region("PHC1", "PPA", (0.12, 0.08, 0.4, 0.4), 0.3, prefers={**SCENES, "indoor": 0.5}),
    Region("PHC2", "PPA", (0.08, 0.07, 0.4, 0.45), 0.3, prefers={**SCENES, "indoor": 0.6},
           units=60),
    Region("RSC", "RSC", (0.05, 0.05, 0.5, 0.4), 0.35, prefers={**SCENES, "natural": 0.3},
           gain=0.9),
    Region("food-lateral", "food", (0.08, 0.17, 0.15, 0.6), 0.25, prefers=FOOD, units=60),
    Region("food-medial", "food", (0.08, 0.17, 0.15, 0.6), 0.25, prefers=FOOD, units=60),
    Region("hMT", "hMT", (0.2, 0.0, 0.25, 0.55), 0.2, prefers={"moves": 1.4, "body": 0.4},
           gain=0.8, units=60),
    Region("IPS0", "IPS0", (0.3, 0.05, 0.3, 0.35), 0.3,
           prefers={"manipulable": 1.0, "metallic": 0.4}, gain=0.8, units=60),
)  # fmt: skip
ROIS = ("V1", "V2", "V3", "V4", "LOC", "FFA", "PPA", "EBA", "RSC", "food")

# Regions that could not be localised, as happens in every real group of subjects.
MISSING = {
    "S2": ("FFA-2",),
    "S4": ("mTL-bodies",),
    "S5": ("food-medial", "OFA"),
    "S7": ("VO1",),
    "S8": ("RSC", "mTL-bodies"),
}


def roi_of(region: str) -> str:
    """The ROI that a region is part of."""
    return next(entry.roi for entry in REGIONS if entry.name == region)
