"""What is in the images of a cluster: label counts against all other images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.errors import InputError
from core.validation import check_same_length

PRIOR = 0.5
NORMAL_95 = 1.959964
WEIGHTS = ("count", "log-ratio")
COLUMNS = (
    "label",
    "inside",
    "outside",
    "share_inside",
    "share_outside",
    "ratio",
    "low",
    "high",
    "log_ratio",
)


def labelled(labels_per_image: Sequence[Sequence[str]]) -> np.ndarray:
    """Mark the images with at least one label that is not blank. (n,) bool."""
    return np.array([bool(_of_image(labels)) for labels in labels_per_image], dtype=bool)


def label_table(
    labels_per_image: Sequence[Sequence[str]], members: Any, prior: float = PRIOR
) -> pd.DataFrame:
    """How much more frequent each label is in some images than in all others.

    A label counts once in an image. Images without labels are left out, for what they
    show is not known (``labelled`` marks the others).

    Parameters
    ----------
    labels_per_image : sequence of sequences of str, length n
    members : array_like
        Mask (n,) bool, or rows, of the images inside.
    prior : float
        Added to the images with and to those without a label, on both sides; .5 is
        Jeffreys' prior. Ratios stay finite where a label is absent on one side.

    Returns
    -------
    pd.DataFrame
        ``label``; ``inside, outside``, images with it; ``share_inside, share_outside``
        of the labelled images (NaN where there are none); ``ratio`` of the smoothed
        shares with its 95 % interval ``low, high`` (of the log ratio); ``log_ratio`` to
        base 2. Ordered by ``low``, the largest first: what surely is more frequent. Empty
        where there are no labels.

    Source: Katz et al. (1978), Biometrics 34, with the smoothed shares.
    """
    if not prior > 0:
        raise InputError(f"prior is {prior}", "a number above 0")
    inside = _mask(members, len(labels_per_image))
    counts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    images = [0, 0]
    for labels, is_inside in zip(labels_per_image, inside, strict=True):
        present = _of_image(labels)
        counts[not is_inside].update(present)
        images[not is_inside] += bool(present)
    names = sorted(counts[0] | counts[1])
    with_label = [np.array([group[name] for name in names], dtype=np.int64) for group in counts]
    shares = [
        count / number if number else np.full(len(names), np.nan)
        for count, number in zip(with_label, images, strict=True)
    ]
    smoothed, variance = [], np.zeros(len(names))
    for count, number in zip(with_label, images, strict=True):
        smoothed.append((count + prior) / (number + 2.0 * prior))
        variance += 1.0 / (count + prior) - 1.0 / (number + 2.0 * prior)
    ratio = smoothed[0] / smoothed[1]
    half = np.exp(NORMAL_95 * np.sqrt(variance))
    values = (*with_label, *shares, ratio, ratio / half, ratio * half, np.log2(ratio))
    table = pd.DataFrame({"label": pd.Series(names, dtype=str)})
    for name, column in zip(COLUMNS[1:], values, strict=True):
        table[name] = column
    return table.sort_values(["low", "label"], ascending=[False, True], ignore_index=True)


def word_weights(table: pd.DataFrame, by: str = "count") -> dict[str, float]:
    """Weights of a wordcloud from ``label_table``.

    Parameters
    ----------
    by : {'count', 'log-ratio'}
        'count': images inside with the label. 'log-ratio': how much more frequent the
        label is inside, of labels whose interval lies above 1, so that labels frequent
        everywhere do not win everywhere.
    """
    if by not in WEIGHTS:
        raise InputError(f"by is {by!r}", choices=WEIGHTS)
    if by == "count":
        kept, column = table[table["inside"] > 0], "inside"
    else:
        kept, column = table[table["low"] > 1.0], "log_ratio"
    return {str(row.label): float(getattr(row, column)) for row in kept.itertuples()}


def _of_image(labels: Sequence[str]) -> set[str]:
    return {label.strip() for label in labels if label.strip()}


def _mask(members: Any, n: int) -> np.ndarray:
    members = np.asarray(members)
    if members.dtype == bool:
        check_same_length(len(members), n, "members", "the label list")
        return members
    mask = np.zeros(n, dtype=bool)
    rows = members.astype(np.intp)
    if len(rows) and not (rows.min() >= 0 and rows.max() < n):
        raise InputError(f"members names rows {rows.min()} to {rows.max()}", f"rows 0 to {n - 1}")
    mask[rows] = True
    return mask
