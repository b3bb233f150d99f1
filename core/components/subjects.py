"""Components of one subject matched with those of others, over the stimuli that both saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from core.components.decompose import correlate, matched
from core.words import counted

PERMUTATIONS = 500
FEWEST = 20
COLUMNS = ("subject", "component", "twin", "r", "p", "stimuli")


def match_subjects(
    own: np.ndarray,
    ids: Sequence[str],
    others: Mapping[str, tuple[np.ndarray, Sequence[str]]],
    seed: int = 0,
) -> tuple[pd.DataFrame, list[str]]:
    """Match each component with its nearest in every other subject, one to one.

    Parameters
    ----------
    own : np.ndarray of shape (n, k)
        Scores of the subject in view, NaN rows where missing.
    ids : sequence of str
        Stimulus of each row.
    others : mapping of str to (scores, ids)
        By subject.
    seed : int

    Returns
    -------
    table : pd.DataFrame
        ``subject, component, twin`` (its number in that subject), ``r`` over the shared
        stimuli, ``p`` of the hypothesis that stimuli say nothing of one another, for the best of
        all pairs under each permutation of the stimuli; ``stimuli`` that both saw.
    notes : list of str
        Why a subject is not in it.
    """
    parts, notes = [], []
    row = {name: place for place, name in enumerate(ids)}
    for subject, (scores, names) in others.items():
        pairs = [(row[name], place) for place, name in enumerate(names) if name in row]
        first, second = (
            (np.array(side, dtype=np.intp) for side in zip(*pairs, strict=True))
            if pairs
            else (np.empty(0, np.intp),) * 2
        )
        both = np.isfinite(own[first, 0]) & np.isfinite(scores[second, 0])
        a, b = own[first[both]].astype(np.float64), scores[second[both]].astype(np.float64)
        if len(a) < FEWEST:
            notes.append(f"{subject} saw {counted(len(a), 'image')} of these: too few to compare.")
            continue
        place, r = matched(a, b)
        rng = np.random.default_rng([seed, 11])
        null = np.array(
            [np.abs(correlate(a, b[rng.permutation(len(b))])).max() for _ in range(PERMUTATIONS)]
        )
        p = (1 + (null[:, None] >= np.abs(r)).sum(axis=0)) / (1 + PERMUTATIONS)
        parts.append(
            pd.DataFrame(
                {
                    "subject": subject,
                    "component": np.arange(len(r)),
                    "twin": place,
                    "r": r,
                    "p": np.where(np.isfinite(r), p, np.nan),
                    "stimuli": len(a),
                }
            )
        )
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return table, notes
