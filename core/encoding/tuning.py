"""What drives a unit: images of its highest and lowest responses, words, and any new image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core import encoders
from core.datasets import Dataset
from core.dissimilarity.data import embed
from core.dissimilarity.model import split_text
from core.encoders import PROMPT, prompts
from core.encoding.fitting import EncodingFit
from core.encoding.model import has_text
from core.errors import InputError
from core.vectors import unit_rows

SHOWN = 5


def responses_of_unit(fit: EncodingFit, ds: Dataset, column: int) -> pd.DataFrame:
    """Measured and predicted responses of one unit to every test image.

    Returns
    -------
    pd.DataFrame
        ``row`` (of the stimuli), ``id``, ``measured`` and ``predicted`` (z by the training
        images), the highest measured response first.
    """
    unit = fit.units[column : column + 1]
    measured = (ds.responses_of(unit)[fit.test, 0] - fit.mean[column]) / fit.deviation[column]
    table = pd.DataFrame(
        {
            "row": fit.test,
            "id": ds.stimuli["id"].to_numpy()[fit.test],
            "measured": measured,
            "predicted": fit.predicted[:, column],
        }
    )
    return table.sort_values("measured", ascending=False, ignore_index=True, kind="stable")


def place_texts(texts: Sequence[str], images: np.ndarray, band: str) -> np.ndarray:
    """Texts as points among image embeddings.

    Images and texts lie in two separate cones of CLIP's space. Each text of unit length is
    taken less the mean of all of these texts, scaled so that texts vary as much as images do, and
    put at the mean image.

    Parameters
    ----------
    texts : sequence of str
        At least two different ones: what they share says nothing.
    images : np.ndarray of shape (n, p)
        Embeddings of the training images.
    band : str

    Returns
    -------
    np.ndarray of shape (texts, p)

    Source: Liang et al. (2022), Mind the gap, NeurIPS, arXiv:2203.02053.
    """
    if len(set(texts)) < 2:
        raise InputError(f"There are {len(set(texts))} different texts", "at least two")
    name, values = split_text(band)
    embedded = unit_rows(encoders.encode_text(list(texts), name, **values))
    centred = embedded - embedded.mean(axis=0)
    centre = images.mean(axis=0, dtype=np.float64)
    spread = np.sqrt(np.mean(np.sum((images - centre) ** 2, axis=1, dtype=np.float64)))
    own = np.sqrt(np.mean(np.sum(centred**2, axis=1)))
    return np.asarray(centre + centred * (spread / own))


def predict_texts(
    fit: EncodingFit, ds: Dataset, texts: Sequence[str], prompt: str = PROMPT
) -> np.ndarray:
    """Predicted responses to texts, relative to each other. (texts, v), z by the training images

    Raises
    ------
    InputError
        If an encoder of the model reads no text, or there are fewer than two.
    """
    if not has_text(fit.model):
        raise InputError(f"{fit.model} reads no text", "a model of embeddings of CLIP alone")
    features = {}
    for band in fit.bands:
        images = embed(ds, band)[fit.train]
        features[band] = place_texts(prompts(texts, prompt), images, band)
    return fit.predict(features)


def words_of(ds: Dataset, most: int = 200) -> list[str]:
    """Names of the object categories and of what else is labelled in a recording."""
    listed = ds.stimuli["category"].replace("", None).dropna().astype(str).tolist()
    for labels in ds.stimuli["labels"]:
        listed += list(labels) if isinstance(labels, list | tuple) else []
    return sorted({name.replace("_", " ") for name in listed})[:most]


def by_roi(fit: EncodingFit, response: np.ndarray) -> pd.DataFrame:
    """A predicted response over regions, beside those to the test images.

    Parameters
    ----------
    response : np.ndarray of shape (v,)
        From ``fit.predict_image``.

    Returns
    -------
    pd.DataFrame
        ``roi``, ``response`` (mean over units, z), ``rank`` (share of the test images whose
        predicted response is lower), ``low`` and ``high`` (2.5th and 97.5th percentile over
        them), ``r`` (median of the region: how far to trust it).
    """
    rows = []
    for place, (name, units) in enumerate(fit.regions.items()):
        among = fit.predicted[:, units].mean(axis=1)
        value = float(response[units].mean())
        low, high = np.percentile(among, [2.5, 97.5])
        share = float((among < value).mean())
        r = float(fit.region_scores.raw[place])
        rows.append(
            {"roi": name, "response": value, "rank": share, "low": low, "high": high, "r": r}
        )
    return pd.DataFrame(rows)
