"""Whole clusters in feature space."""

from __future__ import annotations

from typing import Any

from core.splits.groups import Groups, clusters
from core.splits.kind import Kind, cluster_count, register, share
from core.splits.pool import Pool


def groups(pool: Pool, values: dict[str, Any], seed: int) -> Groups:
    """Each k-means cluster of the features."""
    return clusters(pool, values["k"], seed)


register(
    Kind(
        "cluster",
        "Clusters of features",
        "Tests images from regions of feature space in which nothing was trained, whatever "
        "their categories are called.",
        "Shirakawa et al. (2024), Spurious reconstruction from brain activity, arXiv:2405.10078",
        (
            cluster_count("k"),
            share("test", "the clusters"),
            share("validation", "the clusters"),
        ),
        groups,
        needs_features=True,
    )
)
