"""Predict the dissimilarity of two images' responses from the images, and never be fooled."""

from core.dissimilarity.fitting import (
    PairFit,
    PairSetting,
    PredictedPair,
    fit,
    load_fit,
    worst_pairs,
)
from core.dissimilarity.job import (
    BASELINES,
    QUICK,
    STUDY_MODELS,
    DissimilarityRequest,
    load,
    run,
    so_far,
)
from core.dissimilarity.model import MODELS, PairModel, label_of, read, write
from core.dissimilarity.report import grouped, report, split_words
from core.dissimilarity.scoring import MEASURES, PairScores
from core.dissimilarity.study import PUBLISHED, study_b
from core.dissimilarity.table import (
    beats,
    best,
    interval_words,
    leak_words,
    leaks,
    number,
    region_name,
    surprise,
    verdict,
)

__all__ = [
    "BASELINES",
    "MEASURES",
    "MODELS",
    "PUBLISHED",
    "QUICK",
    "STUDY_MODELS",
    "DissimilarityRequest",
    "PairFit",
    "PairModel",
    "PairScores",
    "PairSetting",
    "PredictedPair",
    "beats",
    "best",
    "fit",
    "grouped",
    "interval_words",
    "label_of",
    "leak_words",
    "leaks",
    "load",
    "load_fit",
    "number",
    "read",
    "region_name",
    "report",
    "run",
    "so_far",
    "split_words",
    "study_b",
    "surprise",
    "verdict",
    "worst_pairs",
    "write",
]
