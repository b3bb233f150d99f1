"""The job that encodes the images of a recording into the store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core import datasets
from core.encoders.encode import encode_images, result_key
from core.encoders.encoder import check_parameters, get
from core.progress import Progress


def run(request: Mapping[str, Any], progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: encode images.

    Parameters
    ----------
    request : mapping
        ``dataset`` and ``encoder``; optionally ``subject``, ``options`` of the recording,
        ``which`` and ``parameters`` of the encoder.

    Returns
    -------
    dict
        ``key`` of the embeddings in the store; None for those that a recording brings.
    """
    progress(0.0, "Opening the recording")
    ds = datasets.load(request["dataset"], request.get("subject"), **request.get("options", {}))
    encoder, which = request["encoder"], request.get("which", "stimuli")
    chosen = get(encoder)
    parameters = check_parameters(chosen.info, request.get("parameters", {}))
    encode_images(ds, encoder, which, progress, **parameters)
    if chosen.brought(ds, which) is not None:
        return {"key": None}
    return {"key": result_key(ds, encoder, which, **parameters)}
