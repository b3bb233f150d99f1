"""Published settings of the page Maps."""

from __future__ import annotations

from core import maps
from core.datasets import Dataset
from pages.shared.frame import presets
from pages.shared.frame.presets import Preset, Settings, place_area
from pages.shared.maps import spaces

TIMES = ("TR1", "TR34")


def _map_of_study_a(ds: Dataset) -> Settings:
    roi = place_area(ds)
    space = spaces.RESPONSES if roi is None else f"{spaces.RESPONSES}:{roi}"
    times = [space if ds.options.get("tr") == tr else f"{space}{spaces.AT}{tr}" for tr in TIMES]
    chosen = [time for time in times if time in spaces.listed(ds)] or [space]
    method = maps.METHODS["tsne"]
    defaults = {f"maps.{method.id}.{p.name}": p.default for p in method.parameters}
    by_source = {"maps.colour": "source"} if ds.stimuli["source"].nunique() > 1 else {}
    return {**_map(chosen, method.id), **defaults, **by_source}


def _maps_of_study_c(ds: Dataset) -> Settings:
    listed = spaces.listed(ds)
    kinds = (f"{spaces.DECODER}:", "embedding:")
    beside = [next((name for name in listed if name.startswith(kind)), None) for kind in kinds]
    method = maps.METHODS["isomap"]
    defaults = {f"maps.{method.id}.{p.name}": p.default for p in method.parameters}
    chosen = [spaces.RESPONSES, *(name for name in beside if name is not None)]
    return {**_map(chosen, method.id), **defaults}


def _map(chosen: list[str], method: str) -> Settings:
    return {"maps.space": chosen, "maps.method": method, "random_seed": 0}


presets.register(
    Preset(
        "Study A: map",
        "BOLD5000 and CLIP: responses of one place area (LHPPA where the recording has it) by "
        "t-SNE, coloured by source. As published at TR 1, when the response has hardly begun; "
        "TR 3 and 4 beside it where the recording has both.",
        "maps",
        _map_of_study_a,
        citation=presets.STUDY_A,
    ),
    Preset(
        "Study C: maps",
        "BrainSem: Isomap (or t-SNE) of raw responses, of the newest decoder's embedding where "
        "one was trained, and of the images' own; 'Linear classifier' draws the boundary between "
        "groups A and B, such as living and non-living.",
        "maps",
        _maps_of_study_c,
        citation=presets.STUDY_C,
    ),
)
