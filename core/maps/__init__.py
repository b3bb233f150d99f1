"""Maps of a space in two dimensions: drawn, measured, divided and kept."""

import core.maps.methods  # noqa: F401  (each method registers itself)
from core.maps.classifier import Line, dividing_line
from core.maps.embedding import Map, embed, warm_up
from core.maps.job import drawn, live, load, result_key, save
from core.maps.measures import Quality, neighbours, quality, separation
from core.maps.method import METHODS, Method
from core.maps.sources import SOURCES, Asked, Features, Source, features_of, register
from core.maps.space import METRICS

__all__ = [
    "METHODS",
    "METRICS",
    "SOURCES",
    "Asked",
    "Features",
    "Line",
    "Map",
    "Method",
    "Quality",
    "Source",
    "dividing_line",
    "drawn",
    "embed",
    "features_of",
    "live",
    "load",
    "neighbours",
    "quality",
    "register",
    "result_key",
    "save",
    "separation",
    "warm_up",
]
