"""Clusters of responses: k-means, the choice of k, their contents and their consistency."""

from core.clusters.agreement import (
    Consistency,
    Match,
    Surrogates,
    consistency,
    consistency_across_k,
    consistency_across_subjects,
    match,
    surrogate,
)
from core.clusters.choice import KS, LEVEL, RULES, STABLE, Choice, Resampling, choose_k
from core.clusters.consistency_job import ACROSS, ConsistencyRequest, load_consistency
from core.clusters.contents import UNKNOWN, Composition, composition, profile
from core.clusters.job import OF_UNITS, ClustersRequest, load
from core.clusters.kmeans import Clustering, Members, describe, fit, nearest
from core.clusters.labels import WEIGHTS, label_table, labelled, word_weights
from core.clusters.metrics import METRICS, CentroidDistance
from core.clusters.pooling import MAP, SOURCES, TRIALS, Observations, pooled, rows_of
from core.clusters.separation import measure_separation

__all__ = [
    "ACROSS",
    "KS",
    "LEVEL",
    "MAP",
    "METRICS",
    "OF_UNITS",
    "RULES",
    "SOURCES",
    "STABLE",
    "TRIALS",
    "UNKNOWN",
    "WEIGHTS",
    "CentroidDistance",
    "Choice",
    "Clustering",
    "ClustersRequest",
    "Composition",
    "Consistency",
    "ConsistencyRequest",
    "Match",
    "Members",
    "Observations",
    "Resampling",
    "Surrogates",
    "choose_k",
    "composition",
    "consistency",
    "consistency_across_k",
    "consistency_across_subjects",
    "describe",
    "fit",
    "label_table",
    "labelled",
    "load",
    "load_consistency",
    "match",
    "measure_separation",
    "nearest",
    "pooled",
    "profile",
    "rows_of",
    "surrogate",
    "word_weights",
]
