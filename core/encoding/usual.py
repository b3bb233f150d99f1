"""What is fitted at first: Gabor filters against the best guess of what an image shows."""

from __future__ import annotations

from core import encoders, store
from core.datasets import Dataset, Reference
from core.encoding.fitting import OPERATION, fit_key
from core.encoding.job import EncodingRequest
from core.errors import NeurogalleryError

LOW_LEVEL = "gabor"
RANK = {"clip": 0, "precomputed": 1, "vision": 2, "module": 3, "low-level": 4}


def embeddings_of(ds: Dataset) -> list[str]:
    """What there is to predict from on this machine, the best guess first."""
    infos = [info for info in encoders.available(ds) if info.is_here]
    if ds.images is None:
        infos = [info for info in infos if info.kind == "precomputed"]
    if not ds.info.is_simulated:  # the small CLIP knows drawn scenes only
        infos.sort(key=lambda info: 9 if info.id == "clip-small" else RANK.get(info.kind, 5))
    listed = []
    for info in infos:
        listed.append(info.id)
        if any(p.name == "output" and "visual" in p.choices for p in info.parameters):
            listed.append(f"{info.id},output=visual")
    return listed


def usual_models(ds: Dataset) -> tuple[str, ...]:
    """Gabor filters, and the first embedding of something else."""
    singles = embeddings_of(ds)
    named = dict.fromkeys((LOW_LEVEL, *singles[:1]))
    return tuple(name for name in named if name in singles)


def usual_split(ds: Dataset) -> str:
    """The split that the recording declares, else by category where they are known."""
    if ds.stimuli["split"].replace("", None).nunique() > 1:
        return "recorded"
    return "category" if ds.stimuli["category"].nunique() > 1 else "image"


def usual_request(ds: Dataset) -> EncodingRequest:
    """What page Encoding shows at first."""
    return EncodingRequest(Reference.of(ds), usual_models(ds), split=usual_split(ds))


def fitted_models(ds: Dataset) -> dict[str, str]:
    """Keys of the fitted models of a recording's subject, by what they are called.

    The usual ones first, then one's own, newest first.
    """
    keys: dict[str, str] = {}
    try:
        request = usual_request(ds)
        for model in request.models:
            key = fit_key(model, request.config(model), ds, request.inner)
            if store.load(key) is not None:
                keys[model] = key
    except NeurogalleryError:  # nothing to predict from
        pass
    for entry in store.entries(OPERATION):
        if entry.facts.get("fingerprint") == ds.fingerprint and entry.key not in keys.values():
            name = f"{entry.facts['model']}, split {entry.facts['split']}"
            keys.setdefault(name, entry.key)
    return keys
