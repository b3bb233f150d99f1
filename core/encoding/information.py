"""Where the information is: the same embeddings decoded from each region, two-way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import ridge, store
from core.encoding.data import EncodingData, prepare_model
from core.encoding.fitting import fit_key, regions_of
from core.encoding.job import EncodingRequest
from core.encoding.model import bands_of
from core.errors import NeurogalleryError
from core.progress import Progress, portion
from core.scores import Queries, evaluate

VERSION = 1
# Of decoding one embedding from one region of 200 units on one core.
REGION_SECONDS = 0.8
COLUMNS = ("embedding", "roi", "units", "value", "low", "high", "p", "chance", "n", "resampled")


@dataclass(frozen=True)
class InformationRequest(EncodingRequest):
    """Two-way decoding of every embedding of some encoding models from every region.

    The split, the test images and the embeddings are those of the encoding models, so that
    both directions can be read side by side.
    """

    operation = "information"

    @property
    def embeddings(self) -> tuple[str, ...]:
        """Every band of the models, each once."""
        return tuple(dict.fromkeys(band for model in self.models for band in bands_of(model)))

    @property
    def seconds(self) -> float:
        regions = len(self.rois) or len(self.recording.open().rois) or 1
        return REGION_SECONDS * regions * len(self.embeddings)

    @property
    def label(self) -> str:
        return "Decode from each region"

    def key(self) -> str | None:
        if not self.is_here():
            return None
        ds = self.recording.open()
        keys = [fit_key(e, self.config(e), ds, self.inner) for e in self.embeddings]
        return store.key(self.operation, ds.fingerprint, {"fits": keys}, self.seed, VERSION)


def run(request: InformationRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: decode every embedding from every region by ridge regression, and score two-way.

    Returns
    -------
    dict
        ``key`` of the table in the store.
    """
    progress(0.0, "Opening the recording")
    ds, rows = request.recording.open(), []
    for number, embedding in enumerate(request.embeddings):
        ends = [(number + step) / len(request.embeddings) for step in (0, 1)]
        within = portion(progress, *ends)
        data = prepare_model(embedding, request.config(embedding), ds, portion(within, 0.0, 0.2))
        regions = regions_of(ds, data.units, request.rois)
        for place, (name, units) in enumerate(regions.items()):
            within(0.2 + 0.8 * place / len(regions), f"{embedding} from {name}")
            rows.append({"embedding": embedding, "roi": name} | decode(data, units, request.seed))
    key = request.key()
    if key is None:
        raise NeurogalleryError("An encoder is still not on this machine")
    store.save(key, {}, {"title": f"Decoding by region: {ds.info.title}", "rows": rows})
    return {"key": key}


def decode(data: EncodingData, units: np.ndarray, seed: int) -> dict[str, Any]:
    """Two-way identification of the test images by the embedding that a region predicts.

    Parameters
    ----------
    data : EncodingData
        Of one band.
    units : np.ndarray of shape (k,), intp
        Columns of the region.
    seed : int
        Of the permutations.

    Returns
    -------
    dict
        ``units, value, low, high, p, chance, n, resampled``, as ``core.scores.evaluate``.

    Source: ridge regression with its alpha by leave-one-out, ``core.ridge``.
    """
    (features,) = data.features.values()
    fitted = ridge.fit(data.responses(data.train)[:, units], features[data.train])
    predicted = fitted.predict(data.responses(data.test)[:, units])
    queries = Queries(predicted, features[data.test], np.arange(len(data.test)), data.category)
    table = evaluate(queries, seed=seed).set_index("measure")
    row = dict(table.loc["two-way"])
    scores = {name: float(row[name]) for name in ("value", "low", "high", "p", "chance")}
    return {"units": len(units), **scores, "n": int(row["n"]), "resampled": str(row["resampled"])}


def load(key: str) -> pd.DataFrame | None:
    """The table from the store, a row an embedding and region; None where there is none."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        return pd.DataFrame(result.facts["rows"])[list(COLUMNS)]
