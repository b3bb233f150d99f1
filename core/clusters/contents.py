"""What lies in the clusters: mean responses, and the values of a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.clusters.kmeans import Clustering
from core.validation import check_responses, check_same_length, complete_rows

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Composition:
    """How the values of a column spread over the clusters.

    Attributes
    ----------
    table : pd.DataFrame
        Rows of each cluster (index) with each value (columns, the most frequent first;
        'unknown' last).
    adjusted_rand, normalised_mutual_information : float or None
        Agreement of clusters and values, over the rows whose value is known; 0 is chance
        (adjusted Rand), 1 is identity. None with fewer than two clusters or two values.
    known : int
        Clustered rows whose value is known.
    """

    table: pd.DataFrame
    adjusted_rand: float | None
    normalised_mutual_information: float | None
    known: int


def profile(clustering: Clustering, responses: Any, names: Sequence[str]) -> pd.DataFrame:
    """Mean response of each cluster in each column, and its spread over the members.

    Parameters
    ----------
    responses : array_like of shape (n, v)
        Those that were clustered, or others of the same rows (say, region means).
    names : sequence of str, length v

    Returns
    -------
    pd.DataFrame
        ``cluster, name, mean, sd, count``: rows in the order of clusters and names, the
        mean and standard deviation (n - 1; NaN for one row) over the members with a
        response.
    """
    responses = check_responses(complete_rows(responses), minimum_rows=1)
    check_same_length(len(responses), len(clustering.labels), "responses", "the clustering")
    check_same_length(len(names), responses.shape[1], "names", "the list of columns")
    tables = []
    for cluster in range(clustering.k):
        members = responses[clustering.labels == cluster].astype(np.float64)
        members = members[~np.isnan(members[:, 0])]
        count, nothing = len(members), np.full(len(names), np.nan)
        columns = {
            "cluster": cluster,
            "name": list(names),
            "mean": members.mean(axis=0) if count else nothing,
            "sd": members.std(axis=0, ddof=1) if count > 1 else nothing,
            "count": count,
        }
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def composition(clustering: Clustering, values: Sequence[Any]) -> Composition:
    """Count the values of a column in each cluster.

    Parameters
    ----------
    values : sequence of length n
        One for each row; blank, None and NaN are unknown. Rows outside every cluster are
        left out.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    check_same_length(len(values), len(clustering.labels), "The column", "the clustering")
    texts = np.array([_text(value) for value in values], dtype=object)
    clustered = clustering.labels >= 0
    texts, labels = texts[clustered], clustering.labels[clustered]
    table = pd.crosstab(pd.Series(labels, name="cluster"), pd.Series(texts, name="value"))
    table = table.reindex(range(clustering.k), fill_value=0).rename_axis("cluster")
    totals = table.sum()
    order = sorted(table.columns, key=lambda value: (value == UNKNOWN, -totals[value], value))
    known = texts != UNKNOWN
    texts, labels = texts[known].astype(str), labels[known]
    defined = min(len(set(texts)), len(set(labels))) >= 2
    return Composition(
        table[order],
        float(adjusted_rand_score(texts, labels)) if defined else None,
        float(normalized_mutual_info_score(texts, labels)) if defined else None,
        int(known.sum()),
    )


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return UNKNOWN
    return str(value).strip() or UNKNOWN
