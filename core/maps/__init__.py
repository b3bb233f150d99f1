"""Maps of a space in two dimensions: drawn, measured, divided and kept."""

import core.maps.methods  # noqa: F401  (each method registers itself)
from core.maps.classifier import LinearClassifier, linear_classifier
from core.maps.embedding import Map, embed, warm_up
from core.maps.job import MapRequest, drawn, live, load, result_key, save
from core.maps.measures import Quality, neighbours, quality, separation
from core.maps.method import METHODS, Method
from core.maps.sources import (
    SOURCES,
    Asked,
    Features,
    Source,
    SourceParameters,
    features_of,
    register,
)
from core.maps.space import METRICS

__all__ = [
    "METHODS",
    "METRICS",
    "SOURCES",
    "Asked",
    "Features",
    "LinearClassifier",
    "Map",
    "MapRequest",
    "Method",
    "Quality",
    "Source",
    "SourceParameters",
    "drawn",
    "embed",
    "features_of",
    "linear_classifier",
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
