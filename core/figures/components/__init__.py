"""Figures of components: how many come back, their profiles, the texts that go with them."""

from core.figures.components.charts import dimensions, profile, texts, twins

__all__ = ["dimensions", "profile", "texts", "twins"]
