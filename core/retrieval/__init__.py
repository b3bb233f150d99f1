"""Retrieval: which rows of a gallery lie nearest to a query."""

from core.retrieval.cosine import search
from core.retrieval.gallery import Gallery
from core.retrieval.standing import standings

__all__ = ["Gallery", "search", "standings"]
