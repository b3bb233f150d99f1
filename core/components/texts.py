"""Which texts go with a component: similarity of images and texts, against its scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core import encoders
from core.components.decompose import standardised
from core.datasets import Dataset
from core.dissimilarity.data import embed
from core.dissimilarity.model import split_text
from core.encoders import PROMPT, prompts
from core.errors import InputError
from core.scores.resampling import permutations
from core.splits.pool import texts as texts_of
from core.vectors import unit_rows

PERMUTATIONS = 1000
FEWEST = 10


def similarity(
    ds: Dataset, encoder: str, listed: Sequence[str], prompt: str = PROMPT
) -> np.ndarray:
    """Cosine of every image with every text, less its mean over the images. (n, texts)

    NaN where an image has no embedding.

    Raises
    ------
    InputError
        If there is no text, one twice, or the encoder reads none.
    """
    if not listed or len(set(listed)) < len(listed):
        raise InputError(f"{len(listed)} texts, {len(set(listed))} different", "each once")
    name, values = split_text(encoder)
    images = unit_rows(embed(ds, encoder))
    words = unit_rows(encoders.encode_text(prompts(listed, prompt), name, **values))
    cosine = images @ words.T
    return np.asarray(cosine - np.nanmean(cosine, axis=0))


def correlate_texts(
    score: np.ndarray,
    similar: np.ndarray,
    listed: Sequence[str],
    category: np.ndarray,
    seed: int = 0,
) -> pd.DataFrame:
    """Correlation of a component with every text, over stimuli.

    Parameters
    ----------
    score : np.ndarray of shape (n,)
        Of each stimulus; NaN where missing.
    similar : np.ndarray of shape (n, texts)
        From ``similarity``.
    listed : sequence of str
    category : np.ndarray of shape (n,), str
        What is permuted as a whole where three or more are known.

    Returns
    -------
    pd.DataFrame
        ``text, r, p`` (two-sided) and ``q``, corrected for the false discovery rate over the
        texts; the highest r first.

    Source: Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57:289-300.
    """
    from scipy import stats

    known = np.isfinite(score) & np.isfinite(similar[:, 0])
    if known.sum() < FEWEST:
        raise InputError(f"{int(known.sum())} stimuli have a score and an embedding", f"{FEWEST}")
    first, other = standardised(score[known, None])[:, 0], standardised(similar[known])
    r = first @ other
    maps = permutations(category[known].astype(str), PERMUTATIONS, seed)
    moved = standardised(first[maps].T).T
    p = (1 + (np.abs(moved @ other) >= np.abs(r) - 1e-12).sum(axis=0)) / (1 + PERMUTATIONS)
    table = pd.DataFrame({"text": list(listed), "r": r, "p": p})
    table["q"] = stats.false_discovery_control(p)
    return table.sort_values("r", ascending=False, ignore_index=True, kind="stable")


def category_of(ds: Dataset) -> np.ndarray:
    """Category of each stimulus, '' where unknown. (n,) str"""
    return texts_of(ds.stimuli, "category").astype(str)
