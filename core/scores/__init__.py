"""Scoring predicted embeddings: classification, identification, ranks."""

from core.scores.classification import Prototypes
from core.scores.differences import compare, outcome
from core.scores.evaluation import Queries, Scored, evaluate, pooled, score
from core.scores.intervals import UnitScores
from core.scores.ranks import mean_ranks, two_way
from core.scores.ways import draws, n_way, nearest_categories

__all__ = [
    "Prototypes",
    "Queries",
    "Scored",
    "UnitScores",
    "compare",
    "draws",
    "evaluate",
    "mean_ranks",
    "n_way",
    "nearest_categories",
    "outcome",
    "pooled",
    "score",
    "two_way",
]
