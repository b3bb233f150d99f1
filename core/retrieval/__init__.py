"""Retrieval: which rows of a gallery lie nearest to a query."""

from core.retrieval.cosine import search

__all__ = ["search"]
