"""Scoring predicted embeddings: classification, identification, ranks."""

from core.scores.evaluation import Queries, evaluate, pooled
from core.scores.ranks import mean_ranks, two_way

__all__ = ["Queries", "evaluate", "mean_ranks", "pooled", "two_way"]
