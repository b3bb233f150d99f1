"""Responses taken apart into components (PCA, ICA, NMF), and which of them come back."""

from core.components.decompose import ResponseComponents, decompose
from core.components.job import ComponentsRequest, ComponentsResult, load
from core.components.method import METHODS, ComponentMethod, Fitted, register
from core.components.reliability import ComponentReliability, HowMany, halves, how_many, measure
from core.components.subjects import match_subjects
from core.components.texts import category_of, correlate_texts, similarity

__all__ = [
    "METHODS",
    "ComponentMethod",
    "ComponentReliability",
    "ComponentsRequest",
    "ComponentsResult",
    "Fitted",
    "HowMany",
    "ResponseComponents",
    "category_of",
    "correlate_texts",
    "decompose",
    "halves",
    "how_many",
    "load",
    "match_subjects",
    "measure",
    "register",
    "similarity",
]
