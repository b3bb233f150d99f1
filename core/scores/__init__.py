"""Scoring predicted embeddings: classification, identification, ranks."""

from core.scores.evaluation import evaluate
from core.scores.ranks import mean_ranks, two_way

__all__ = ["evaluate", "mean_ranks", "two_way"]
