"""Figures of predicted dissimilarities."""

from core.figures.pairs.charts import matrix, scores, unseen_pairs

__all__ = ["matrix", "scores", "unseen_pairs"]
