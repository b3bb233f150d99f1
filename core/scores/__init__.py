"""Scoring predicted embeddings: classification, identification, ranks."""

from core.scores.classification import Prototypes
from core.scores.evaluation import Queries, evaluate, pooled
from core.scores.ranks import mean_ranks, two_way
from core.scores.ways import draws, n_way, nearest_categories

__all__ = [
    "Prototypes",
    "Queries",
    "draws",
    "evaluate",
    "mean_ranks",
    "n_way",
    "nearest_categories",
    "pooled",
    "two_way",
]
