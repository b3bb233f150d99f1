"""Figures of encoding models: scores by region, unit against unit, predicted responses."""

from core.figures.encoding.charts import against, information, regions, shares, unit_words
from core.figures.encoding.predicted import over_regions, unit_responses

__all__ = [
    "against",
    "information",
    "over_regions",
    "regions",
    "shares",
    "unit_responses",
    "unit_words",
]
