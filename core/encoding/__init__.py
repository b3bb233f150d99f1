"""Encoding models: from embeddings of images to the response of every unit."""

from core.encoding.ceilings import UnitCeilings, unit_ceilings
from core.encoding.fitting import EncodingFit, fit, fit_key, load_fit
from core.encoding.information import InformationRequest
from core.encoding.job import EncodingRequest, load
from core.encoding.model import bands_of, canonical_model, has_text, model_label
from core.encoding.table import by_region, by_unit, difference, leads, verdict
from core.encoding.tuning import by_roi, predict_texts, responses_of_unit, words_of

__all__ = [
    "EncodingFit",
    "EncodingRequest",
    "InformationRequest",
    "UnitCeilings",
    "bands_of",
    "by_region",
    "by_roi",
    "by_unit",
    "canonical_model",
    "difference",
    "fit",
    "fit_key",
    "has_text",
    "leads",
    "load",
    "load_fit",
    "model_label",
    "predict_texts",
    "responses_of_unit",
    "unit_ceilings",
    "verdict",
    "words_of",
]
